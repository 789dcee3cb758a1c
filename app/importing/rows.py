"""A checked record as the two tuples the store takes; knows the order of its columns, opens no file."""

from functools import cache
from typing import Any

import orjson

from app.domain.records import Message, preview_of
from app.domain.validation import flags_of, issue
from app.importing.records import ParsedRecord

Row = tuple[Any, ...]
NO_ISSUES = "[]"


def record_row(
    *,
    line: int,
    split: str,
    content_hash: bytes,
    cluster: str,
    tokens: int,
    turns: int,
    length: int,
    preview: str,
    has_tools: bool = False,
    has_reply: bool = False,
    has_reference: bool = False,
    valid: bool = True,
    flags: int = 0,
    issues: str = NO_ISSUES,
    source: str = "imported",
) -> Row:
    """A row of `record` in the order of `app.store.rows.IMPORTED_COLUMNS`."""
    return (
        line, source, split, valid, flags, content_hash, cluster, tokens, turns, has_tools,
        has_reply, has_reference, length, preview, issues,
    )  # fmt: skip


@cache
def converted(shape: str) -> tuple[int, str]:
    """Flags and issues of a record without any fault that came in another form."""
    found = issue("converted", shape=shape)
    return flags_of([found.code]), text_of([found.model_dump()])


def rows_of(record: ParsedRecord) -> tuple[Row, Row]:
    """The rows of `record` and `body`, the latter in the order of `app.store.rows.TEXTS`."""
    texts = [message.text for message in record.messages]
    row = record_row(
        line=record.line,
        split=record.split,
        content_hash=bytes.fromhex(record.content_hash),
        cluster=record.cluster,
        tokens=record.tokens,
        turns=sum(message.role == "user" for message in record.messages),
        length=sum(map(len, texts)),
        preview=preview_of(record.last_user_turn),
        has_tools=bool(record.tools),
        has_reply=record.reply is not None,
        has_reference=record.reference is not None,
        valid=record.valid,
        flags=flags_of(found.code for found in record.issues),
        issues=text_of([found.model_dump() for found in record.issues]),
        source=record.source,
    )
    turns = [fields(message) for message in record.messages]
    reply = fields(record.reply) if record.reply else None
    parts = (turns, record.tools, record.reference, reply, record.extra)
    return row, tuple(map(text_of, parts))


def fields(message: Message) -> dict[str, Any]:
    return message.model_dump(exclude_none=True)


def text_of(value: Any) -> str:
    return orjson.dumps(value).decode()
