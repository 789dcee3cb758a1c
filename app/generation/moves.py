"""Records that may belong in a thin topic: moves proposed from assignments, never made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from app.domain.thresholds import DEFAULTS, Thresholds


class Assignment(BaseModel):
    """Where a record is now and where else it might belong (topic -> probability).

    `topic` is None for an uncategorised record. A confirmed assignment was made by a person.
    """

    model_config = ConfigDict(frozen=True)

    record_id: int
    topic: str | None
    probability: float = 0.0
    fit: float = 0.0
    confirmed: bool = False
    alternatives: Mapping[str, float] = {}


class Move(BaseModel):
    """One proposed move with the probability of the new topic; the user decides."""

    model_config = ConfigDict(frozen=True)

    record_id: int
    source: str | None
    target: str
    probability: float


_MIN_PROBABILITY = 0.2  # among topics: below it a guess is not worth a person's look


def propose_moves(
    assignments: Iterable[Assignment],
    needs: Mapping[str, int],
    *,
    spare: Mapping[str, int] | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> list[Move]:
    """The likeliest moves into topics that need records, the most probable first.

    `needs` says how many records each thin topic lacks; `spare` how many a topic can give away
    (missing: none is given by thin topics, all by others). Only uncategorised records and those
    in review (probability below the review bound, not confirmed) are moved, each at most once.
    """
    wanted = {t: n for t, n in needs.items() if n > 0}
    left = dict(spare or {})
    candidates = [
        Move(record_id=a.record_id, source=a.topic, target=topic, probability=p)
        for a in assignments
        if not a.confirmed and (a.topic is None or a.probability < thresholds.topic_review)
        for topic, p in a.alternatives.items()
        if topic in wanted and topic != a.topic and p >= _MIN_PROBABILITY
    ]
    chosen: dict[int, Move] = {}
    for move in sorted(candidates, key=lambda m: (-m.probability, m.record_id, m.target)):
        source = move.source
        gives = source is None or (source not in wanted and left.get(source, 1) > 0)
        if move.record_id in chosen or wanted[move.target] <= 0 or not gives:
            continue
        chosen[move.record_id] = move
        wanted[move.target] -= 1
        if source is not None and source in left:
            left[source] -= 1
    return list(chosen.values())
