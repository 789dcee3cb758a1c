"""Records back to a JSONL file, in the form the import recognises; nothing in the store changes."""

from pathlib import Path
from typing import Any

import orjson

from app.domain.records import Record
from app.errors import InputError
from app.store import records, topics
from app.store.database import Tx
from app.ui.topics.choices import choices

BATCH = 500


def write_jsonl(tx: Tx, record_ids: tuple[int, ...], path: Path) -> int:
    """Write these records, one a line, and return how many; runs on a reader thread.

    The file appears under its name when it is whole. Raises InputError when it cannot be written.
    """
    paths = {choice.id: list(choice.path) for choice in choices(topics.all_topics(tx))}
    aside = path.with_name(path.name + ".part")
    try:
        with aside.open("wb") as file:
            for start in range(0, len(record_ids), BATCH):
                for record in records.many(tx, record_ids[start : start + BATCH]):
                    file.write(orjson.dumps(line(record, paths.get(record.topic_id or 0))) + b"\n")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        why = f"{path}: cannot be written ({error.strerror}). Choose a folder of yours."
        raise InputError(why) from error
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
