"""The verdict on constructed situations: what each must get, and that the words carry numbers."""

from typing import Any

import numpy as np
import pytest

from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.verdict import Verdict, early_decision, judge

RNG = np.random.default_rng
CHEAT = Control(name="Empty answer", scores=(0.0,) * 50)
REFERENCE = Control(name="Reference answer", scores=(1.0,) * 50, kind="reference")


def passes(p: np.ndarray, k: int = 4, seed: int = 0) -> list[list[Any]]:
    return (RNG(seed).random((len(p), k)) < p[:, None]).astype(float).tolist()


def build(scores: list[list[Any]], **changes: Any) -> DryRunData:
    topics = changes.pop("topics", [None] * len(scores))
    extra = {k: changes.pop(k) for k in ("lengths", "format_ok", "shuffled") if k in changes}
    prompts = tuple(
        PromptAnswers(
            scores=tuple(row), topic=topics[i], **{k: tuple(v[i]) for k, v in extra.items()}
        )
        for i, row in enumerate(scores)
    )
    usual = {"controls": (CHEAT, REFERENCE), "noise_std": 0.0, "chance": 0.0}
    return DryRunData(prompts=prompts, **{**usual, **changes})


def tile(verdict: Any, key: str) -> Any:
    return next(t for t in verdict.tiles if t.key == key)


HALF = np.full(200, 0.45)
SOLVED_OR_NOT = np.repeat([1.0, 0.0], [90, 110])

