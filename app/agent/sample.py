"""What the shipped sample brings along: its goal and its grader; read from its card."""

from itertools import takewhile
from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import InputError
from app.importing.card import card_beside
from app.paths import resource

FILE = "resources/samples/support_tickets.jsonl"
COLUMNS = ["answer", "score"]


class Sample(BaseModel):
    """`grader` is a config for configure_grader; `scores` says what it gives: (answer, score)."""

    goal: str
    grader: dict[str, Any]
    scores: list[tuple[str, str]]


def sample() -> Sample:
    """Read the sample's card and grader; raises InputError when the installation is damaged."""
    card = card_beside(resource(FILE))
    if card is None or card.grader is None:
        raise InputError("The sample's card is missing. Install RFT Studio again.")
    grader = orjson.loads(card.grader.read_bytes())
    return Sample(goal=card.goal, grader=grader, scores=_scores())


def _scores() -> list[tuple[str, str]]:
    """The rows of the card's table of what an answer is worth."""
    text = resource(FILE).with_suffix(".md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    head = next(i for i, cells in enumerate(rows) if [c.strip() for c in cells] == COLUMNS)
    table = takewhile(lambda cells: len(cells) == len(COLUMNS), rows[head + 2 :])
    return [(answer.replace("`", "").strip(), score.strip()) for answer, score in table]
