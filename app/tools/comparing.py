"""New records compared with the data and each other, and sorted into topics, by a worker; it stores
nothing."""

import asyncio
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.diversity import Diversity
from app.domain.normalise import cluster_key
from app.domain.records import Message
from app.domain.splits import cluster_id
from app.embedding.candidates import Checked
from app.embedding.text import record_text
from app.generation.base import Candidate
from app.paths import resource
from app.store import generated
from app.store.database import Tx
from app.tools.answers import each_record, write_lines
from app.tools.base import Context
from app.tools.categories import topic_specs
from app.tools.proposals import ENCODER, VALID
from app.workers import run_worker

Line = dict[str, Any]


class Compared(BaseModel):
    """What the worker found, by the numbers of the lines it was given."""

    checked: dict[int, Checked] = {}
    diversity: Diversity = Diversity()
    english: bool = True


def line(number: int, wrote: Candidate, topic_id: int) -> Line:
    """A candidate as the worker reads it."""
    return {**_text(wrote.messages), "id": number, "topic": topic_id}


class Comparison:
    """The data and topics as they were at `prepare`. New records may repeat neither those nor what
    waits for the user, or was not wanted, of other runs and (with `run_id` 0) of every run."""

    def __init__(self, ctx: Context, folder: Path, run_id: int = 0) -> None:
        self._ctx, self._folder, self._run_id = ctx, folder, run_id
        self._specs: list[dict[str, Any]] = []

    async def prepare(self) -> None:
        """Write the data for the worker."""
        self._specs = await self._ctx.open.store.read(self._write)

    def _write(self, tx: Tx) -> list[dict[str, Any]]:
        rows = (
            {**_text(record.messages), "id": record.id, "split": record.split}
            for record in each_record(tx, VALID)
        )
        write_lines(self._folder / "records.jsonl", rows)
        return topic_specs(tx)

    async def compare(self, lines: list[Line], *, leave_out: int = 0) -> Compared:
        """Judge these in their order. The earlier new record `leave_out` may be repeated: it is being
        edited. Raises AppError with the worker's words."""
        known = await self._ctx.open.store.read(self._earlier, leave_out)
        file = self._folder / "candidates.jsonl"
        await asyncio.to_thread(write_lines, file, [*known, *lines])
        config = {
            "records": str(self._folder / "records.jsonl"),
            "candidates": str(file),
            "cache": str(self._ctx.open.folder / "embeddings.sqlite"),
            "encoder": str(resource(ENCODER)),
            "topics": self._specs,
            "near": self._ctx.open.thresholds.near_duplicate,
        }
        result = await run_worker("check-candidates", self._folder / "check", config)
        checked = await asyncio.to_thread(_read, Path(result["checked"]))
        return Compared(checked=checked, diversity=result["diversity"], english=result["english"])

    def _earlier(self, tx: Tx, leave_out: int) -> list[Line]:
        """Under numbers below 0, so that they are not taken for those to judge."""
        return [
            {**_text([Message(**m) for m in item.item["messages"]]), "id": -item.id, "known": True}
            for item in generated.page(tx, states=("waiting", "rejected"))
            if item.run_id != self._run_id and item.id != leave_out
        ]


def _text(messages: Any) -> Line:
    return {"text": record_text(messages), "key": cluster_id(cluster_key(messages))}


def _read(path: Path) -> dict[int, Checked]:
    found = [Checked.model_validate_json(text) for text in path.read_bytes().splitlines()]
    return {checked.id: checked for checked in found}
