"""A file whose rows are in no known form: its first rows, for the one who can say what they mean."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import InputError
from app.importing.lines import Line
from app.importing.shapes import recognise

ROWS = 20  # looked at, and shown
CELL_CHARS = 2000  # of a text that is shown
CELL_BYTES = 20_000  # of a list or object; a larger one is only named


class Sample(BaseModel):
    """The columns of the first rows, in their order, and those rows with long texts cut."""

    columns: list[str]
    rows: list[dict[str, Any]]


class UnknownShapeError(InputError):
    """No form is recognised; `sample` is what a mapping can be chosen from."""

    def __init__(self, sample: Sample, name: str = "The file") -> None:
        self.sample = sample
        columns = ", ".join(sample.columns[:12]) or "none"
        super().__init__(
            f"{name}: the shape of its records is not recognised. Columns: {columns}. Say which "
            "column is what, for example --map user=question,reference=answer."
        )


@dataclass
class Unrecognised:
    """Counts the rows of unknown shape until it is certain that the file has one."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def note(self, line: Line, *, records: int) -> None:
        """A line that made no record. Raises UnknownShapeError when the first rows are all like it."""
        if records or line.value is None or len(self.rows) >= ROWS:
            return
        found = recognise(line.value)
        if getattr(found, "code", "") != "unknown_shape":
            return
        self.rows.append({name: _short(cell) for name, cell in line.value.items()})
        if len(self.rows) == ROWS:
            self.refuse()

    def refuse(self) -> None:
        """Raise UnknownShapeError when there was any such row."""
        if self.rows:
            columns = list(dict.fromkeys(name for row in self.rows for name in row))
            raise UnknownShapeError(Sample(columns=columns, rows=self.rows))


def _short(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell[:CELL_CHARS]
    if isinstance(cell, (list, dict)) and len(orjson.dumps(cell)) > CELL_BYTES:
        return f"[{len(cell)} values]"
    return cell
