"""The list of "write N more of these" as Markdown or CSV text, with real records as examples."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from app.domain.wording import count

_EXAMPLE_CHARS = 300
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these as a formula


def _clip(text: str) -> str:
    """One line, at most 300 characters, marked where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= _EXAMPLE_CHARS else line[: _EXAMPLE_CHARS - 1] + "…"


def _inert(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no links, no HTML of a record takes effect."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~&" else c for c in text)


def as_markdown(needs: Mapping[str, int], exemplars: Mapping[str, Sequence[str]]) -> str:
    """A checklist by topic, the thinnest first, with example prompts; '' when nothing is needed."""
    blocks = []
    for topic, n in sorted(needs.items(), key=lambda item: (-item[1], item[0])):
        if n <= 0:
            continue
        examples = [f"> {_inert(_clip(text))}" for text in exemplars.get(topic, ())]
        shown = ["Like these:", "", "\n>\n".join(examples)] if examples else ["No example yet."]
        heading = f"## {_inert(_clip(topic))}: write {count(n, 'more record')}"
        blocks.append("\n".join([heading, "", *shown]))
    if not blocks:
        return ""
    return "\n\n".join(["# Records to write", *blocks]) + "\n"


def as_csv(needs: Mapping[str, int], exemplars: Mapping[str, Sequence[str]]) -> str:
    """A table to fill in: topic, prompt (empty, one row per record to write), three examples.

    Cells that a spreadsheet would run as a formula begin with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["topic", "prompt", "example 1", "example 2", "example 3"])
    for topic, n in sorted(needs.items(), key=lambda item: (-item[1], item[0])):
        examples = [_cell(_clip(t)) for t in list(exemplars.get(topic, ()))[:3]]
        examples += [""] * (3 - len(examples))
        for _ in range(max(0, n)):
            writer.writerow([_cell(topic), "", *examples])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_DANGEROUS) else text
