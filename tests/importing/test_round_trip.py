"""What an import accepts is in the dataset with the same meaning, whatever format brought it."""

import contextlib
import csv
import gzip
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.normalise import IDENTITY_FIELDS
from app.errors import InputError
from app.importing import worker as task
from tests.tasks import run_task

TEXT = st.text(max_size=20).filter(str.strip)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "é", "tags", *sorted(IDENTITY_FIELDS)])


def chat(pairs: list[tuple[str, str]], last: str, extra: dict[str, Any]) -> dict[str, Any]:
    turns = [t for q, a in pairs for t in (_turn("user", q), _turn("assistant", a))]
    return {"messages": [*turns, _turn("user", last)], **extra}


PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=2)
CHAT = st.builds(chat, PAIRS, TEXT, st.dictionaries(NAMES, VALUE, max_size=3))


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def imported(data: bytes, name: str = "in") -> list[dict[str, Any]]:
    """Import a file of these bytes and give out its records as a JSONL export would."""
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder) / name, Path(folder) / "dataset.sqlite"
        file.write_bytes(data)
        config = {"file": str(file), "database": str(database), "name": "n"}
        result = run_task(task, Path(folder) / "run", config)
        if "unrecognised" in result:
            return []
        db = sqlite3.connect(database)
        rows = db.execute("SELECT messages, reply, extra FROM body ORDER BY record_id").fetchall()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
    found = []
    for messages, reply, extra in ([json.loads(cell) for cell in row] for row in rows):
        found.append({"messages": messages + ([reply] if reply else []), **extra})
    return found


@given(st.lists(CHAT, min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_json_lines_and_arrays(chats: list[dict[str, Any]]) -> None:
    assert imported(b"\n".join(map(orjson.dumps, chats))) == chats
    assert imported(json.dumps(chats, indent=1).encode()) == chats
    assert imported(zstd.compress(json.dumps(chats).encode())) == chats


@given(st.lists(TEXT, min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_tables(texts: list[str]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["messages"])
    chats = [[_turn("user", text)] for text in texts]
    writer.writerows([[json.dumps(chat)] for chat in chats])
    assert imported(gzip.compress(out.getvalue().encode()), "a.csv.gz") == [
        {"messages": chat} for chat in chats
    ]


def test_every_shared_file_without_asking(shared_data: Callable[[str], Path]) -> None:
    for file in sorted(shared_data("data").glob("*.jsonl")):
        assert imported(file.read_bytes(), file.name), file.name
    for file in sorted(shared_data("data").glob("*.json")):  # of no record form
        with contextlib.suppress(InputError):
            assert imported(file.read_bytes(), file.name) == []
