"""The card beside a file of records: its name, goal, quota and grader, said by who made the file."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import InputError
from app.front_matter import split_head


class Card(BaseModel):
    """What a card's TOML head may hold; the text below it is for people."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = ""
    goal: str = ""
    quota: int | None = None
    grader: Path | None = None


def card_beside(file: Path) -> Card | None:
    """The card of `records.jsonl` in `records.md`; None when there is none with such a head.

    `grader` is made a whole path. Raises InputError when the head is there but cannot be used.
    """
    path = file.with_suffix(".md")
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.startswith("---"):
        return None
    head, _ = split_head(text, str(path))
    try:
        card = Card.model_validate(head)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: “{first['loc'][0]}”: {first['msg']}.") from error
    grader = path.parent / card.grader if card.grader else None
    return card.model_copy(update={"grader": grader})
