"""A starter learns from rows, deterministically; the supervised loss equals a plain forward's."""

import pytest
import torch
import torch.nn.functional as F

from app.errors import TrainingError
from app.training.base import PRESETS as RFT_PRESETS
from app.training.base import TrainingParams
from app.training.generate import sample
from app.training.model import Bundle
from app.training.starter import PRESETS, Row, build_starter, encode, planned_steps, teach
from app.training.supervised import Example, FitParams, batches, split, token_losses

SYSTEM = {"role": "system", "content": "Name the colour of the thing."}
COLOURS = {"grass": "green", "sky": "blue", "snow": "white", "coal": "black", "blood": "red"}
ROWS = [
    Row((SYSTEM, {"role": "user", "content": f"what colour is {a} {thing} number {i}?"}), colour)
    for i in range(24)
    for a in ("the", "that")
    for thing, colour in COLOURS.items()
]


def quiet(step: int, steps: int, loss: float, heldout: float | None) -> None: ...


def learned(seed: int, steps: int) -> tuple[Bundle, float]:
    bundle = build_starter(ROWS, preset="fast", seed=seed)
    return bundle, teach(bundle, ROWS, quiet, preset="fast", seed=seed, steps=steps).loss


def test_it_learns_and_knows_when_to_end() -> None:
    bundle = build_starter(ROWS, preset="fast", seed=0)
    looks: list[float] = []

    def on_step(step: int, steps: int, loss: float, heldout: float | None) -> None:
        if heldout is not None:
            looks.append(heldout)

    result = teach(bundle, ROWS, on_step, preset="fast", steps=80)
    assert result.heldout_loss == min(looks) < looks[0] / 8
    question = Row((SYSTEM, {"role": "user", "content": "what colour is the snow number 99?"}), "")
    prompt = bundle.prompt_ids(question.messages)
    (answer,) = sample(
        bundle, [prompt], n=1, max_new_tokens=bundle.answer_tokens or 0, temperature=0, seeds=[0]
    )[0]
    assert (answer.text, answer.truncated) == ("white", False)


def test_the_same_seed_gives_the_same_model() -> None:
    (one, loss), (two, again) = learned(1, 5), learned(1, 5)
    assert loss == again != learned(2, 5)[1]
    for name, weight in one.model.state_dict().items():
        assert torch.equal(weight, two.model.state_dict()[name]), name


def test_the_loss_is_that_of_a_plain_forward() -> None:
    """The shared system prompt is computed once and left out of the loss; nothing else differs."""
    bundle = build_starter(ROWS, preset="fast", seed=0)
    examples = [encode(bundle, row) for row in ROWS[:7]]
    shared = 9
    losses, is_target = token_losses(bundle, examples, shared)
    expected, targets = [], []
    for e in examples:
        ids = torch.tensor([[*e.prompt, *e.target]])
        logits = bundle.model.logits(bundle.model(ids)[0])[0, :-1]
        every = F.cross_entropy(logits, ids[0, 1:], reduction="none")
        expected.append(every[shared:])
        targets += [i >= len(e.prompt) for i in range(shared + 1, ids.shape[1])]
    torch.testing.assert_close(losses, torch.cat(expected), atol=1e-5, rtol=1e-4)
    assert is_target.tolist() == targets


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TrainingError, match="at least 50"):
        build_starter(ROWS[:49])


def test_a_given_model_is_taught_further_by_few_rows() -> None:
    bundle, _ = learned(0, 30)
    before = {k: v.clone() for k, v in bundle.model.state_dict().items()}
    result = teach(bundle, ROWS[:3], quiet, preset="fast", steps=2)
    assert result.heldout_loss is None
    assert any(not torch.equal(v, before[k]) for k, v in bundle.model.state_dict().items())


def test_held_out_rows_are_never_trained_on() -> None:
    examples = [Example((i, 1), (2,)) for i in range(100)]
    train, heldout = split(examples, seed=0)
    assert len(heldout) == 5
    assert not set(train) & set(heldout)
    seen = batches(train, FitParams(steps=1, batch_size=10, learning_rate=1.0, warmup_steps=0))
    first_epoch = [e for _ in range(10) for e in next(seen)]
    assert sorted(first_epoch, key=lambda e: e.prompt) == sorted(train, key=lambda e: e.prompt)


def test_steps_follow_from_the_rows() -> None:
    standard = PRESETS["standard"]
    short = [Example((1, 2, 3, 4), (5,))] * 2400
    assert planned_steps(short, standard) == round(2400 * standard.passes / standard.batch_size)
    long = [Example((i, *range(400)), (5,)) for i in range(2400)]
    assert planned_steps(long, standard) * 402 * standard.batch_size <= standard.most_tokens


def test_open_parameters_are_filled_in_from_the_data() -> None:
    params = TrainingParams().resolved(train_prompts=2400, answer_tokens=21)
    preset = RFT_PRESETS["standard"]
    assert params.steps == round(preset.passes * 2400 / preset.prompts_per_step)
    assert params.max_new_tokens == 21
    small = TrainingParams(steps=7, learning_rate=1e-5).resolved(train_prompts=5)
    assert (small.steps, small.prompts_per_step, small.learning_rate) == (7, 5, 1e-5)
