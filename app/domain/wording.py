"""How numbers are written for people: figures, shares, intervals, counts; no thresholds here."""

from __future__ import annotations

from typing import Literal

from app.domain.intervals import Interval

Unit = Literal["", "%"]


def number(value: float | None, unit: Unit = "") -> str:
    """0.67, −0.06, 58 %, 0.1 %, or n/a. Shares next to 0 and 100 % keep one decimal."""
    if value is None:
        return "n/a"
    if unit == "%":
        share = 100 * value
        small = 0.05 <= abs(share) < 0.95 or 99.5 <= share < 99.95
        return f"{share:.1f} %" if small else f"{share:.0f} %"
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def span(interval: Interval, unit: Unit = "") -> str:
    """0.62 – 0.72, or 54 – 62 %."""
    low, high = number(interval.low, unit), number(interval.high, unit)
    return f"{low.removesuffix(' %')} – {high}"


def count(n: int, noun: str, plural: str = "") -> str:
    """1 record, 2,668 records."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def joined(names: list[str] | tuple[str, ...], limit: int = 3) -> str:
    """A, B and C; or A, B, C and 4 more."""
    shown = list(names[:limit])
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
