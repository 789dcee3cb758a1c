"""Which column of a file of unknown shape is what part of a record; opens no file of records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import InputError
from app.importing.lines import Line
from app.workers import write_atomic

Part = Literal["messages", "system", "user", "reply", "reference", "tools", "keep", "leave"]
PARTS: tuple[Part, ...] = get_args(Part)
ALIASES: dict[str, Part] = {
    "assistant": "reply",
    "answer": "reply",
    "prompt": "user",
    "drop": "leave",
}
# What people call these columns; the first name that a file has is the guess.
NAMES: dict[Part, tuple[str, ...]] = {
    "messages": ("messages", "conversation", "conversations", "chat", "dialog", "dialogue", "turns"),
    "user": (
        "user", "question", "prompt", "query", "input", "instruction", "utterance", "request",
        "user_message", "human", "text", "sentence", "problem", "body", "message", "content",
    ),
    "reply": (
        "assistant", "reply", "response", "completion", "output", "generation", "bot",
        "assistant_message", "model_output",
    ),
    "reference": (
        "reference", "answer", "reference_answer", "ground_truth", "expected", "expected_answer",
        "expected_output", "target", "gold", "solution", "label", "intent", "category", "class",
    ),
    "system": ("system", "system_prompt", "context", "persona"),
    "tools": ("tools", "functions"),
}  # fmt: skip
LONG_ENOUGH = 3  # words on average, by which a column of texts is taken for what a user says
FILE = "mappings.json"
MAPPINGS_KEPT = 100


class ColumnMapping(BaseModel):
    """A part for each column; a column that is not named is kept for the grader."""

    model_config = ConfigDict(frozen=True)

    columns: dict[str, Part]

    def of(self, part: Part) -> list[str]:
        """The columns of this part, in the order of the file."""
        return [name for name, chosen in self.columns.items() if chosen == part]

    def missing(self) -> str:
        """Why no record can come of it; "" when some can."""
        if self.of("user") or self.of("messages"):
            return ""
        return "No column is what the user says. Choose one as user text, or one as messages."

    def apply(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A row in the OpenAI chat form. Several columns of user text are joined by a blank line."""
        turns = list(self._turns(value))
        made: dict[str, Any] = {
            name: cell for name, cell in value.items() if self.columns.get(name, "keep") == "keep"
        }
        for name in self.of("reference"):
            if "reference" not in made and value.get(name) is not None:
                made["reference"] = value[name]
        for name in self.of("tools"):
            made["tools"] = parsed(value.get(name))
        return {**made, "messages": turns}

    def lines(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines with their objects in chat form."""
        for line in lines:
            yield line if line.value is None else line._replace(value=self.apply(line.value))

    def _turns(self, value: Mapping[str, Any]) -> Iterator[Any]:
        if system := _joined(value, self.of("system")):
            yield {"role": "system", "content": system}
        for name in self.of("messages"):
            turns = parsed(value.get(name))
            yield from turns if isinstance(turns, list) else [{"role": "user", "content": turns}]
        if columns := self.of("user"):
            yield {"role": "user", "content": _joined(value, columns)}
        if reply := _joined(value, self.of("reply")):
            yield {"role": "assistant", "content": reply}


def read_mapping(text: str) -> ColumnMapping:
    """`user=question,reference=answer`: a part and its column; raises InputError naming what is wrong."""
    columns: dict[str, Part] = {}
    for item in text.split(","):
        name, sign, column = (piece.strip() for piece in item.partition("="))
        part = ALIASES.get(name.lower(), name.lower())
        if not sign or not column or part not in PARTS:
            raise InputError(
                f"--map: {item.strip()!r} is not PART=COLUMN. Parts are {', '.join(PARTS)}. "
                "Example: user=question,reference=answer."
            )
        columns[column] = part
    mapping = ColumnMapping(columns=columns)
    if wrong := mapping.missing():
        raise InputError(f"--map: {wrong}")
    return mapping


def guess(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> ColumnMapping:
    """By the columns' names; where none is known, the first with sentences is what the user says."""
    known = {name.strip().lower().replace(" ", "_"): name for name in reversed(columns)}
    found: dict[str, Part] = {}
    for part, names in NAMES.items():
        column = next((known[name] for name in names if name in known), None)
        if column is not None and column not in found and not (part == "user" and found):
            found[column] = part
    if not {"user", "messages"} & set(found.values()):
        rest = [name for name in columns if name not in found]
        column = next((name for name in rest if _speaks(rows, name)), None)
        if column is not None:
            found[column] = "user"
    return ColumnMapping(columns={name: found.get(name, "keep") for name in columns})


def remembered(home: Path, columns: Iterable[str]) -> ColumnMapping | None:
    """What was chosen last for a file with these columns."""
    found = _all(home).get(_key(columns))
    return ColumnMapping(columns=found) if found else None


def remember(home: Path, mapping: ColumnMapping) -> None:
    """Offer this mapping again for the same columns."""
    known = _all(home)
    key = _key(mapping.columns)
    known.pop(key, None)
    known[key] = mapping.columns
    kept = dict(list(known.items())[-MAPPINGS_KEPT:])
    write_atomic(home / FILE, orjson.dumps(kept, option=orjson.OPT_INDENT_2))


def parsed(value: Any) -> Any:
    """A cell that holds JSON as text, read; any other as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _all(home: Path) -> dict[str, dict[str, Part]]:
    try:
        found = orjson.loads((home / FILE).read_bytes())
        return {key: ColumnMapping(columns=columns).columns for key, columns in found.items()}
    except (OSError, ValueError, AttributeError, ValidationError):
        return {}  # none yet, or not ours any more: guesses are made instead


def _key(columns: Iterable[str]) -> str:
    return orjson.dumps(sorted(columns)).decode()


def _joined(value: Mapping[str, Any], columns: Iterable[str]) -> str:
    texts = [_text(value.get(name)) for name in columns]
    return "\n\n".join(text for text in texts if text.strip())


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _speaks(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    texts = [row[column] for row in rows if isinstance(row.get(column), str)]
    return bool(texts) and sum(len(text.split()) for text in texts) >= LONG_ENOUGH * len(texts)
