"""Exports: imported, written and imported again a record is the same; each format holds what it says."""

import csv
import sqlite3
import tempfile
from array import array
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import InputError, Stopped
from app.importing.export import Export
from app.importing.formats.reader import read
from app.importing.records import ParsedRecord, RecordReader
from app.store.create import create_dataset

ROWS: list[dict[str, Any]] = [
    {
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi, “you”"}],
        "reply": {"role": "assistant", "content": "Hello\nthere"},
        "reference": '"greet"',
        "extra": {"expected": "greet", "lang": "en"},
        "split": "train",
        "tags": "vip",
        "topic_id": 2,
    },
    {
        "messages": [{"role": "user", "content": "2 + 2"}],
        "reference": "4",
        "tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}],
    },
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}]}]},
    {
        "messages": [],
        "valid": False,
        "issues": [{"code": "no_messages", "severity": "error", "text": "None."}],
    },
]  # fmt: skip


def quiet(done: int, total: int, words: str) -> None:
    """Nobody looks."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, ROWS, {"name": "t"})
    into = "INSERT INTO topic(id, parent_id, name, description, position, locked, color) "
    with closing(sqlite3.connect(path)) as db:
        db.execute(into + "VALUES (1, NULL, 'Talk', '', 0, 0, 0), (2, 1, 'Hello', '', 0, 0, 0)")
        db.commit()
    return path


def export(database: Path, format: str, **more: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    out = database.with_name("out.jsonl")
    counts = Export(database=database, out=out, format=format, **more).run(quiet)
    assert [path.name for path in out.parent.glob(".*.part")] == []
    return [orjson.loads(line) for line in out.read_bytes().splitlines()], counts


def test_chat_holds_everything(database: Path) -> None:
    rows, counts = export(database, "chat")
    assert counts == {"written": 4, "left_out": 0}
    assert rows[0] == {
        "expected": "greet",
        "lang": "en",
        "messages": [*ROWS[0]["messages"], ROWS[0]["reply"]],
    }
    assert rows[1] == {
        "messages": ROWS[1]["messages"], "tools": ROWS[1]["tools"], "reference": 4,
    }  # fmt: skip


def test_labels_are_added_when_asked_for(database: Path) -> None:
    rows, _ = export(database, "chat", labels=True)
    assert (rows[0]["topic"], rows[0]["split"], rows[0]["tags"]) == (
        ["Talk", "Hello"],
        "train",
        ["vip"],
    )
    assert "topic" not in rows[1]


def test_rft_items_are_prompts_with_fields(database: Path) -> None:
    rows, counts = export(database, "rft")
    assert counts == {"written": 3, "left_out": 1}
    assert rows[0]["messages"] == ROWS[0]["messages"]
    assert (rows[0]["reference"], rows[0]["lang"]) == ("greet", "en")
    assert all(row["messages"][-1]["role"] == "user" for row in rows)


def test_sft_ends_with_the_reply_else_with_the_reference(database: Path) -> None:
    rows, counts = export(database, "sft")
    assert counts == {"written": 2, "left_out": 2}
    assert [row["messages"][-1]["content"] for row in rows] == ["Hello\nthere", "4"]


def test_only_chosen_records_in_their_order(database: Path) -> None:
    rows, counts = export(database, "chat", ids=array("q", [2, 1]))
    assert counts["written"] == 2
    assert [row.get("reference") for row in rows] == [4, None]
    assert export(database, "chat", ids=array("q"))[1]["written"] == 0


def test_csv_is_read_by_spreadsheets_and_by_the_import(database: Path) -> None:
    out = database.with_name("out.csv")
    Export(database=database, out=out, format="csv").run(quiet)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert (rows[0]["user"], rows[0]["topic"], rows[0]["split"]) == (
        "Hi, “you”",
        "Talk / Hello",
        "train",
    )
    again = records(out)
    assert [turn.text for turn in again[0].messages] == ["Be kind.", "Hi, “you”"]
    assert again[0].reply is not None
    assert again[0].reply.text == "Hello\nthere"


def test_parquet_keeps_the_turns_as_a_list(database: Path) -> None:
    out = database.with_name("out.parquet")
    counts = Export(database=database, out=out, format="parquet").run(quiet)
    assert counts == {"written": 4, "left_out": 0}
    again = records(out)
    assert [turn.text for turn in again[0].messages] == ["Be kind.", "Hi, “you”"]
    assert again[0].reference == "greet"
    values = [line.value for line in read(out)]
    assert values[0] is not None
    assert values[0]["topic"] == "Talk / Hello"


@pytest.mark.parametrize("format", ["chat", "csv", "parquet"])
def test_a_stopped_export_leaves_the_file_that_was_there(database: Path, format: str) -> None:
    out = database.with_name("out.any")
    out.write_text("before")

    def stop(done: int, total: int, words: str) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        Export(database=database, out=out, format=format).run(stop)
    assert out.read_text() == "before"
    assert list(out.parent.glob(".*.part")) == []


def test_a_place_that_cannot_be_written_is_named(database: Path) -> None:
    with pytest.raises(InputError, match="no record format"):
        Export(database=database, out=database.with_name("x"), format="docx").run(quiet)
    with pytest.raises(InputError, match="is a folder"):
        Export(database=database, out=database.parent).run(quiet)
    with pytest.raises(InputError, match="cannot be written"):
        Export(database=database, out=database.parent / "none" / "x.jsonl").run(quiet)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROLE = st.sampled_from(["system", "user", "assistant", "tool"])
SCALAR = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXT
VALUE = SCALAR | st.lists(SCALAR, max_size=3) | st.dictionaries(TEXT, SCALAR, max_size=2)
TURN = st.fixed_dictionaries({"role": ROLE, "content": TEXT | st.none()}, optional={"name": TEXT})
NAMES = st.sampled_from(["reference", "answer", "expected", "lang", "topic", "split", "id"])
RECORD = st.fixed_dictionaries({"messages": st.lists(TURN, max_size=4)}).flatmap(
    lambda row: st.dictionaries(NAMES, VALUE, max_size=3).map(lambda more: {**more, **row})
)
Same = tuple[Any, ...]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(RECORD, min_size=1, max_size=5))
def test_import_export_import_gives_equal_records(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.jsonl"
        first.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
        found = records(first)
        if not found:
            return
        database = Path(folder) / "dataset.sqlite"
        create_dataset(database, [stored(record) for record in found], {"name": "t"})
        second = Path(folder) / "second.jsonl"
        Export(database=database, out=second).run(quiet)
        assert [same(record) for record in records(second)] == [same(record) for record in found]


def records(path: Path) -> list[ParsedRecord]:
    reader = RecordReader()
    made = (reader.read(line) for line in read(path) if not line.blank)
    return [record for record in made if isinstance(record, ParsedRecord)]


def same(record: ParsedRecord) -> Same:
    reply = record.reply.model_dump(exclude_none=True) if record.reply else None
    turns = [turn.model_dump(exclude_none=True) for turn in record.messages]
    return turns, record.tools, record.reference, reply, record.extra, record.content_hash


def stored(record: ParsedRecord) -> dict[str, Any]:
    turns, tools, reference, reply, extra, digest = same(record)
    return {
        "messages": turns,
        "tools": list(tools),
        "reference": orjson.dumps(reference).decode(),
        "reply": orjson.dumps(reply).decode(),
        "extra": extra,
        "content_hash": digest,
        "valid": record.valid,
        "issues": [found.model_dump() for found in record.issues],
    }
