"""Records back to a JSONL file, in the form the import recognises; nothing in the store changes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from app.domain.records import Record
from app.errors import InputError
from app.store import records, topics
from app.store.database import Tx
from app.ui.topics.choices import choices

BATCH = 500
Tell = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """For a few records: nothing is told."""


def write_jsonl(tx: Tx, record_ids: Sequence[int], path: Path, tell: Tell = quiet) -> int:
    """Write these records, one a line, and return how many; runs on a reader thread.

    `tell` is called before each batch; it raises to stop. The file appears under its name when it
    is whole. Raises InputError when it cannot be written.
    """
    paths = {choice.id: list(choice.path) for choice in choices(topics.all_topics(tx))}
    aside = path.with_name(path.name + ".part")
    try:
        with aside.open("wb") as file:
            for start in range(0, len(record_ids), BATCH):
                tell(start, len(record_ids))
                for record in records.many(tx, record_ids[start : start + BATCH]):
                    file.write(orjson.dumps(line(record, paths.get(record.topic_id or 0))) + b"\n")
        aside.replace(path)
    except OSError as error:
        why = f"{path}: cannot be written ({error.strerror}). Choose a folder of yours."
        raise InputError(why) from error
    finally:
        aside.unlink(missing_ok=True)
    return len(record_ids)


def line(record: Record, topic: list[str] | None) -> dict[str, Any]:
    """One record as OpenAI chat: the recorded reply is the trailing assistant turn."""
    messages = [*record.messages, *([record.reply] if record.reply else [])]
    fields: dict[str, Any] = {
        **record.extra,
        "messages": [message.model_dump(exclude_none=True) for message in messages],
        "tools": list(record.tools),
        "reference": record.reference,
        "topic": topic,
        "split": record.split,
    }
    return {name: value for name, value in fields.items() if value not in (None, [])}
