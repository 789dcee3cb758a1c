"""Text similarity: how near the answer is to the reference, by one of the usual measures."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, field_validator
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, LCSseq, Levenshtein

from app.grading.base import GraderConfig, Sample, Score, score_of
from app.grading.pairwise import pairwise_type
from app.grading.templates import ANSWER, REFERENCE, Template, render

Measure = Callable[[str, str], float]
MAX_CHARS = 50_000  # two such texts take about 40 ms; a longer answer is an error, not a stall


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _f1(common: int, first: int, second: int) -> float:
    return 2 * common / (first + second) if common else 0.0


def _rouge_n(n: int) -> Measure:
    """ROUGE-n F1 over word n-grams (Lin 2004), lower case, no stemming."""

    def grams(text: str) -> Counter[tuple[str, ...]]:
        words = _tokens(text)
        return Counter(zip(*(words[i:] for i in range(n)), strict=False))

    def measure(text: str, reference: str) -> float:
        a, b = grams(text), grams(reference)
        return _f1((a & b).total(), a.total(), b.total())

    return measure


def _rouge_l(text: str, reference: str) -> float:
    """ROUGE-L F1: the longest common subsequence of words (Lin 2004)."""
    a, b = _tokens(text), _tokens(reference)
    return _f1(LCSseq.similarity(a, b), len(a), len(b))


MEASURES: dict[str, Measure] = {
    # Insertions and deletions over both lengths; not rapidfuzz's WRatio, which pays for fragments.
    "fuzzy_match": lambda a, b: fuzz.ratio(a, b) / 100,
    "levenshtein": Levenshtein.normalized_similarity,
    "jaro_winkler": JaroWinkler.similarity,
    "rouge_l": _rouge_l,
    **{f"rouge_{n}": _rouge_n(n) for n in range(1, 6)},
}
LACKING = ("bleu", "gleu", "meteor", "cosine")  # of the hosted list


class TextSimilarity(GraderConfig):
    """`evaluation_metric` names the measure; each gives 0 to 1."""

    type: Literal["text_similarity"] = "text_similarity"
    input: Template = ANSWER
    reference: Template = REFERENCE
    evaluation_metric: str = Field(
        default="fuzzy_match", title="Measure", description=", ".join(MEASURES)
    )
    ignore_case: bool = Field(default=True, title="Upper and lower case are the same")

    @field_validator("evaluation_metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        if metric in MEASURES:
            return metric
        here = "is not offered here" if metric in LACKING else "is not known"
        raise ValueError(f"{metric!r} {here}; use one of {', '.join(sorted(MEASURES))}")


def grade_one(config: TextSimilarity, sample: Sample, item: dict[str, Any]) -> Score:
    """The measure between answer and reference, both stripped."""
    reference = render(config.reference, sample, item).strip()
    text = render(config.input, sample, item).strip()
    if max(len(text), len(reference)) > MAX_CHARS:
        return Score.failed(f"Texts over {MAX_CHARS} characters are not compared.")
    if config.ignore_case:
        text, reference = text.casefold(), reference.casefold()
    return score_of(MEASURES[config.evaluation_metric](text, reference), config.evaluation_metric)


pairwise_type("text_similarity", TextSimilarity, grade_one, "How near the answer's wording is.")
