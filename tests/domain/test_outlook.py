"""The outlook card on real data: what it says, which graders it offers, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.outlook import Machine, goals, outlook, starter, suggest_graders
from app.domain.record_stats import RecordStats, describe_references, record_stats
from app.domain.records import Issue, Message, Record
from app.grading.base import Sample, open_grader, parse_grader
from app.paths import resource

LAPTOP = Machine(memory_gb=8, cores=2)


def record(i: int, *, reference: Any = None, reply: str = "", **extra: Any) -> Record:
    turn = Message(role="user", content=f"question {i}")
    answer = Message(role="assistant", content=reply) if reply else None
    return Record(id=i, messages=(turn,), reference=reference, reply=answer, **extra)


def sample_records(limit: int = 400) -> list[Record]:
    lines = resource("resources/samples/support_tickets.jsonl").read_text("utf-8").splitlines()
    found = []
    for i, line in enumerate(lines[:limit]):
        row = json.loads(line)
        turns = tuple(Message(**m) for m in row["messages"])
        found.append(Record(id=i, messages=turns[:-1], reply=turns[-1], reference=row["reference"]))
    return found


def test_the_sample_is_a_good_start() -> None:
    card = outlook(record_stats(sample_records()), LAPTOP)
    assert (card.word, card.tone) == ("Good start", "good")
    assert [c.title for c in card.cells] == ["Data", "Grader", "Base model", "Not here"]
    assert card.cells[0].text == "Single-turn, 400 valid, references on 260, replies on all."
    assert "references hold JSON" in card.cells[1].text
    assert card.starter.source == "replies"
    assert "Models from 1.7 B: 14 GB of memory needed, 8 free." in card.cells[3].text
    assert card.goals[0] == "Answer with the right team and intent, as JSON"


async def test_the_suggested_graders_are_real_and_reward_the_reference() -> None:
    for records in (
        sample_records(),
        [record(i, reference=str(i * 7)) for i in range(60)],
        [record(i, reference=["cards", "loans"][i % 2]) for i in range(60)],
        [record(i, reference=f"the answer is a phrase of its own, number {i}") for i in range(60)],
        [record(i, reference=f"a long text {i} " * 40) for i in range(60)],
    ):
        advice = suggest_graders(records)
        assert advice.suggestions
        for suggestion in advice.suggestions:
            config = parse_grader(suggestion.config)
            item = next(item for r in records if (item := r.item())["reference"] is not None)
            want = item["reference"]
            text = want if isinstance(want, str) else json.dumps(want)
            async with open_grader(config) as grader:
                right, wrong = await grader.grade(
                    [(Sample(output_text=text), item), (Sample(output_text="zzz"), item)]
                )
            assert right.score == pytest.approx(1.0), suggestion
            assert (wrong.score or 0) < 0.5, suggestion


@pytest.mark.parametrize(
    ("references", "kind"),
    [
        ([], "none"),
        (["24", "1,000", "-3.5", "12 %"], "number"),
        ([3, 4.5], "number"),
        ([True, False, True, True], "label"),
        ([{"a": 1}, '{"a": 2}'], "json"),
        (["yes", "no", "yes", "no"], "label"),
        (["Paris", "Rome", "Oslo"], "short"),
        (["x" * 900, "y" * 800], "long"),
        (["{not json", "{neither"], "short"),
    ],
)
def test_reference_kinds(references: list[Any], kind: str) -> None:
    assert describe_references(references)[0] == kind


def test_without_replies_or_references_the_starter_is_refused_with_offers() -> None:
    stats = record_stats([record(i) for i in range(200)])
    found = starter(stats)
    assert not found.possible
    assert len(found.offers) == 3
    card = outlook(stats, LAPTOP)
    assert card.tone == "bad"
    assert "connect a model endpoint or write 50 replies" in card.cells[2].text
    assert starter(RecordStats(valid=99, replies=10, references=60)).source == "references"
    assert starter(RecordStats(valid=99, replies=50, references=60)).source == "replies"


def test_problems_are_said() -> None:
    bad = Issue(code="last_not_user", severity="error", text="")
    stats = record_stats(
        [record(i, reply="fine " * 100) for i in range(60)]
        + [record(100 + i, issues=(bad,)) for i in range(40)]
    )
    card = outlook(stats, LAPTOP)
    assert (stats.valid, stats.invalid) == (60, 40)
    assert card.tone == "warn"
    assert "40 records invalid, kept aside. Very few" in card.cells[0].text
    assert "a pretrained model will do better" in card.cells[2].text
    assert outlook(RecordStats(), LAPTOP).cells[0].text == "No valid record yet. View the issues."


def test_number_problems(shared_data: Callable[[str], Path]) -> None:
    lines = shared_data("data/gsm8k_500.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    stats = record_stats([record(i, reference=r["reference_answer"]) for i, r in enumerate(rows)])
    assert stats.reference_kind == "number"
    assert goals(stats) == ("Solve each problem and give the right number",)
