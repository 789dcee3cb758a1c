"""Custom-painted parts; everything else is a stock Qt widget under the style sheet of qss.py."""

from app.ui.parts.badge import Badge
from app.ui.parts.bars import MiniBar, StackBar, StepDots
from app.ui.parts.cells import (
    CELL,
    BadgeCell,
    BarCell,
    Cell,
    CellDelegate,
    NumberCell,
    PlainCell,
    TwoLineCell,
)
from app.ui.parts.interval_row import IntervalRow
from app.ui.parts.paint import Tone
from app.ui.parts.spark import Spark
from app.ui.parts.stepper import Step, Stepper, StepState
from app.ui.parts.tile import VerdictTile
from app.ui.parts.verdict import VerdictStamp

__all__ = [
    "CELL",
    "Badge",
    "BadgeCell",
    "BarCell",
    "Cell",
    "CellDelegate",
    "IntervalRow",
    "MiniBar",
    "NumberCell",
    "PlainCell",
    "Spark",
    "StackBar",
    "Step",
    "StepDots",
    "StepState",
    "Stepper",
    "Tone",
    "TwoLineCell",
    "VerdictStamp",
    "VerdictTile",
]
