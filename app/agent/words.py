"""How the guide writes: words from data made safe for Markdown, times and figures for people."""

import re
import time

from app.domain.intervals import Interval
from app.domain.plain import visible
from app.domain.wording import number

# What Markdown (with GitHub's tables and bare links) would read as a mark, in a line and at its start.
_SPECIAL = re.compile(r"[\\`*_{}\[\]#<>|~&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_LEADING = re.compile(r"^(\d*)([-+=.)])")
NAME_LENGTH = 80
QUOTE_LENGTH = 140


def plain(text: str, limit: int = NAME_LENGTH) -> str:
    """Words from data in Markdown: on one line, cut, and with every mark shown as it is."""
    line = " ".join(visible(text).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    escaped = _SPECIAL.sub(lambda mark: "\\" + mark.group(), line)
    return _LEADING.sub(r"\1\\\2", escaped)


def bold(text: str) -> str:
    """A name from data, in bold."""
    return f"**{plain(text)}**" if text.strip() else "(no name)"


def quote(text: str) -> str:
    """A passage from data in quotation marks."""
    return f"“{plain(text, QUOTE_LENGTH)}”"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """0.79 (0.75 to 0.83)."""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} ({number(low)} to {number(high)})"


def figure(found: Interval) -> str:
    """An Interval as `interval` writes it."""
    return interval(found.value, found.low, found.high)


def ago(at: float, now: float | None = None) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 days ago`; `at` in seconds since the epoch."""
    seconds = max(0.0, (now or time.time()) - at)
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    if seconds < 86_400:
        return f"{seconds / 3600:.0f} h ago"
    days = round(seconds / 86_400)
    return "1 day ago" if days == 1 else f"{days} days ago"


def duration(seconds: float | None) -> str:
    """`46 s`, `about 3 min`; empty where it is not known."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def bullets(lines: list[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def sentence(text: str) -> str:
    """Words from data on one line, without control characters, as they are."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
