"""Chat JSONL: everything of a record in the OpenAI chat form; imported again it gives the same record."""

from typing import Any

from app.importing.exporters.base import FORMATS, Exported, RecordFormat, json_lines


def line(record: Exported) -> dict[str, Any]:
    return {**record.with_reference, "messages": record.conversation}


FORMATS.add(
    "chat",
    RecordFormat(
        title="Chat JSONL",
        suffix=".jsonl",
        text="All turns with the recorded reply, tools, reference and further fields. Nothing is lost.",
        write=json_lines(line),
    ),
)
