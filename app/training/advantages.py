"""From the scores of a group to advantages; pure arithmetic, no torch."""

import statistics
from collections.abc import Sequence

from app.training.base import Scaling

EPS = 1e-4  # TRL's constant: keeps the scale finite for almost equal scores
FLAT = 1e-6  # scores that differ by less are the same score


def advantages(scores: Sequence[float | None], *, scale: Scaling = "group") -> tuple[float, ...]:
    """How much better each answer is than its group: `r - mean`, divided by the group's std.

    GRPO (Shao et al. 2024, arXiv:2402.03300, eq. 3) divides by the standard deviation (here n - 1,
    as TRL does); Dr. GRPO (Liu et al. 2025, arXiv:2503.20783) does not, since that weighs easy and
    hard prompts more. None is an answer that could not be graded: it is left out of mean and std
    and gets advantage 0. A group without signal is all zeros.
    """
    known = [s for s in scores if s is not None]
    if len(known) < 2 or max(known) - min(known) < FLAT:
        return tuple(0.0 for _ in scores)
    mean = statistics.fmean(known)
    spread = statistics.stdev(known) + EPS if scale == "group" else 1.0
    return tuple(0.0 if s is None else (s - mean) / spread for s in scores)