SITUATIONS: dict[str, tuple[DryRunData, str, str]] = {
    "pass/fail, all at .45": (build(passes(HALF)), "GO", "learnability"),
    "same mean, always or never": (build(passes(SOLVED_OR_NOT)), "NO-GO", "learnability"),
    "all zeros": (build(passes(np.zeros(200))), "NO-GO", "alike"),
    "all ones": (build(passes(np.ones(200))), "NO-GO", "alike"),
    "all one half": (build([[0.5] * 4] * 200), "NO-GO", "alike"),
    "hard but learnable": (build(passes(RNG(1).beta(1, 9, 200))), "GO", "learnability"),
    "hard, thin signal": (build(passes(RNG(2).beta(0.3, 5, 200))), "WARNING", "learnability"),
    "nearly solved": (build(passes(np.full(200, 0.985))), "NO-GO", "mean"),
    "five-way choice at chance": (build(passes(np.full(200, 0.2)), chance=0.2), "NO-GO", "chance"),
    "at chance, few prompts": (build(passes(np.full(60, 0.2)), chance=0.2), "WARNING", "chance"),
    "grader fails on 3 %": (build(passes(HALF[:194]) + [[None] * 4] * 6), "WARNING", "errors"),
    "grader fails on 10 %": (build(passes(HALF[:180]) + [[None] * 4] * 20), "NO-GO", "errors"),
    "grader fails always": (build([[None] * 4] * 200), "NO-GO", "errors"),
    "nothing ran": (build([]), "NO-GO", "empty"),
    "a cheat earns everything": (
        build(passes(HALF), controls=(Control(name="Full marks", scores=(1.0,) * 50),)),
        "NO-GO",
        "control",
    ),
    "no crash test": (build(passes(HALF), controls=()), "WARNING", "controls"),
    "reference earns nothing": (
        build(
            passes(HALF),
            controls=(CHEAT, Control(name="Ref", scores=(0.0,) * 50, kind="reference")),
        ),
        "WARNING",
        "reference",
    ),
    "noise not measured": (build(passes(HALF), noise_std=None), "WARNING", "noise"),
    "noisy judge": (
        build(
            (0.5 + 0.2 * RNG(3).standard_normal((200, 4))).clip(0.01, 0.99).tolist(), noise_std=0.08
        ),
        "GO",
        "learnability",
    ),
    "very noisy judge": (
        build(
            (0.5 + 0.2 * RNG(3).standard_normal((200, 4))).clip(0.01, 0.99).tolist(), noise_std=0.19
        ),
        "NO-GO",
        "learnability",
    ),
    "length-loving judge": (
        build([[0.2, 0.4, 0.6, 1.0]] * 200, lengths=[[5, 10, 20, 40]] * 200),
        "WARNING",
        "length",
    ),
    "one prompt": (build([[0.0, 1.0, 0.0, 1.0]]), "WARNING", "learnability"),
    "twelve records": (build(passes(np.full(12, 0.5))), "GO", "learnability"),
    "one answer each": (build(passes(HALF, k=1)), "WARNING", "answers"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situations(name: str) -> None:
    data, expected, reason = SITUATIONS[name]
    data = data.model_copy(update={"pass_score": 0.6}) if "judge" in name else data
    verdict = judge(data)
    assert (verdict.verdict, reason in [r.rule for r in verdict.reasons]) == (expected, True), (
        verdict.reasons
    )
    assert verdict.headline
    assert verdict.summary
    assert verdict.actions
    assert (verdict.what_would_decide is not None) == (expected == "WARNING")
    shown = [t.key for t in verdict.tiles]
    assert len(shown) == len(set(shown)) == 8
    assert "nan" not in verdict.model_dump_json().lower()
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict  # the store keeps it


def test_a_tile_out_of_band_never_decides() -> None:
    verdict = judge(SITUATIONS["hard but learnable"][0])
    assert verdict.verdict == "GO"
    assert tile(verdict, "mean").tone == "warn"
    assert verdict.note is not None
    assert "The verdict rests on learnability and controls." in verdict.note


def test_pass_fail_spread_is_not_judged_but_mixed_scores_are() -> None:
    assert tile(judge(SITUATIONS["pass/fail, all at .45"][0]), "std").tone == "none"
    mixed = [[0.0, 0.0, 0.5, 1.0]] * 200
    verdict = judge(build(mixed))
    assert verdict.verdict == "GO"
    assert tile(verdict, "std").note == "75 % are 0 or 1"
    assert verdict.note == (
        "Spread is out of band because most scores are 0 or 1. "
        "The verdict rests on learnability and controls."
    )


def test_the_words_of_a_clear_go() -> None:
    verdict = judge(SITUATIONS["pass/fail, all at .45"][0])
    assert verdict.headline == "Training can work here"
    assert "of groups carry a signal at 8 answers per prompt (95 % interval" in verdict.summary
    assert "the grader gives the same score twice" in verdict.summary
    assert [a.step for a in verdict.actions] == ["training"]
    assert verdict.cost_multiplier == pytest.approx(1.0, abs=0.05)


def test_a_warning_says_how_many_answers_would_settle_it() -> None:
    verdict = judge(build(passes(RNG(4).beta(1, 12, 90), seed=2)))
    assert verdict.verdict == "WARNING"
    assert verdict.what_would_decide is not None
    assert verdict.what_would_decide.startswith("Not decided yet: about ")
    assert verdict.what_would_decide.endswith(" more answers would settle it.")


def test_format_is_named_with_its_share() -> None:
    scores = passes(np.full(200, 0.02), seed=3)
    format_ok = [[True] + [False] * 3 for _ in scores]
    verdict = judge(build(scores, format_ok=format_ok))
    assert any(s.startswith("75 % of the answers fail on format alone") for s in verdict.diagnosis)
    assert "Loosen the grader" in [a.text for a in verdict.actions]


def test_a_harsh_grader_is_told_from_a_hard_task() -> None:
    scores = passes(np.full(200, 0.02), seed=3)
    harsh = (CHEAT, Control(name="Reference answer", scores=(0.1,) * 50, kind="reference"))
    assert any("too harsh" in s for s in judge(build(scores, controls=harsh)).diagnosis)
    assert any("hard for this base model" in s for s in judge(build(scores)).diagnosis)


def test_chance_by_shuffling_explains_a_guessing_model() -> None:
    """The sum problems a tiny model cannot do: right by luck, and as often under another prompt."""
    scores = passes(np.full(200, 0.01), seed=5)
    verdict = judge(build(scores, chance=None, shuffled=passes(np.full(200, 0.01), seed=6)))
    assert verdict.verdict == "NO-GO"
    assert {"pass_at_k", "chance"} & {r.rule for r in verdict.reasons}
    assert any("no better than guessing" in s for s in verdict.diagnosis)


def test_topics_need_enough_independent_answers() -> None:
    p = np.repeat([0.1, 0.7, 0.5], [90, 90, 4])
    topics = ["cards"] * 90 + ["fees"] * 90 + ["rare"] * 4
    verdict = judge(build(passes(p), topics=topics))
    assert [t.topic for t in verdict.by_topic] == ["cards", "fees"]
    assert verdict.thin_topics == ("rare",)
    assert any(s.startswith("Hardest: cards") for s in verdict.diagnosis)
    assert any(s.startswith("Easiest: fees") for s in verdict.diagnosis)


def test_histogram_keeps_the_ends_apart() -> None:
    verdict = judge(build([[0.0, 0.01, 0.52, 0.99, 1.0]]))
    assert verdict.histogram == (1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1)


def test_early_decisions() -> None:
    assert early_decision(build(passes(np.zeros(50), k=2))).stop
    assert early_decision(build([[None] * 2] * 50)).stop
    assert not early_decision(build(passes(np.full(50, 0.45), k=2))).stop  # GO is not so early
    go = early_decision(build(passes(np.full(100, 0.45))))
    assert (go.stop, go.verdict) == (True, "GO")
    assert not early_decision(build(passes(np.zeros(10), k=2))).stop
    unlucky = passes(np.full(50, 0.4), k=2)
    unlucky[0] = [None, None]
    unlucky[1] = [None, None]
    unlucky[2] = [None, None]  # 6 % of 100 answers: not surely above 5 %
    assert not early_decision(build(unlucky)).stop


@pytest.mark.parametrize("seed", range(10))
def test_any_data_gets_a_verdict_with_figures_in_bounds(seed: int) -> None:
    rng = RNG(seed)
    scores = [
        [
            None if rng.random() < 0.1 else float(rng.choice([0, 0.3, 1, rng.random()]))
            for _ in range(4)
        ]
        for _ in range(int(rng.integers(0, 60)))
    ]
    verdict = judge(
        build(scores, lengths=[[int(x) for x in rng.integers(1, 99, 4)] for _ in scores])
    )
    for t in verdict.tiles:
        if t.value is not None:
            assert t.low is not None
            assert t.high is not None
            assert t.low <= t.value <= t.high
            assert t.low >= -1
            assert t.high <= 1
        assert t.text
        assert t.interval_text
    assert sum(verdict.histogram) == verdict.figures.answers
