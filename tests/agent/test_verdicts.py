"""Every rule that can decide a dry run is told with its words, and leads by a button to its remedy."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest

from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.talk.dry_run import REMEDIES
from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.verdict import Verdict, judge
from app.registry import load_family

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]
GRADER = {"type": "string_check", "name": "exact", "operation": "eq"}
CHEAT = Control(name="Empty answer", scores=(0.0,) * 50)
REFERENCE = Control(name="Reference answer", scores=(1.0,) * 50, kind="reference")
RANDOM = np.random.default_rng(3)
HALF = (RANDOM.random((200, 4)) < 0.45).astype(float)
SPREAD = RANDOM.uniform(0.2, 0.7, (200, 4))


def data(scores: Any, **values: Any) -> DryRunData:
    rows = [tuple(None if np.isnan(s) else float(s) for s in row) for row in scores]
    prompts = tuple(PromptAnswers(scores=row) for row in rows)
    given: dict[str, Any] = {"controls": (CHEAT, REFERENCE), "noise_std": 0.0, "chance": 0.0}
    return DryRunData(prompts=prompts, **{**given, **values})


def some_missing(share: float) -> Any:
    scores = HALF.copy()
    scores[np.random.default_rng(1).random(scores.shape) < share] = np.nan
    return scores


def long_wins() -> DryRunData:
    prompts = tuple(
        PromptAnswers(scores=tuple(row), lengths=tuple(int(100 * s) + 5 for s in row))
        for row in SPREAD.tolist()
    )
    return data([], pass_score=0.5).model_copy(update={"prompts": prompts})


CASES: dict[str, tuple[DryRunData, str, str]] = {
    "go": (data(HALF), "GO", "learnability"),
    "nothing graded": (data(np.empty((0, 4))), "NO-GO", "empty"),
    "all fail": (data(np.full((20, 4), np.nan)), "NO-GO", "errors"),
    "many fail": (data(some_missing(0.2)), "NO-GO", "errors"),
    "all alike": (data(np.full((200, 4), 0.5)), "NO-GO", "alike"),
    "never solved": (data(np.zeros((200, 4))), "NO-GO", "pass_at_k"),
    "always the same": (
        data(np.repeat((np.arange(200) % 2)[:, None], 4, axis=1).astype(float)),
        "NO-GO",
        "learnability",
    ),
    "solved": (
        data(np.where(np.random.default_rng(2).random((200, 4)) < 0.99, 1.0, 0.0)),
        "NO-GO",
        "mean",
    ),
    "chance": (data(HALF, chance=0.5), "NO-GO", "chance"),
    "cheated": (
        data(HALF, controls=(Control(name="Echo", scores=(0.9,) * 50), REFERENCE)),
        "NO-GO",
        "control",
    ),
    "few fail": (data(some_missing(0.025)), "WARNING", "errors"),
    "one answer": (data(HALF[:, :1]), "WARNING", "answers"),
    "not sure": (
        data((RANDOM.random((200, 4)) < RANDOM.beta(0.3, 5, 200)[:, None]).astype(float)),
        "WARNING",
        "learnability",
    ),
    "no crash test": (data(HALF, controls=(REFERENCE,)), "WARNING", "controls"),
    "poor references": (
        data(HALF, controls=(CHEAT, Control(name="R", scores=(0.1,) * 50, kind="reference"))),
        "WARNING",
        "reference",
    ),
    "length": (long_wins(), "WARNING", "length"),
    "noise not measured": (data(HALF, noise_std=None), "WARNING", "noise"),
    "noisy": (data(HALF, noise_std=0.6), "WARNING", "noise"),
    "few and at chance": (data(HALF[:40], chance=0.5), "WARNING", "chance"),
}


def test_each_rule_has_a_case() -> None:
    assert {rule for _, _, rule in CASES.values()} >= set(REMEDIES)


@pytest.mark.parametrize("name", CASES)
async def test_a_verdict_is_told_with_its_reasons_and_a_road(
    talk: OpenTalk, rows: Rows, name: str
) -> None:
    given, ruling, rule = CASES[name]
    verdict = judge(given)
    assert verdict.verdict == ruling
    assert rule in {reason.rule for reason in verdict.reasons}
    async with talk(rows, goal="answer") as t:
        await t.app.call("configure_grader", grader=GRADER)
        t.assistant.begin("verdict_choices", verdict=verdict, prompts=200)
        await t.assistant.idle()
        options = t.question.options
        assert all(option.action in ACTIONS for option in options)
        actions = [option.action for option in options]
        if ruling == "GO":
            assert actions[0] == "train"
        elif rule in REMEDIES:
            assert REMEDIES[rule].action in actions
        assert ("accept_warning" in actions) == (ruling == "WARNING")
        assert ("train" in actions) == (ruling == "GO")
        assert len(options) <= 6


def test_the_words_hold_every_reason() -> None:
    load_family(talk)
    for given, ruling, rule in CASES.values():
        verdict: Verdict = judge(given)
        if ruling == "GO" or rule == "learnability":
            continue
        text = next(r.text for r in verdict.reasons if r.rule == rule)
        assert text in verdict.summary, (ruling, rule)
