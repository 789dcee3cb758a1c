"""The diary of a run: what was asked for and each answer as it ended, on the disk before it counts.

A run that was killed is read from here, so that nothing finished is asked, or paid, again.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter


class Slot(BaseModel):
    """One request of a wave: `count` records for a topic from these seeds (record ids)."""

    model_config = ConfigDict(frozen=True)

    key: str
    topic_id: int
    count: int
    seeds: tuple[int, ...] = ()
    avoid: tuple[str, ...] = ()


class Answered(BaseModel):
    """How a request ended. `seeds` are those it was really given. `text` is empty and `error` a sentence
    where there was no usable answer."""

    model_config = ConfigDict(frozen=True)

    key: str
    seeds: tuple[int, ...] = ()
    text: str = ""
    error: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    model: str = ""


_SLOTS = TypeAdapter(list[Slot])


class Journal:
    """`waves` and `answers` are what the file holds; a last line that was cut off is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = asyncio.Lock()
        self.waves: list[list[Slot]] = []
        self.answers: dict[str, Answered] = {}

    async def load(self) -> None:
        """Read what an earlier program wrote, and begin a new line after it."""
        for line in await asyncio.to_thread(_lines, self._path):
            if "wave" in line:
                self.waves.append(_SLOTS.validate_python(line["wave"]))
            else:
                answered = Answered.model_validate(line)
                self.answers[answered.key] = answered

    async def begin_wave(self, slots: list[Slot]) -> None:
        await self._append({"wave": [slot.model_dump() for slot in slots]})
        self.waves.append(slots)

    async def answered(self, answer: Answered) -> None:
        """Keep an answer; it counts once this has returned, also when the caller is cancelled."""
        self.answers[answer.key] = answer
        await asyncio.shield(self._append(answer.model_dump()))

    async def _append(self, line: dict[str, Any]) -> None:
        async with self._writing:
            await asyncio.to_thread(_write, self._path, orjson.dumps(line) + b"\n")

    @property
    def tokens(self) -> tuple[int, int]:
        """Prompt and answer tokens of all answers."""
        found = self.answers.values()
        return sum(a.prompt_tokens for a in found), sum(a.answer_tokens for a in found)

    @property
    def errors(self) -> int:
        """Requests that came to nothing."""
        return sum(bool(answer.error) for answer in self.answers.values())

    @property
    def model(self) -> str:
        """That answered last, as the endpoint names it."""
        return next((a.model for a in reversed(self.answers.values()) if a.model), "")


def _write(path: Path, line: bytes) -> None:
    """The whole line or nothing of it: what follows a part of one could not be read."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            os.truncate(file.fileno(), before)
            raise


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines; what a kill left of another one is cut away, so that the next is readable."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return [orjson.loads(line) for line in whole.splitlines()]
