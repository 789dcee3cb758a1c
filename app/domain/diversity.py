"""How varied texts are, and what a round of generation measured of its items; reads no model."""

import re
from collections.abc import Iterable
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

_WORD = re.compile(r"\w+")


class Diversity(BaseModel):
    """Of one round: `judged` items passed the checks of their own, `kept` passed all.

    Cosines are those of the app's encoder. `nearest` is the mean over kept items of the cosine to the
    nearest record; `validation` the largest to a validation record (leakage); `fidelity` the share of
    judged items, copies aside, that land in their topic. `distinct_2_real` is that of as many real
    records. Figures without an item to measure are None.
    """

    model_config = ConfigDict(frozen=True)

    judged: int = 0
    kept: int = 0
    copies_of_data: int = 0
    copies_of_new: int = 0
    nearest: float | None = None
    validation: float | None = None
    distinct_2: float | None = None
    distinct_2_real: float | None = None
    fidelity: float | None = None


def distinct_2(texts: Iterable[str]) -> float | None:
    """Different pairs of neighbouring words over all of them, 0 to 1; None where there are none.

    Falls with the number of texts: compare like numbers only. Source: Li et al. 2016 (distinct-n).
    """
    pairs = []
    for text in texts:
        words = _WORD.findall(text.lower())
        pairs += list(pairwise(words))
    return len(set(pairs)) / len(pairs) if pairs else None
