"""RFT item JSONL: the prompt as `messages`, and what a grader sees as `item.*` beside it.

As the hosted reinforcement fine-tuning APIs take it: the last turn is the user's, every line valid.
"""

from typing import Any

from app.importing.exporters.base import FORMATS, Exported, RecordFormat, json_lines


def line(record: Exported) -> dict[str, Any] | None:
    """None for an invalid record: the services refuse a file for one of them."""
    if not record.valid:
        return None
    item = record.with_reference
    if record.reference is not None:  # graders are written for `item.reference`
        item = {**item, "reference": record.reference}
    return {**item, "messages": record.messages}


FORMATS.add(
    "rft",
    RecordFormat(
        title="RFT items, JSONL",
        suffix=".jsonl",
        text="The prompt, and reference and further fields as item fields for a grader. Valid "
        "records only, without recorded replies.",
        write=json_lines(line),
    ),
)
