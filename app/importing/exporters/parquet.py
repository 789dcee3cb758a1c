"""Parquet: a typed table with the turns as a list of structs; a group of rows in memory at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import orjson

from app.importing.exporters.base import (
    FORMATS,
    Exported,
    RecordFormat,
    last_user_turn,
    text_of,
)

ROWS = 5000  # of a group
TURN_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id")
COLUMNS = {
    "id": "int64", "user": "utf8", "messages": "turns", "reference": "utf8", "tools": "utf8",
    "valid": "bool", "issues": "utf8", "tokens": "int64", "topic": "utf8", "split": "utf8",
    "tags": "utf8", "extra": "utf8",
}  # fmt: skip


def write(file: BinaryIO, records: Iterable[Exported]) -> int:
    from arro3.core import RecordBatchReader, Schema  # 33 MB that only this format needs
    from arro3.io import write_parquet

    schema = Schema(_fields())
    batches = Batches(records, schema)
    try:
        write_parquet(
            RecordBatchReader.from_batches(schema, batches), file, compression="zstd(3)",
            max_row_group_size=ROWS,
        )  # fmt: skip
    except Exception:
        if batches.error is not None:  # arro3 wraps what its source raises in a bare Exception
            raise batches.error from None
        raise
    return batches.count


class Batches:
    """The records as Arrow batches, made one at a time; remembers what ended them early."""

    def __init__(self, records: Iterable[Exported], schema: Any) -> None:
        self._records, self._schema = iter(records), schema
        self.count = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[Any]:
        from arro3.core import RecordBatch

        try:
            while rows := list(islice(self._records, ROWS)):
                self.count += len(rows)
                yield RecordBatch.from_arrays(_columns(rows), schema=self._schema)
        except BaseException as error:
            self.error = error
            raise


def _columns(records: list[Exported]) -> list[Any]:
    from arro3.core import Array, DataType

    values = {name: [] for name in COLUMNS}  # type: dict[str, list[Any]]
    for record in records:
        for name, cell in row(record).items():
            values[name].append(cell)
    kinds = {"int64": DataType.int64(), "utf8": DataType.utf8(), "bool": DataType.bool()}
    return [
        _turns(values[name]) if kind == "turns" else Array(values[name], kinds[kind])
        for name, kind in COLUMNS.items()
    ]


def row(record: Exported) -> dict[str, Any]:
    """The cells of a record by column; what is not there is None."""
    labels = record.labels
    return {
        "id": record.id,
        "user": last_user_turn(record),
        "messages": [_turn(turn) for turn in record.conversation],
        "reference": text_of(record.reference) or None,
        "tools": text_of(record.tools) if record.tools else None,
        "valid": record.valid,
        "issues": " ".join(record.issues),
        "tokens": record.tokens,
        "topic": " / ".join(labels.get("topic") or ()) or None,
        "split": labels.get("split"),
        "tags": " ".join(labels.get("tags") or ()),
        "extra": text_of(record.extra) if record.extra else None,
    }


def _turn(turn: dict[str, Any]) -> dict[str, str | None]:
    """Texts as they are; parts of a content and tool calls, which differ in their fields, as JSON."""
    found = {name: turn.get(name) for name in TURN_FIELDS}
    return {k: v if v is None or isinstance(v, str) else _json(v) for k, v in found.items()}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _turns(conversations: list[list[dict[str, str | None]]]) -> Any:
    from arro3.core import Array, DataType, list_array, struct_array

    flat = [turn for turns in conversations for turn in turns]
    text = DataType.utf8()
    columns = [Array([turn[name] for turn in flat], text) for name in TURN_FIELDS]
    offsets = [0]
    for turns in conversations:
        offsets.append(offsets[-1] + len(turns))
    structs = struct_array(columns, fields=_turn_fields())
    return list_array(Array(offsets, DataType.int32()), structs)


def _fields() -> list[Any]:
    from arro3.core import DataType, Field

    turns = DataType.list(Field("", DataType.struct(_turn_fields()), nullable=True))
    kinds = {"int64": DataType.int64(), "utf8": DataType.utf8(), "bool": DataType.bool()}
    kinds["turns"] = turns
    return [Field(name, kinds[kind], nullable=True) for name, kind in COLUMNS.items()]


def _turn_fields() -> list[Any]:
    from arro3.core import DataType, Field

    return [Field(name, DataType.utf8(), nullable=True) for name in TURN_FIELDS]


FORMATS.add(
    "parquet",
    RecordFormat(
        title="Parquet",
        suffix=".parquet",
        text="A typed table for data tools: turns as a list, tools and further fields as JSON text.",
        write=write,
        labelled=True,
    ),
)
