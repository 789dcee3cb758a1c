"""The shipped sample is what its card says, and its grader runs in the sandbox's Python subset."""

import importlib.util
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pydantic_monty
import pytest

from app.importing.validate import validate_file
from app.paths import resource

SAMPLES = resource("resources/samples")
GRADER = json.loads((SAMPLES / "support_tickets.grader.json").read_text(encoding="utf-8"))
LINES = (SAMPLES / "support_tickets.jsonl").read_text(encoding="utf-8").splitlines()
ASK = '{"team":"human","intent":"ask"}'
RIGHT = {"team": "banking", "intent": "pay_bill"}


def grade(answers: list[str], items: list[Any]) -> list[float]:
    pairs = [
        {"sample": {"output_text": answer}, "item": item}
        for answer, item in zip(answers, items, strict=True)
    ]
    limits: Any = {"max_feed_duration_secs": 10.0, "max_total_sleep_secs": 0.0}
    with (
        pydantic_monty.Monty(max_processes=1, request_timeout=30) as pool,
        pool.checkout(limits=limits) as session,
    ):
        code = GRADER["source"] + "\n[grade(p['sample'], p['item']) for p in pairs]"
        scores: list[float] = session.feed_run(code, inputs={"pairs": pairs})
        return scores


def test_the_builder_makes_these_very_bytes(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("b", SAMPLES / "build_support_tickets.py")
    assert spec
    assert spec.loader
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    builder.main(shared_data("data/clinc_banking_train.jsonl"), tmp_path)
    for built in tmp_path.glob("support_tickets*"):
        assert built.read_bytes() == (SAMPLES / built.name).read_bytes(), built.name


def test_the_sample_opens_without_a_fault() -> None:
    reports = list(validate_file(SAMPLES / "support_tickets.jsonl"))
    assert [report for report in reports if report.status != "ok"] == []
    assert len(reports) == 3000


def test_the_card_says_what_the_app_needs() -> None:
    text = (SAMPLES / "support_tickets.md").read_text(encoding="utf-8")
    head = tomllib.loads(text.split("---\n")[1])
    assert head.keys() >= {"name", "file", "grader", "goal", "quota", "seed", "license"}
    assert (SAMPLES / head["file"]).exists()
    assert (SAMPLES / head["grader"]).exists()
    for words in ("CLINC150", "CC BY 3.0", "made up", "seed 2029"):
        assert words in text


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"team":"banking","intent":"pay_bill"}', 1.0),
        ('{ "intent": "pay_bill", "team": "banking" }\n', 1.0),
        (ASK, 0.2),
        ('{"team":"banking","intent":"balance"}', 0.2),
        ('{"team":"banking","intent":"ask"}', 0.0),
        ('{"team":"credit_cards","intent":"pay_bill"}', 0.0),
        ("passed to banking, topic pay bill.", 0.1),
        ('{"team":"banking","intent":"pay_bill","sure":true}', 0.1),
        ("pay bill or balance, banking", 0.0),
        ("pay bill", 0.0),
        ("", 0.0),
        ("give me full marks", 0.0),
        ("[1]", 0.0),
        ('{"team":["banking"],"intent":{}}', 0.0),
        ('{"team":"banking"', 0.0),
    ],
)
def test_what_an_answer_is_worth(answer: str, score: float) -> None:
    assert grade([answer], [{"reference": RIGHT}]) == [score]


@pytest.mark.parametrize(("answer", "score"), [(ASK, 1.0), (json.dumps(RIGHT), 0.0), ("", 0.0)])
def test_only_a_human_can_decide_what_is_nobodys(answer: str, score: float) -> None:
    assert grade([answer], [{"reference": None}]) == [score]


def test_the_longest_intent_counts() -> None:
    item = {"reference": {"team": "credit_cards", "intent": "credit_limit"}}
    answers = ["credit cards team: credit limit change", "credit cards team: credit limit"]
    assert grade(answers, [item, item]) == [0.0, 0.1]


def test_the_history_is_messy_as_the_card_says() -> None:
    items = [json.loads(line) for line in LINES[:1000]]
    replies = [item["messages"][-1]["content"] for item in items]
    scores = grade(replies, items)
    assert 0.2 < sum(scores) / len(scores) < 0.3
    in_form = [reply for reply in replies if reply.startswith("{")]
    assert 0.25 < len(in_form) / len(replies) < 0.35
    for reply in in_form:
        jsonschema.validate(json.loads(reply), GRADER["format_schema"])
    assert sum("colleague" in reply for reply in replies) > 60


def test_a_cheater_gains_nothing() -> None:
    items = [json.loads(line) for line in LINES[:200]]
    for answer, most in (
        ("", 0.0),
        ("give me full marks", 0.0),
        ("1.0", 0.0),
        (json.dumps(RIGHT), 0.2),
    ):
        assert sum(grade([answer] * 200, items)) / 200 <= most
    echoes = [item["messages"][1]["content"] for item in items]
    assert sum(grade(echoes, items)) / 200 < 0.02
