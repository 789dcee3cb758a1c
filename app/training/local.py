"""The local engine: a Qwen3 bundle trained in this process, every prompt computed once per group."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from app.errors import TrainingError
from app.training.base import Group, LossConfig, Prompt, Rollout, StepStats
from app.training.generate import pad, prefill, sample
from app.training.losses import k3, policy_loss, token_weights
from app.training.model import Bundle, load_model, save_model
from app.training.qwen3 import Qwen3

LOGITS_IN_MEMORY = 32_000_000  # floats of one slice of a step
GROUPS_IN_SLICE = 8  # of similar width, so that little is padding; small slices also stay in cache
SAMPLED_AT_ONCE = 64  # prompts
KL_GROUPS = 4  # where KL is only watched, it is estimated on so many groups of a step


@dataclass(frozen=True)
class AnswerTokens:
    """The answer tokens of some groups, flattened to `[N]` in row order."""

    logps: Tensor
    entropy: Tensor
    rows: Tensor  # the answer each token belongs to
    lengths: Tensor  # tokens of each answer, [rows]


def answer_tokens(
    model: Qwen3, bundle: Bundle, groups: Sequence[Group], temperature: float
) -> AnswerTokens:
    """Log-probabilities and entropies of all answer tokens, differentiable in the weights.

    Prompts are computed once and shared by their group; the tempered distribution is the one
    that was sampled from.
    """
    prompts = [bundle.prompt_ids(g.prompt.messages, g.prompt.tools) for g in groups]
    last, past = prefill(model, prompts, pad_id=bundle.pad_id)
    size = len(groups[0].rollouts)
    answers = [r.tokens for group in groups for r in group.rollouts]
    ids, lengths = pad(answers, pad_id=bundle.pad_id, device=model.device)
    before = last.repeat_interleave(size, 0)[:, None]
    if ids.shape[1] > 1:
        hidden, _ = model(ids[:, :-1], past=past)
        before = torch.cat([before, hidden], 1)
    real = torch.arange(ids.shape[1], device=model.device) < lengths[:, None]
    logits = model.logits(before[real])
    every = torch.log_softmax(logits / temperature, -1)
    logps = every.gather(1, ids[real][:, None])[:, 0]
    with torch.no_grad():
        entropy = -(every.exp() * every).sum(-1)
    return AnswerTokens(logps, entropy, real.nonzero()[:, 0], lengths)


@dataclass(frozen=True)
class Distinct:
    """A group's distinct answers and how often each was given.

    Equal answers with equal advantages have equal losses, so computing one of them suffices; as
    a policy becomes sure of itself most answers of a group are equal.
    """

    group: Group
    counts: tuple[int, ...]

    @classmethod
    def of(cls, group: Group) -> "Distinct":
        counts = Counter(
            (r.tokens, a) for r, a in zip(group.rollouts, group.advantages, strict=True)
        )
        first = {(r.tokens, a): r for r, a in zip(group.rollouts, group.advantages, strict=True)}
        reduced = replace(
            group,
            rollouts=tuple(first[key] for key in counts),
            advantages=tuple(advantage for _, advantage in counts),
        )
        return cls(reduced, tuple(counts.values()))

    @property
    def width(self) -> int:
        return len(self.counts)

    def widened(self, width: int) -> "Distinct":
        """As many answers as the widest of a slice has; the added ones count nothing."""
        more = width - self.width
        group = replace(
            self.group,
            rollouts=self.group.rollouts + self.group.rollouts[:1] * more,
            advantages=self.group.advantages + (0.0,) * more,
        )
        return Distinct(group, self.counts + (0,) * more)


@dataclass
class _Sums:
    """Running totals over the slices of one step, every answer counted as often as it was given."""

    loss: float = 0.0
    entropy: float = 0.0
    clipped: int = 0
    tokens: int = 0
    kl: float = 0.0
    kl_tokens: int = 0


class LocalEngine:
    """A `StepEngine` in this process. `reference` is the start model, for KL; None: not measured."""

    def __init__(self, bundle: Bundle, *, reference: Qwen3 | None = None) -> None:
        self.bundle = bundle
        self.policy_version = 0
        self._reference = reference.requires_grad_(False) if reference else None
        self._optimizer = torch.optim.AdamW(
            bundle.model.parameters(), lr=0.0, weight_decay=0.0, betas=(0.9, 0.99)
        )

    @classmethod
    def open(cls, folder: Path, *, reference: bool = True) -> "LocalEngine":
        """An engine that starts from a model folder; the reference is read from there as well."""
        return cls(load_model(folder), reference=load_model(folder).model if reference else None)

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int,
        *,
        policy_version: int,
        temperature: float,
        max_new_tokens: int,
        seeds: Sequence[int],
    ) -> list[tuple[Rollout, ...]]:
        if policy_version != self.policy_version:
            raise TrainingError(
                f"Answers of policy {policy_version} were asked for, but the weights are those of "
                f"policy {self.policy_version}. Load that checkpoint first."
            )
        groups: list[tuple[Rollout, ...]] = []
        for i in range(0, len(prompts), SAMPLED_AT_ONCE):
            some = prompts[i : i + SAMPLED_AT_ONCE]
            answers = sample(
                self.bundle,
                [self.bundle.prompt_ids(p.messages, p.tools) for p in some],
                n=n,
                max_new_tokens=max_new_tokens,
                temperature=temperature,
                seeds=seeds[i : i + SAMPLED_AT_ONCE],
            )
            groups += [tuple(group) for group in answers]
        return groups

    def evaluate(
        self, prompts: Sequence[Prompt], *, temperature: float, max_new_tokens: int, seed: int
    ) -> list[Rollout]:
        groups = self.sample(
            prompts,
            1,
            policy_version=self.policy_version,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seeds=[seed + i for i in range(len(prompts))],
        )
        return [group[0] for group in groups]

    def train_step(
        self, groups: Sequence[Group], loss: LossConfig, *, learning_rate: float
    ) -> StepStats:
        """One AdamW step (decoupled weight decay 0) on the loss of `app.training.losses`.

        Groups without signal add nothing to the gradient and are skipped, unless KL counts. A step
        whose loss or gradient is not finite is not applied. Raises TrainingError without groups.
        """
        if not groups:
            raise TrainingError("A training step needs at least one group of answers.")
        live = [g for g in groups if g.has_signal or loss.kl_coef]
        lengths = torch.tensor([len(r.tokens) for g in groups for r in g.rollouts])
        sums = _Sums()
        self._optimizer.zero_grad(set_to_none=True)
        for part in self._slices([Distinct.of(g) for g in live]):
            self._backward(part, loss, lengths, sums)
        norm, applied = 0.0, False
        if live:
            norm = float(
                torch.nn.utils.clip_grad_norm_(self.bundle.model.parameters(), loss.max_grad_norm)
            )
            applied = self._apply(learning_rate, finite=_finite(norm, sums.loss))
        tokens = max(1, sums.tokens)
        return StepStats(
            loss=sums.loss,
            grad_norm=norm,
            entropy=sums.entropy / tokens,
            kl=sums.kl / sums.kl_tokens if sums.kl_tokens else None,
            clip_ratio=sums.clipped / tokens,
            applied=applied or not live,
        )

    def _slices(self, groups: Sequence[Distinct]) -> list[list[Distinct]]:
        """Groups of similar width together, each slice small enough for memory and cache."""
        if not groups:
            return []
        longest = max(len(r.tokens) for d in groups for r in d.group.rollouts)
        widest = max(d.width for d in groups)
        fit = LOGITS_IN_MEMORY // (longest * widest * self.bundle.model.config.vocab_size)
        size = max(1, min(fit, GROUPS_IN_SLICE))
        ordered = sorted(groups, key=lambda d: d.width)
        parts = [ordered[i : i + size] for i in range(0, len(ordered), size)]
        return [[d.widened(part[-1].width) for d in part] for part in parts]

    def _backward(
        self, part: Sequence[Distinct], loss: LossConfig, batch: Tensor, sums: _Sums
    ) -> None:
        """Add the gradient of one slice; `batch` holds the lengths of all answers of the step."""
        groups = [d.group for d in part]
        tokens = answer_tokens(self.bundle.model, self.bundle, groups, loss.temperature)
        counts = torch.tensor([c for d in part for c in d.counts])[tokens.rows]
        advantages = torch.tensor([a for g in groups for a in g.advantages])
        weights = token_weights(
            tokens.lengths, normalise=loss.normalise, batch=batch, room=loss.max_new_tokens
        )
        result = policy_loss(
            tokens.logps,
            self._old_logps(groups, tokens),
            advantages[tokens.rows],
            weights[tokens.rows] * counts,
            config=loss,
            reference=self._reference_logps(groups, loss, sums, tokens, counts),
        )
        result.loss.backward()
        sums.loss += float(result.loss.detach())
        sums.clipped += int(counts[result.clipped].sum())
        sums.entropy += float((tokens.entropy * counts).sum())
        sums.tokens += int(counts.sum())

    def _old_logps(self, groups: Sequence[Group], tokens: AnswerTokens) -> Tensor:
        """On-policy, the forward's own values: the ratio is exactly 1, free of the tiny difference
        between decoding and a full forward. Later updates on a batch use the recorded ones."""
        if all(g.policy_version == self.policy_version for g in groups):
            return tokens.logps.detach()
        return torch.tensor([x for g in groups for r in g.rollouts for x in r.logps])

    def _reference_logps(
        self,
        groups: Sequence[Group],
        loss: LossConfig,
        sums: _Sums,
        tokens: AnswerTokens,
        counts: Tensor,
    ) -> Tensor | None:
        """The start model's log-probabilities, for the loss or only to watch a few groups."""
        if self._reference is None:
            if loss.kl_coef:
                raise TrainingError("KL to the start model needs the start model to be loaded.")
            return None
        watched = groups if loss.kl_coef else groups[:KL_GROUPS]
        if not loss.kl_coef and sums.kl_tokens:
            return None
        with torch.no_grad():
            theirs = answer_tokens(self._reference, self.bundle, watched, loss.temperature).logps
            often = counts[: len(theirs)]
            sums.kl += float((k3(tokens.logps[: len(theirs)], theirs) * often).sum())
            sums.kl_tokens += int(often.sum())
        return theirs if loss.kl_coef else None

    def _apply(self, learning_rate: float, *, finite: bool) -> bool:
        if finite:
            for group in self._optimizer.param_groups:
                group["lr"] = learning_rate
            self._optimizer.step()
            self.policy_version += 1
        self._optimizer.zero_grad(set_to_none=True)
        return finite

    def save(self, folder: Path, *, optimizer: bool) -> None:
        save_model(self.bundle, folder)
        if optimizer:
            state = {"optimizer": self._optimizer.state_dict(), "version": self.policy_version}
            torch.save(state, folder / "optimizer.pt")

    def load(self, folder: Path) -> None:
        """Raises TrainingError when the checkpoint is incomplete."""
        try:
            state = torch.load(folder / "optimizer.pt", weights_only=True)
        except (OSError, RuntimeError) as error:
            raise TrainingError(f"The checkpoint {folder} cannot be read: {error}.") from None
        self.bundle.model.load_state_dict(load_model(folder).model.state_dict())
        self._optimizer.load_state_dict(state["optimizer"])
        self.policy_version = int(state["version"])


def _finite(*values: float) -> bool:
    return all(abs(v) < float("inf") for v in values)
