"""The input files of training workers: one JSON object a line, read strictly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from app.errors import TrainingError
from app.training.base import Prompt
from app.training.starter import Row

T = TypeVar("T")


def read_prompts(path: Path) -> list[Prompt]:
    """Lines `{"id", "messages", "tools", "item"}`; raises TrainingError naming a broken line."""
    return _read(path, _prompt)


def read_rows(path: Path) -> list[Row]:
    """Lines `{"messages", "tools", "target"}`; raises TrainingError naming a broken line."""
    return _read(path, _row)


def _prompt(data: dict[str, Any]) -> Prompt:
    tools, item = data.get("tools") or (), data.get("item") or {}
    return Prompt(str(data["id"]), tuple(data["messages"]), tuple(tools), item)


def _row(data: dict[str, Any]) -> Row:
    return Row(tuple(data["messages"]), str(data["target"]), tuple(data.get("tools") or ()))


def _read(path: Path, parse: Callable[[dict[str, Any]], T]) -> list[T]:
    rows = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(_parsed(path, number, line, parse))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}.") from None
    return rows


def _parsed(path: Path, number: int, line: bytes, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        return parse(orjson.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"Line {number} of {path.name} is not as expected: {error}.") from None
