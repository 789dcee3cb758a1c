"""Supervised training on (prompt, target) pairs: how a starter learns, and the supervised baseline."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.errors import TrainingError
from app.training.generate import common_prefix, pad
from app.training.model import Bundle
from app.training.qwen3 import Cache

HELDOUT_SHARE = 0.05
HELDOUT_MOST = 200  # rows; more do not change the choice
HELDOUT_LEAST_ROWS = 40  # with fewer rows all are needed for training
BUCKET_BATCHES = 32  # rows of so many batches are sorted by length together
LEAST_RATE_SHARE = 0.02  # the learning rate falls linearly to this share of its peak


@dataclass(frozen=True)
class Example:
    """One row in tokens; the target includes the token that closes an answer."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.target)


@dataclass(frozen=True)
class FitParams:
    """How to train. The number of steps is given, never a time: the result is the same on any load."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    seed: int = 0
    weight_decay: float = 0.1
    prompt_weight: float = 0.3  # loss weight of prompt tokens against target tokens
    evaluations: int = 10  # looks at the held-out rows
    patience: int = 3  # looks without gain before it stops


@dataclass(frozen=True)
class FitResult:
    """What the training did; losses are nats a target token. `heldout_loss` None: too few rows."""

    steps: int
    tokens: int
    cpu_seconds: float
    loss: float
    heldout_loss: float | None


# step, steps, loss, held-out loss when just measured
OnStep = Callable[[int, int, float, float | None], None]


def fit(
    bundle: Bundle, examples: Sequence[Example], params: FitParams, on_step: OnStep
) -> FitResult:
    """Train the bundle in place by cross-entropy with AdamW; keeps the best held-out weights.

    `on_step` may raise to end the training. Deterministic on a CPU for the same rows and params.
    Raises TrainingError without rows, or when the loss is not finite.
    """
    if not examples:
        raise TrainingError("There are no rows to train on.")
    started = time.process_time()
    train, heldout = split(examples, seed=params.seed)
    shared = common_prefix([e.prompt for e in examples])
    optimizer = torch.optim.AdamW(
        bundle.model.parameters(),
        lr=params.learning_rate,
        weight_decay=params.weight_decay,
        betas=(0.9, 0.95),
    )
    keeper = _BestWeights(bundle, heldout, shared, params.patience)
    every = max(1, params.steps // params.evaluations)
    tokens, loss, step = 0, 0.0, 0
    for step, batch in zip(range(1, params.steps + 1), batches(train, params), strict=False):
        loss = _step(bundle, batch, shared, params, optimizer, step)
        tokens += sum(e.length for e in batch)
        measured = keeper.look() if step % every == 0 or step == params.steps else None
        on_step(step, params.steps, loss, measured)
        if keeper.exhausted:
            break
    best = keeper.restore()
    return FitResult(step, tokens, time.process_time() - started, loss, best)


def split(examples: Sequence[Example], *, seed: int) -> tuple[list[Example], list[Example]]:
    """Rows to train on, and rows held out for early stopping (none of few)."""
    rows = list(examples)
    if len(rows) < HELDOUT_LEAST_ROWS:
        return rows, []
    random.Random(seed).shuffle(rows)
    size = min(HELDOUT_MOST, max(1, int(len(rows) * HELDOUT_SHARE)))
    return rows[size:], rows[:size]


def batches(examples: Sequence[Example], params: FitParams) -> Iterator[list[Example]]:
    """Endless shuffled batches of rows of similar length, so that little is padding."""
    rng = random.Random(params.seed)
    size = params.batch_size
    while True:
        rows = list(examples)
        rng.shuffle(rows)
        epoch: list[list[Example]] = []
        for i in range(0, len(rows), size * BUCKET_BATCHES):
            window = sorted(rows[i : i + size * BUCKET_BATCHES], key=lambda e: e.length)
            epoch += [window[k : k + size] for k in range(0, len(window), size)]
        rng.shuffle(epoch)
        yield from epoch


def _step(
    bundle: Bundle,
    batch: Sequence[Example],
    shared: int,
    params: FitParams,
    optimizer: torch.optim.Optimizer,
    step: int,
) -> float:
    """One optimiser step; returns the loss of the target tokens."""
    losses, is_target = token_losses(bundle, batch, shared)
    weights = torch.where(is_target, 1.0, params.prompt_weight)
    loss = (losses * weights).sum() / weights.sum()
    if not torch.isfinite(loss):
        raise TrainingError(
            f"The loss became {loss.item()} at step {step}: lower the learning rate."
        )
    for group in optimizer.param_groups:
        group["lr"] = params.learning_rate * _rate(step, params)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(bundle.model.parameters(), 1.0)
    optimizer.step()
    return float(losses[is_target].mean().detach())


def _rate(step: int, params: FitParams) -> float:
    rising = min(1.0, step / max(1, params.warmup_steps))
    return rising * max(LEAST_RATE_SHARE, 1 - (step - 1) / params.steps)


def token_losses(bundle: Bundle, batch: Sequence[Example], shared: int) -> tuple[Tensor, Tensor]:
    """Cross-entropy of every token after the `shared` first ones `[N]`, and which are targets `[N]`.

    The prompt's shared beginning (a system prompt, say) is computed once for the batch and not
    learnt: it never has to be written.
    """
    model = bundle.model
    past: tuple[Cache, ...] = ()
    if shared:
        ids = torch.tensor([batch[0].prompt[:shared]], device=model.device)
        past = (model(ids)[1],)
    rows = [[*e.prompt[shared:], *e.target] for e in batch]
    ids, lengths = pad(rows, pad_id=bundle.pad_id, device=model.device)
    starts = torch.tensor([len(e.prompt) - shared for e in batch], device=model.device)
    hidden, _ = model(ids[:, :-1], past=past)
    place = torch.arange(1, ids.shape[1], device=model.device)
    real = place < lengths[:, None]
    is_target = (place >= starts[:, None])[real]
    losses = F.cross_entropy(model.logits(hidden[real]), ids[:, 1:][real], reduction="none")
    return losses, is_target


@torch.no_grad()
def target_loss(bundle: Bundle, examples: Sequence[Example], shared: int) -> float:
    """Mean cross-entropy of the target tokens, in nats."""
    total, count = 0.0, 0
    rows = sorted(examples, key=lambda e: e.length)
    for i in range(0, len(rows), 64):
        losses, is_target = token_losses(bundle, rows[i : i + 64], shared)
        total += float(losses[is_target].sum())
        count += int(is_target.sum())
    return total / max(1, count)


class _BestWeights:
    """Early stopping: remembers the weights that were best on the held-out rows."""

    def __init__(
        self, bundle: Bundle, heldout: Sequence[Example], shared: int, patience: int
    ) -> None:
        self._bundle, self._heldout, self._shared = bundle, heldout, shared
        self._patience, self._worse = patience, 0
        self._best: float | None = None
        self._weights: dict[str, Tensor] = {}

    @property
    def exhausted(self) -> bool:
        return self._worse >= self._patience

    def look(self) -> float | None:
        if not self._heldout:
            return None
        loss = target_loss(self._bundle, self._heldout, self._shared)
        if self._best is None or loss < self._best:
            self._best, self._worse = loss, 0
            state = self._bundle.model.state_dict()
            self._weights = {name: weight.clone() for name, weight in state.items()}
        else:
            self._worse += 1
        return loss

    def restore(self) -> float | None:
        if self._weights:
            self._bundle.model.load_state_dict(self._weights)
        return self._best
