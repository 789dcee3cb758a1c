"""What kind of records these are: turns, tools, replies, references and their form; no advice."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.domain.records import Record

ReferenceKind = Literal["json", "number", "label", "short", "long", "none"]

_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?\s*%?")
_LABEL_CHARS = 60  # a label is a name, not a sentence
_LABEL_REPEAT = 2.0  # each label stands for at least two records on average
_SHORT_CHARS = 200
_MOST = 0.8  # a form holds for the data when this share of the references has it
_FIELD_VALUES = 50  # more values than this are free text, not a choice


class Field(BaseModel):
    """One key of JSON references: how often it is there and, if they are few, its values."""

    model_config = ConfigDict(frozen=True)

    name: str
    share: float
    types: tuple[str, ...]
    values: tuple[str, ...] = ()


class RecordStats(BaseModel):
    """Counts over valid records, and how many lie outside them."""

    model_config = ConfigDict(frozen=True)

    valid: int = 0
    invalid: int = 0
    duplicates: int = 0
    near_duplicates: int = 0
    multi_turn: int = 0
    with_tools: int = 0
    with_system: int = 0
    replies: int = 0
    references: int = 0
    reference_kind: ReferenceKind = "none"
    fields: tuple[Field, ...] = ()
    labels: tuple[str, ...] = ()
    reply_chars: float = 0
    reference_chars: float = 0
    wants_json: bool = False


def record_stats(records: Iterable[Record]) -> RecordStats:
    """Describe records (or a sample of them); one pass, nothing is kept of their text."""
    found = list(records)
    valid = [r for r in found if r.valid]
    codes = Counter(code for r in found for code in {i.code for i in r.issues})
    references = [r.reference for r in valid if r.reference is not None]
    kind, fields, labels = describe_references(references)
    systems = [m.text for r in valid for m in r.messages if m.role in {"system", "developer"}]
    return RecordStats(
        valid=len(valid),
        invalid=len(found) - len(valid),
        duplicates=codes["duplicate"],
        near_duplicates=codes["near_duplicate"],
        multi_turn=sum(sum(m.role == "user" for m in r.messages) > 1 for r in valid),
        with_tools=sum(bool(r.tools) for r in valid),
        with_system=len(systems),
        replies=sum(bool(r.reply and r.reply.text) for r in valid),
        references=len(references),
        reference_kind=kind,
        fields=fields,
        labels=labels,
        reply_chars=_median([len(r.reply.text) for r in valid if r.reply and r.reply.text]),
        reference_chars=_median([len(_text(v)) for v in references]),
        wants_json=bool(systems) and sum("json" in s.lower() for s in systems) > len(systems) / 2,
    )


def _median(lengths: list[int]) -> float:
    return float(median(lengths)) if lengths else 0.0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def as_json(value: Any) -> dict[str, Any] | None:
    """The JSON object a reference is or holds as text, else None."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value.strip()))


def describe_references(
    references: list[Any],
) -> tuple[ReferenceKind, tuple[Field, ...], tuple[str, ...]]:
    """Their common form, the fields of JSON ones, and the names of labels (most frequent first)."""
    if not references:
        return "none", (), ()
    need = _MOST * len(references)
    objects = [o for v in references if (o := as_json(v)) is not None]
    if len(objects) >= need:
        return "json", _fields(objects), ()
    if sum(_is_number(v) for v in references) >= need:
        return "number", (), ()
    texts = [_text(v).strip() for v in references]
    counts = Counter(texts)
    if (
        sum(len(t) <= _LABEL_CHARS for t in texts) >= need
        and len(texts) >= _LABEL_REPEAT * len(counts)
        and len(counts) > 1
    ):
        return "label", (), tuple(label for label, _ in counts.most_common())
    return ("short" if _median([len(t) for t in texts]) <= _SHORT_CHARS else "long"), (), ()


_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def _fields(objects: list[dict[str, Any]]) -> tuple[Field, ...]:
    """The keys in the order they first appear, each with its JSON types and few values."""
    rows: dict[str, list[Any]] = {}
    for item in objects:
        for key, value in item.items():
            rows.setdefault(key, []).append(value)
    found = []
    for name, values in rows.items():
        types = {_TYPES.get(type(v), "null" if v is None else "object") for v in values}
        texts = Counter(v for v in values if isinstance(v, str))
        choice = types == {"string"} and len(texts) <= _FIELD_VALUES
        choice = choice and len(values) >= _LABEL_REPEAT * len(texts)
        found.append(
            Field(
                name=name,
                share=len(values) / len(objects),
                types=tuple(sorted(types)),
                values=tuple(sorted(texts)) if choice else (),
            )
        )
    return tuple(found)
