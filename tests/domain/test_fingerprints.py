"""Fingerprints: content decides, order and undo do not."""

import itertools

from app.domain.fingerprints import (
    Fingerprint,
    RecordSet,
    coverage,
    digest,
    dry_run,
    of_records,
    of_topics,
    of_value,
)

ROWS = [("a", "train", ""), ("b", "test", ""), ("b", "test", ""), ("c", None, "x")]


def test_order_does_not_matter_but_content_and_number_do() -> None:
    prints = {of_records(p) for p in itertools.permutations(ROWS)}
    assert len(prints) == 1
    assert of_records(ROWS[:3]) not in prints
    assert of_records([*ROWS[:2], ROWS[3]]) not in prints  # a duplicate counts
    assert of_records([("a", "test", ""), *ROWS[1:]]) not in prints
    assert len(prints.pop()) == 32


def test_adding_and_removing_undo_each_other() -> None:
    records = RecordSet()
    empty = records.text
    records.add("a", split="train")
    before = records.text
    records.add("b", split="test", topic="Cards")
    assert records.text != before
    records.remove("b", split="test", topic="Cards")
    assert records.text == before
    records.remove("a", split="train")
    assert records.text == empty


def test_parts_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a", "") != digest("a")
    assert digest("\ud800") == digest("\ud800")  # a lone surrogate in a record is no crash


def test_trees_and_configs() -> None:
    tree = [(("Cards",), ""), (("Cards", "Lost"), "gone"), (("Money",), "")]
    assert of_topics(tree) == of_topics(reversed(tree))
    assert of_topics(tree) != of_topics([*tree[:2], (("Cash",), "")])
    assert of_value({"a": 1, "b": [2]}) == of_value({"b": [2], "a": 1})
    assert of_value({"a": 1}) != of_value({"a": 2})


def test_a_stale_result_says_what_changed() -> None:
    made = dry_run(records="r1", grader="g1", base_model="m")
    assert made.changed(dry_run(records="r1", grader="g1", base_model="m")) == []
    assert made.changed(dry_run(records="r2", grader="g2", base_model="m")) == [
        "the records",
        "the grader",
    ]
    assert Fingerprint.model_validate_json(made.model_dump_json()) == made
    assert coverage(records="r", topics="t", targets=None).text != made.text
