"""The strategies by name; without a model: moves, weights and the writing list."""

import csv
import io

import numpy as np
import pytest

from app.errors import InputError
from app.generation.base import strategies, strategy
from app.generation.moves import Assignment, propose_moves
from app.generation.weights import topic_weights
from app.generation.writing_list import as_csv, as_markdown

NAMES = ["few_shot", "message_variation", "scenario_expansion", "tool_chain", "topic_description"]


def test_the_five_strategies_are_known() -> None:
    assert [s.name for s in strategies()] == NAMES
    assert all(s.title and s.description for s in strategies())
    assert all(s.prompt_version.startswith(f"{s.name}/") for s in strategies())
    with pytest.raises(InputError, match="message_variation"):
        strategy("paraphrase")


def assignment(record_id: int, topic: str | None, p: float, **alternatives: float) -> Assignment:
    return Assignment(record_id=record_id, topic=topic, probability=p, alternatives=alternatives)


def test_moves_come_from_review_and_uncategorised_only() -> None:
    found = propose_moves(
        [
            assignment(1, None, 0.0, thin=0.6),
            assignment(2, "big", 0.4, thin=0.35),
            assignment(3, "big", 0.9, thin=0.08),
            assignment(4, "big", 0.45, thin=0.05),
            Assignment(
                record_id=5,
                topic="big",
                probability=0.3,
                confirmed=True,
                alternatives={"thin": 0.7},
            ),
            assignment(6, "thin", 0.4, other_thin=0.5),
        ],
        {"thin": 5, "other_thin": 5, "full": 0},
    )
    assert [(m.record_id, m.source, m.target) for m in found] == [
        (1, None, "thin"),
        (2, "big", "thin"),
    ]


def test_moves_stop_at_the_need_and_at_what_can_be_spared() -> None:
    many = [assignment(i, "big", 0.3, thin=0.3 + i / 100) for i in range(10)]
    assert [m.record_id for m in propose_moves(many, {"thin": 3})] == [9, 8, 7]
    assert len(propose_moves(many, {"thin": 9}, spare={"big": 2})) == 2
    both = [assignment(1, None, 0.0, a=0.5, b=0.4)]
    assert [m.target for m in propose_moves(both, {"a": 1, "b": 1})] == ["a"]


def test_weights_have_mean_one_and_limits() -> None:
    weights = topic_weights({"big": 300, "small": 100})
    assert weights == pytest.approx({"big": 2 / 3, "small": 2.0})
    assert topic_weights({"a": 5, "b": 5}, "as_imported") == {"a": 1.0, "b": 1.0}
    assert topic_weights({"a": 10, "old": 10}, {"a": 1}) == pytest.approx({"a": 1.0, "old": 0.0})
    assert topic_weights({"a": 0, "b": 0}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("seed", range(10))
def test_weights_stay_bounded(seed: int) -> None:
    counts = {str(i): int(n) for i, n in enumerate(np.random.default_rng(seed).integers(0, 900, 9))}
    weights = topic_weights(counts)
    total = sum(counts.values())
    assert sum(weights[t] * n for t, n in counts.items()) == pytest.approx(total)
    assert all(w >= 0 for w in weights.values())
    used = [weights[t] for t, n in counts.items() if n]
    assert max(used) / min(used) <= 16 + 1e-9


def test_the_writing_list_shows_examples_as_text() -> None:
    text = as_markdown({"Interest": 12, "Fees": 2, "Full": 0}, {"Interest": ["What *rate*?\n<b>x"]})
    assert text.index("## Interest: write 12 more records") < text.index("## Fees")
    assert "> What \\*rate\\*? \\<b\\>x" in text
    assert "No example yet." in text
    assert "Full" not in text
    assert as_markdown({"Full": 0}, {}) == ""


def test_the_csv_has_a_row_per_record_and_runs_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv({"Fees": 2}, {"Fees": ["=1+1", 'a, "b"']}))))
    assert rows[0][:2] == ["topic", "prompt"]
    assert rows[1:] == [["Fees", "", "'=1+1", 'a, "b"', ""]] * 2
