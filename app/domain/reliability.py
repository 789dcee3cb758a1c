"""Whether probabilities hold: what was predicted beside how often it was right; it draws nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import pi, sqrt

from pydantic import BaseModel, ConfigDict

from app.domain.intervals import Interval, wilson
from app.domain.thresholds import DEFAULTS

BINS = 10
STEPS = 100  # of fit, of which a threshold is one
MIXED_UP = 2  # times: once is chance
SHOWN = 5  # pairs


class Bin(BaseModel):
    """Predictions of about the same probability: how many, how many were right, and their mean
    probability."""

    model_config = ConfigDict(frozen=True)

    n: int
    right: int
    predicted: float

    @property
    def accuracy(self) -> Interval:
        """The share that was right, with its Wilson interval."""
        return wilson(self.right, self.n, DEFAULTS.confidence)


class MixedUp(BaseModel):
    """Two topics, the smaller id first, and how often a record of one was taken for the other."""

    model_config = ConfigDict(frozen=True)

    first: int
    second: int
    times: int


class Reliability(BaseModel):
    """How predictions of confirmed records fared, each made without the record itself.

    `bins` are those that hold any, by probability. `fits` counts the records by fit, in hundredths
    from 0 to 1, rounded down.
    """

    model_config = ConfigDict(frozen=True)

    bins: tuple[Bin, ...] = ()
    fits: tuple[int, ...] = ()
    mixed_up: tuple[MixedUp, ...] = ()

    @property
    def n(self) -> int:
        return sum(part.n for part in self.bins)

    @property
    def measured(self) -> bool:
        """Whether there are enough to say anything."""
        return self.n >= DEFAULTS.topic_confirmed

    @property
    def error(self) -> float:
        """Expected calibration error (Naeini 2015, Guo 2017): the mean distance of accuracy from
        probability, every record weighing the same; 0 to 1."""
        gaps = (part.n * abs(part.right / part.n - part.predicted) for part in self.bins)
        return sum(gaps) / self.n if self.n else 0.0

    @property
    def by_chance(self) -> float:
        """The error that exact probabilities would show with so few: the mean absolute deviation of
        a normal distribution, sqrt(2 / pi) of the standard error of each bin."""
        spread = (
            part.n * sqrt(part.predicted * (1 - part.predicted) / part.n) for part in self.bins
        )
        return sqrt(2 / pi) * sum(spread) / self.n if self.n else 0.0

    def lost(self, threshold: float) -> float:
        """The share of these records whose fit is under the threshold, a hundredth."""
        under = sum(self.fits[: round(threshold * STEPS)])
        return under / sum(self.fits) if any(self.fits) else 0.0

    @property
    def verdict(self) -> str:
        """The error in words, and what chance has to do with it."""
        if not self.measured:
            missing = DEFAULTS.topic_confirmed - self.n
            return (
                f"The probabilities are estimates: {self.n} of your decisions can be compared. "
                f"Confirm {missing} more in the review to measure them."
            )
        points, chance = round(self.error * 100), round(self.by_chance * 100)
        unit = "point" if points == 1 else "points"
        said = f"Off by {points} {unit} of 100 on average, over {self.n:,} confirmed records."
        said += f" Chance alone makes {chance} with so many"
        said += ": no error to see." if self.error <= self.by_chance else "."
        if sum(part.n * part.predicted for part in self.bins) / self.n < DEFAULTS.topic_review:
            said += " You decided on the least certain ones: it says little of the others."
        return said


def reliability(
    told: Sequence[int],
    guessed: Sequence[int],
    probabilities: Sequence[float],
    fits: Sequence[float],
) -> Reliability:
    """From each confirmed record's topic, the topic predicted without it, the probability of that
    and its fit; all four of one length."""
    groups: dict[int, list[int]] = {}
    for i, probability in enumerate(probabilities):
        groups.setdefault(min(BINS - 1, int(probability * BINS)), []).append(i)
    bins = tuple(
        Bin(
            n=len(rows),
            right=sum(told[i] == guessed[i] for i in rows),
            predicted=sum(probabilities[i] for i in rows) / len(rows),
        )
        for _, rows in sorted(groups.items())
    )
    return Reliability(bins=bins, fits=steps_of(fits), mixed_up=mixed_up(told, guessed))


def steps_of(fits: Iterable[float]) -> tuple[int, ...]:
    """How many have each hundredth of fit, rounded down; what is under 0 counts as 0."""
    counts = [0] * (STEPS + 1)
    for fit in fits:
        # A fit has four decimals: 0.29 * 100 is 28.999 in floats, its ten-thousandths are exact.
        counts[min(STEPS, max(0, round(fit * STEPS * STEPS) // STEPS))] += 1
    return tuple(counts)


def mixed_up(told: Sequence[int], guessed: Sequence[int]) -> tuple[MixedUp, ...]:
    """The pairs of topics taken for one another most often."""
    pairs = Counter((min(p), max(p)) for p in zip(told, guessed, strict=True) if p[0] != p[1])
    return tuple(
        MixedUp(first=first, second=second, times=times)
        for (first, second), times in pairs.most_common(SHOWN)
        if times >= MIXED_UP
    )
