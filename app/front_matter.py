"""Text files with a TOML head between `---` lines: agents and the cards of samples."""

import tomllib
from typing import Any

from app.errors import InputError

FENCE = "---"


def split_head(text: str, source: str) -> tuple[dict[str, Any], str]:
    """The TOML head as a dict, and the text below it; raises InputError naming `source`."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")  # `splitlines` would also split at marks inside a prompt
    if lines[0].strip() != FENCE:
        raise InputError(f"{source}: the first line must be {FENCE}, then the TOML head.")
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == FENCE), None)
    if end is None:
        raise InputError(f"{source}: the line {FENCE} that ends the head is missing.")
    try:
        head = tomllib.loads("\n".join(["", *lines[1:end], ""]))  # an error names the file's line
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: the head is not TOML: {error}.") from error
    return head, "\n".join(lines[end + 1 :]).strip()
