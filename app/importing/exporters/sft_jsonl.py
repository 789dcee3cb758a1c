"""SFT JSONL: conversations that end with the answer to learn: the recorded reply, else the reference."""

from typing import Any

from app.importing.exporters.base import FORMATS, Exported, RecordFormat, json_lines, text_of


def line(record: Exported) -> dict[str, Any] | None:
    """None for a record that is invalid or has neither reply nor reference."""
    reply = record.reply
    if reply is None and record.reference is not None:
        reply = {"role": "assistant", "content": text_of(record.reference)}
    if reply is None or not record.valid:
        return None
    tools = {"tools": record.tools} if record.tools else {}
    return {"messages": [*record.messages, reply], **tools}


FORMATS.add(
    "sft",
    RecordFormat(
        title="SFT JSONL",
        suffix=".jsonl",
        text="Conversations that end with the recorded reply, or with the reference where there is "
        "none. Valid records only; those without an answer are left out.",
        write=json_lines(line),
    ),
)
