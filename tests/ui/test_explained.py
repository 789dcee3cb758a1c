"""Every figure that a panel names can be explained by the assistant."""

import pytest

from app.agent.terms import TERMS, term
from app.tools.report import LABELS
from app.ui.comparison import ORDER
from app.ui.coverage.snapshot import stats as coverage_stats
from app.ui.records.columns import COLUMNS
from app.ui.sidebar import HEALTH
from app.ui.topics.standing import StandingSnapshot, bands
from app.ui.training.live import SMALL
from tests.agent.test_terms import covered, verdict


def titles() -> list[str]:
    """What the panels put over their figures."""
    tiles = [tile.name for tile in verdict().tiles]
    small = [name for name, _, _ in SMALL]
    columns = [column.words for column in COLUMNS]
    health = [name for name, *_ in HEALTH]
    candidates = [LABELS[key] for key in ORDER]
    others = [
        "Learnability by group size", "Mean score by topic", "Gain by topic", "In the right format",
        "Score where both are in format", "Format and correctness", "Topics by size",
        "Rollout microscope", "Outlook", "Crash test", "Calibration", "Margin", "Distinct",
        "Findings", "Minimum detectable difference", "Paired difference", "Format share",
        "Cost multiplier", "Score-length correlation", "Iteration log", "Over limit", "Tokens",
        "Near duplicate", "Personal data", "Audit trail", "Reward", "Baseline", "Endpoint",
    ]  # fmt: skip
    return [*tiles, *small, *columns, *health, *candidates, *others]


@pytest.mark.parametrize("title", list(dict.fromkeys(titles())))
def test_every_title_has_its_entry(title: str) -> None:
    assert term(title) in TERMS


def test_the_cards_of_coverage_and_categorising_too() -> None:
    cards = [stat.name for stat in coverage_stats(covered())]
    standing = StandingSnapshot(high=5, medium=3, review=1)
    levels = [band.name for band in bands(standing)]
    assert len(cards) == len(levels) == 4
    assert all(term(name) in TERMS for name in [*cards, *levels])
