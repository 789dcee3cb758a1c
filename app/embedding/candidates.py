"""What the check of a new record against the data found, as a value; loads no model."""

from typing import Literal

from pydantic import BaseModel


class Checked(BaseModel):
    """`reason` is empty for one that passed. `against` is what it repeats: a record's id, or (`of_new`)
    a new one's. `topic` is where it lands, None where it fits nowhere; `probability` is that of the
    topic it was written for. Cosines: to the nearest record, new one and validation record (-1: none).
    """

    id: int
    reason: Literal["", "duplicate", "near_duplicate", "off_topic"] = ""
    against: int = 0
    of_new: bool = False
    topic: int | None = None
    probability: float = 0.0
    fit: float = 0.0
    alternatives: list[tuple[int, float]] = []
    to_data: float = 0.0
    to_new: float = 0.0
    to_validation: float = -1.0
