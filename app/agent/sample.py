"""What the shipped sample brings along: its goal, its quota, its grader; read from its card."""

from typing import Any

import orjson
from pydantic import BaseModel

from app.agent.definition import split_head
from app.paths import resource

FOLDER = "resources/samples"
CARD = f"{FOLDER}/support_tickets.md"


class Sample(BaseModel):
    """`grader` is a config for configure_grader."""

    goal: str
    quota: int
    grader: dict[str, Any]


def sample() -> Sample:
    """Read the sample's card and grader."""
    head, _ = split_head(resource(CARD).read_text(encoding="utf-8"), CARD)
    grader = orjson.loads((resource(FOLDER) / head["grader"]).read_bytes())
    return Sample(goal=head["goal"], quota=head["quota"], grader=grader)
