"""The exporter family's contract: a trained model's folder in, a folder in one format out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import app.serving.exporters
from app.registry import Registry, load_family

# Done, total, of what; raises Stopped when the user asked to stop.
Tick = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Exporter:
    """A member: `write(model, out, tick)` fills the existing folder `out`; `text` is for the user.

    It raises AppError when `model` cannot be written in this format.
    """

    write: Callable[[Path, Path, Tick], None]
    text: str


EXPORTERS: Registry[Exporter] = Registry("export format")


@cache
def exporters() -> Registry[Exporter]:
    """The registry with every format of this package in it."""
    load_family(app.serving.exporters)
    return EXPORTERS
