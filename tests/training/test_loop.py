"""The loop on a tiny real model: it learns, stops, resumes bit by bit, and says when things go wrong."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from app.errors import Stopped, TrainingError
from app.grading.base import Score
from app.training.answers import Pair
from app.training.base import Prompt, StepStats, TrainingParams
from app.training.checkpoints import Checkpoints
from app.training.local import LocalEngine
from app.training.loop import RftLoop, RftResult
from app.training.model import load_model
from tests.training.conftest import tiny_bundle

PROMPTS = [Prompt(str(i), ({"role": "user", "content": f"ticket {i}"},)) for i in range(12)]
PARAMS = TrainingParams(
    steps=12,
    prompts_per_step=4,
    learning_rate=5e-3,
    max_new_tokens=6,
    eval_every=3,
    eval_temperature=1.0,
    patience=0,
    warmup_steps=2,
)
TRL_NAMES = {
    "reward", "reward_std", "frac_reward_zero_std", "kl", "entropy", "completions/mean_length",
    "completions/clipped_ratio", "clip_ratio", "grad_norm", "learning_rate", "loss", "num_tokens",
    "tokens_per_second", "step_time", "epoch",
}  # fmt: skip


class Notes:
    """A reporter that keeps what it is told and asks to stop after a step."""

    def __init__(self, stop_after: float = math.inf) -> None:
        self.events: list[dict[str, Any]] = []
        self.done, self._stop_after = 0.0, stop_after

    def emit(self, kind: str, **data: Any) -> None:
        self.events.append({"kind": kind, **data})

    def progress(self, done: float, total: float, text: str = "") -> None:
        self.done = done

    def stop_requested(self) -> bool:
        return self.done >= self._stop_after

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]


async def vowels(pairs: Sequence[Pair]) -> list[Score]:
    """Half a point for an e, half for an a."""
    texts = [sample.output_text for sample, _ in pairs]
    return [Score(score=0.5 * ("e" in t) + 0.5 * ("a" in t), reason="vowels") for t in texts]


def make_loop(out: Path, notes: Notes, **changes: Any) -> RftLoop:
    engine = changes.pop("engine", None) or LocalEngine(
        tiny_bundle(), reference=tiny_bundle().model
    )
    return RftLoop(
        engine,
        train=PROMPTS[:8],
        validation=changes.pop("validation", PROMPTS[8:]),
        grade=changes.pop("grade", vowels),
        params=PARAMS.model_copy(update=changes),
        out=out,
        reporter=notes,
    )


def best_weights(result: RftResult) -> dict[str, torch.Tensor]:
    return load_model(result.model).model.state_dict()


async def test_reward_rises_and_everything_is_told(tmp_path: Path) -> None:
    notes = Notes()
    result = await make_loop(tmp_path, notes, steps=30).run()
    evaluations = notes.of("evaluation")
    assert [e["step"] for e in evaluations] == list(range(0, 31, 3))
    assert evaluations[-1]["reward"] >= evaluations[0]["reward"] + 0.3
    assert result.validation is not None
    assert result.validation.reward == max(e["reward"] for e in evaluations)
    metrics = notes.of("metrics")
    assert len(metrics) == 30
    assert set(metrics[0]) >= TRL_NAMES
    assert metrics[0]["kl"] == pytest.approx(0, abs=1e-6)
    assert [m["kl"] for m in metrics if m["kl"]][-1] > 0.01
    shown = notes.of("rollouts")[-1]["prompts"]
    assert len(shown) == 4
    assert {"text", "score", "reason"} <= set(shown[0]["after"][0])
    assert {"text", "score", "reason"} <= set(shown[0]["before"][0])
    assert notes.done == 30


async def test_stopped_and_resumed_equals_straight_through(tmp_path: Path) -> None:
    straight = Notes()
    expected = await make_loop(tmp_path / "a", straight).run()
    first, second = Notes(stop_after=5), Notes()
    with pytest.raises(Stopped, match="step 5"):
        await make_loop(tmp_path / "b", first).run()
    result = await make_loop(tmp_path / "b", second).run(resume=True)
    assert (result.best_step, result.validation) == (expected.best_step, expected.validation)
    for name, weight in best_weights(expected).items():
        assert torch.equal(weight, best_weights(result)[name]), name
    timeless = {"step", "reward", "loss", "grad_norm", "kl", "entropy", "num_tokens"}
    told = [{k: m[k] for k in timeless} for m in first.of("metrics") + second.of("metrics")]
    assert told == [{k: m[k] for k in timeless} for m in straight.of("metrics")]


async def test_a_finished_run_resumes_only_for_more_steps(tmp_path: Path) -> None:
    await make_loop(tmp_path, Notes(), steps=3).run()
    again = Notes()
    await make_loop(tmp_path, again, steps=3).run(resume=True)
    assert not again.of("metrics")
    await make_loop(tmp_path, again, steps=5).run(resume=True)
    assert [m["step"] for m in again.of("metrics")] == [4, 5]


async def test_resume_without_a_checkpoint_begins(tmp_path: Path) -> None:
    assert (await make_loop(tmp_path, Notes(), steps=1).run(resume=True)).steps == 1


async def test_only_the_newest_checkpoints_stay(tmp_path: Path) -> None:
    await make_loop(tmp_path, Notes(), steps=9).run()
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == [
        "step-000006",
        "step-000009",
    ]


async def test_early_stop_keeps_the_best(tmp_path: Path) -> None:
    """A learning rate of almost nothing never improves on the start."""
    notes = Notes()
    loop = make_loop(
        tmp_path, notes, learning_rate=1e-12, eval_every=1, patience=2, eval_temperature=0.0
    )
    result = await loop.run()
    assert (result.best_step, result.steps) == (0, 2)


async def test_without_validation_the_last_weights_count(tmp_path: Path) -> None:
    result = await make_loop(tmp_path, Notes(), validation=[], steps=4).run()
    assert result.best_step == 4
    assert result.validation is None
    newest = Checkpoints(tmp_path).newest()
    assert newest is not None
    last = load_model(newest[0]).model.state_dict()
    assert all(torch.equal(w, last[n]) for n, w in best_weights(result).items())


async def test_answers_that_cannot_be_graded_are_left_out(tmp_path: Path) -> None:
    async def half(pairs: Sequence[Pair]) -> list[Score]:
        scores = await vowels(pairs)
        return [Score.failed("too odd") if i % 2 else s for i, s in enumerate(scores)]

    notes = Notes()
    await make_loop(tmp_path, notes, grade=half, steps=2).run()
    assert [m["grader_errors"] for m in notes.of("metrics")] == [16, 16]


async def test_a_grader_that_always_fails_ends_the_run(tmp_path: Path) -> None:
    async def never(pairs: Sequence[Pair]) -> list[Score]:
        return [Score.failed("no module named os") for _ in pairs]

    with pytest.raises(TrainingError, match="no module named os"):
        await make_loop(tmp_path, Notes(), grade=never).run()


class BrokenEngine(LocalEngine):
    """Its gradients are never finite."""

    def train_step(self, *args: Any, **kwargs: Any) -> StepStats:
        return StepStats(math.nan, math.nan, 1.0, 0.0, 0.0, applied=False)


async def test_nan_rings_once_and_then_ends_the_run(tmp_path: Path) -> None:
    notes = Notes()
    loop = make_loop(tmp_path, notes, engine=BrokenEngine(tiny_bundle()))
    with pytest.raises(TrainingError, match="3 times in a row"):
        await loop.run()
    assert [(a["name"], a["step"]) for a in notes.of("alarm")] == [("nan", 1)]


async def test_no_signal_rings(tmp_path: Path) -> None:
    async def same(pairs: Sequence[Pair]) -> list[Score]:
        return [Score(score=0.5) for _ in pairs]

    notes = Notes()
    await make_loop(tmp_path, notes, grade=same, steps=10).run()
    assert [a["name"] for a in notes.of("alarm")] == ["signal"]
    assert notes.of("metrics")[0]["skipped_groups"] == 4


async def test_no_prompts_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training prompts"):
        RftLoop(
            LocalEngine(tiny_bundle()), train=[], validation=[], grade=vowels, params=PARAMS,
            out=tmp_path, reporter=Notes(),
        )  # fmt: skip
