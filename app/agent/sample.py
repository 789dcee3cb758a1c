"""What the shipped sample brings along: its goal, its quota, its grader; read from its card."""

from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import InputError
from app.importing.card import card_beside
from app.paths import resource

FILE = "resources/samples/support_tickets.jsonl"


class Sample(BaseModel):
    """`grader` is a config for configure_grader."""

    goal: str
    quota: int
    grader: dict[str, Any]


def sample() -> Sample:
    """Read the sample's card and grader; raises InputError when the installation is damaged."""
    card = card_beside(resource(FILE))
    if card is None or card.grader is None or card.quota is None:
        raise InputError("The sample's card is missing. Install RFT Studio again.")
    return Sample(goal=card.goal, quota=card.quota, grader=orjson.loads(card.grader.read_bytes()))
