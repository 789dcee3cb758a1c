"""Between a record's values and its two rows in a dataset file: the one place that encodes them."""

import hashlib
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from app.domain.records import Issue, Message, preview_of
from app.domain.records import Record as RecordValue
from app.domain.validation import flags_of
from app.store.tables import Body, Record, columns_of

RECORD_COLUMNS = tuple(columns_of(Record))  # `id` first
BODY_COLUMNS = tuple(columns_of(Body))  # `record_id` first
TEXTS = BODY_COLUMNS[1:]
JSON_COLUMNS = (*TEXTS, "issues", "alternatives")
DEFAULTS = {f.column_name: f.default for t in (Record, Body) for f in t._meta.sorted_fields}


# What an import finds out of a record; all else of it is as in every new record.
IMPORTED_COLUMNS = (
    "line", "source", "split", "valid", "flags", "content_hash", "cluster", "tokens", "turns",
    "has_tools", "has_reply", "has_reference", "length", "preview", "issues",
)  # fmt: skip


def _insert(table: str, columns: Sequence[str], given: Sequence[str] | None = None) -> str:
    """A statement with a mark for each column; of those not `given`, with its default itself."""
    marks = ["?" if given is None or c in given else _literal(DEFAULTS[c]) for c in columns]
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES ({', '.join(marks)})"


def _literal(default: str | float | None) -> str:
    if default is None:
        return "NULL"  # as an id: the next one
    return f"'{default}'" if isinstance(default, str) else str(default)


INSERT_RECORD, INSERT_BODY = _insert("record", RECORD_COLUMNS), _insert("body", BODY_COLUMNS)
# Values that are the same in all rows take half of the time when they are bound for each.
INSERT_IMPORTED = _insert("record", RECORD_COLUMNS, IMPORTED_COLUMNS)
INSERT_TEXTS = _insert("body", BODY_COLUMNS, TEXTS)


def rows_of(record_id: int, row: Mapping[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The tuples for RECORD_COLUMNS and BODY_COLUMNS; what is not given is derived or a default.

    `row` holds plain values by column name. A text in a JSON column is JSON already and stays as it
    is; other values are encoded.
    """
    texts = {k: v for k, v in row.items() if k in JSON_COLUMNS and isinstance(v, str)}
    known = {**row, **{k: orjson.loads(v) for k, v in texts.items()}}
    keys = {"id": record_id, "record_id": record_id}
    values = {**DEFAULTS, **derived(known), **plain(known), **texts, **keys}
    return tuple(values[c] for c in RECORD_COLUMNS), tuple(values[c] for c in BODY_COLUMNS)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as SQLite keeps them."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in JSON_COLUMNS:
            found[name] = encode(value)
        elif name == "content_hash":
            found[name] = hash_of(value)
        elif name == "tags":
            found[name] = tags_text(value)
        elif name == "preview":
            found[name] = preview_of(value)
        else:
            found[name] = value
    return found


def derived(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the narrow row says of those wide texts and issues that are given."""
    found: dict[str, Any] = {}
    if "messages" in row:
        turns = [m if isinstance(m, Message) else Message(**m) for m in row["messages"]]
        record = RecordValue(id=0, messages=tuple(turns))
        found |= {"turns": record.turns, "length": record.length}
        found["preview"] = preview_of(record.last_user_turn)
    for name in ("tools", "reply"):
        if name in row:
            found[f"has_{name}"] = bool(row[name])
    if "reference" in row:
        found["has_reference"] = row["reference"] is not None
    if "issues" in row:
        codes = [i.code if isinstance(i, Issue) else i["code"] for i in row["issues"]]
        found["flags"] = flags_of(codes)
    return found


def value_of(row: Mapping[str, Any]) -> RecordValue:
    """A record from the columns of both tables by name."""
    decoded = {name: orjson.loads(row[name]) for name in (*TEXTS, "issues")}
    reply = decoded["reply"]
    more = {k: row[k] for k in row if k in RecordValue.model_fields and k not in decoded}
    more |= {"content_hash": bytes(row["content_hash"]).hex(), "tags": tags_of(row["tags"])}
    return RecordValue(
        **more,
        messages=tuple(Message(**m) for m in decoded["messages"]),
        tools=tuple(decoded["tools"]),
        reference=decoded["reference"],
        reply=Message(**reply) if reply else None,
        extra=decoded["extra"],
        issues=tuple(Issue(**i) for i in decoded["issues"]),
    )


def encode(value: Any) -> str:
    """JSON text; models without what they do not say."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, list | tuple):
        value = [v.model_dump(exclude_none=True) if isinstance(v, BaseModel) else v for v in value]
    return orjson.dumps(value).decode()


def hash_of(text: str | bytes) -> bytes:
    """The 16 bytes of a content hash; a text that is no hash is hashed, "" stays without one."""
    if isinstance(text, bytes) or not text:
        return text or b""
    if len(text) == 32 and set(text) <= set(string.hexdigits):
        return bytes.fromhex(text)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def tags_text(words: str | Iterable[str]) -> str:
    """Tags as stored: each once, in order, with blanks around; "" for none."""
    found = words.split() if isinstance(words, str) else [w for each in words for w in each.split()]
    return f" {' '.join(dict.fromkeys(found))} " if found else ""


def tags_of(text: str) -> tuple[str, ...]:
    return tuple(text.split())
