"""What a round of generation measured, as small tiles; amber where a figure is a warning."""

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame

from app.domain.diversity import Diversity
from app.domain.thresholds import DEFAULTS, Thresholds
from app.domain.wording import number
from app.ui import kit


@dataclass(frozen=True)
class Figure:
    """`note` stands beside the value; `tip` says what it is and when it is a warning."""

    name: str
    value: str
    note: str
    warns: bool
    tip: str


def figures(found: Diversity, limits: Thresholds = DEFAULTS) -> list[Figure]:
    """Topic, copies, likeness to the data, leakage and variety; none where nothing passed the checks."""
    if not found.kept:
        return []
    copies = found.copies_of_data + found.copies_of_new
    share = copies / found.judged if found.judged else 0.0
    made = [
        Figure(
            "In their topic",
            number(found.fidelity, "%"),
            "copies aside",
            found.fidelity is not None and found.fidelity < limits.generated_fidelity,
            "The share of new records that land in the topic they were written for. Amber below "
            f"{number(limits.generated_fidelity, '%')}: the topic may need a description.",
        ),
        Figure(
            "Copies",
            f"{copies:,}",
            "left out",
            share > limits.generated_copies,
            f"{found.copies_of_data:,} of the data and {found.copies_of_new:,} of each other: the same, "
            f"or with a cosine from {number(limits.near_duplicate)} on. Amber when they "
            f"are over {number(limits.generated_copies, '%')} of what was written.",
        ),
        Figure(
            "Nearest record",
            number(found.nearest),
            "mean cosine",
            found.nearest is not None and found.nearest >= limits.generated_near,
            "How like the nearest record of the data the new ones are on average. Amber from "
            f"{number(limits.generated_near)} on: they add little.",
        ),
    ]
    if found.validation is not None:
        made.append(_leakage(found.validation, limits))
    return [*made, _variety(found, limits)]


def _leakage(largest: float, limits: Thresholds) -> Figure:
    return Figure(
        "To validation",
        number(largest),
        "largest cosine",
        largest >= limits.generated_leak,
        "The most alike pair of a new record and a validation record. Amber from "
        f"{number(limits.generated_leak)} on: training on it would leak what validation measures.",
    )


def _variety(found: Diversity, limits: Thresholds) -> Figure:
    mine, real = found.distinct_2 or 0.0, found.distinct_2_real or 0.0
    return Figure(
        "Variety",
        number(found.distinct_2),
        f"real {number(found.distinct_2_real)}",
        mine < limits.generated_variety * real,
        "The share of pairs of neighbouring words that are different (distinct-2), beside that of as "
        f"many real records. Amber below {number(limits.generated_variety, '%')} of theirs.",
    )


def tile(figure: Figure) -> QFrame:
    """One of them: name, value, and what it is measured against."""
    value = kit.label(figure.value, "strong", "warn" if figure.warns else "")
    mark = [kit.IconLabel("warning", "warn_text")] if figure.warns else []
    lines = kit.column(
        kit.label(figure.name, "small", "faint"),
        kit.row(value, *mark, None, gap=4),
        kit.label(figure.note, "small", "muted"),
        gap=0,
        margin=(10, 6, 10, 6),
    )
    frame = kit.frame(lines, "sunken")
    said = f"{figure.name}: {figure.value}, {figure.note}"
    frame.setAccessibleName(f"{said}, a warning" if figure.warns else said)
    frame.setToolTip(kit.tip(figure.tip))
    return frame
