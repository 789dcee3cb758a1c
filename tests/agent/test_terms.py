"""Words of the field: the tables hang together, and a dataset's own number is its number."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np

from app.agent.own_numbers import _SOURCES, here
from app.agent.terms import ALIASES, RELATED, TERMS, term
from app.domain.coverage import analyse
from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.planning import plan
from app.domain.verdict import judge
from app.store import results
from app.tools.coverage import CoverageReport
from app.training.base import TrainingParams
from tests.agent.test_talk import report

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]


def verdict() -> Any:
    draws = (np.random.default_rng(0).random((200, 4)) < 0.45).astype(float)
    prompts = tuple(
        PromptAnswers(scores=tuple(row), lengths=(5, 6, 7, 8)) for row in draws.tolist()
    )
    controls = (Control(name="Empty answer", scores=(0.0,) * 50),)
    return judge(DryRunData(prompts=prompts, controls=controls, noise_std=0.02, chance=0.1))


def covered() -> CoverageReport:
    counts = {"A": 30, "B": 10}
    return CoverageReport(
        coverage=analyse(counts, quota=100, uncategorised=4),
        plan=plan(counts, counts, quota=100),
        quota=100,
        topic_ids={"A": 1, "B": 2},
    )


def test_parameters_of_a_run_explain_themselves() -> None:
    for name, field in TrainingParams.model_fields.items():
        words = name.replace("_", " ")
        assert term(words) in TERMS or term(words.removesuffix(" coef")) in TERMS, words
        assert field.description


def test_tables_hang_together() -> None:
    assert set(ALIASES.values()) <= set(TERMS)
    assert set(RELATED) <= set(TERMS)
    assert {other for others in RELATED.values() for other in others} <= set(TERMS)
    assert not set(ALIASES) & set(TERMS) - {"noise"}
    assert {key for keys, _ in _SOURCES for key in keys} <= set(TERMS)


async def test_own_numbers(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        store = t.app.session.store
        for kind, data in (
            ("coverage", covered().model_dump(mode="json")),
            ("dry_run", {"verdict": verdict().model_dump(mode="json"), "prompts": 200}),
            ("training", {"report": report(better=True), "params": {"steps": 1}}),
        ):
            await store.transaction(
                results.add, kind, fingerprint="{}", state="completed", data=data
            )
        told = {key: await store.read(here, key) for keys, _ in _SOURCES for key in keys}
        assert told["quota"] == " Here it is **100**."
        assert told["missing"] == " Here: **160**."
        assert told["thin"] == " Here 2 topics are thin."
        assert told["uncategorised"] == " Here: **4**."
        assert told["mean"].startswith(" In the last dry run it is **0.4")
        assert told["noise"] == " In the last dry run it is **0.02**."
        assert told["cost multiplier"] == " In the last dry run it is **1.0**."
        assert told["control"] == " Here 0 of 1 control failed."
        assert told["verdict"].startswith(" The last one here: **")
        assert told["paired difference"] == " In the report: **+0.38**."
        assert told["minimum detectable difference"] == " In the report: **0.04**."
        assert told["test"] == " Here it was opened 1 time."
        assert told["tuned"] == " Its mean here: **0.79**."
        assert told["valid"] == " Here: **60**."
        assert told["split"] == " Here: 36 train, 12 validation, 12 test."
        assert told["spent"] == told["version"] == ""


async def test_read_more_leads_on(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("read more about learnibility")
        assert "**Learnability** is the share" in t.text
        await t.choose("Cost multiplier")
        assert "**cost multiplier**" in t.text
        await t.send("explain quantum gravity")
        assert all(option.action == "read_more" for option in t.question.options)
