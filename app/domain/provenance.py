"""Where a record that was not found but made comes from, as its further fields tell it."""

from collections.abc import Mapping
from typing import Any

FIELD = "provenance"
NAMES = ("strategy", "prompt_version")  # what every record that was accepted here has in it


def is_generated(extra: Mapping[str, Any]) -> bool:
    """Whether these further fields say that a record was generated, as our own export writes it."""
    origin = extra.get(FIELD)
    return isinstance(origin, dict) and all(isinstance(origin.get(n), str) for n in NAMES)
