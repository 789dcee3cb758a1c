"""Which requests come next: a first look, then what is missing, until topics are full or give nothing."""

import random
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from app.generation.journal import Slot

ITEMS = 5  # a request: more makes the items alike, fewer pays for the examples too often
FIRST_LOOK = 8  # requests before it is known whether anything usable comes back
MOST_WAVES = 12
BARREN = 2  # waves without one kept record, after which a topic is left alone


def next_wave(
    number: int,
    missing: Mapping[int, int],
    seeds: Mapping[int, Sequence[int]],
    *,
    seeds_for: Mapping[int, int],
    avoid: Mapping[int, Sequence[str]],
    run: int,
) -> list[Slot]:
    """The requests of wave `number` (from 0): topics take turns, the first wave is short.

    `seeds` are ids by topic; a request draws as many as `seeds_for` its count says, by chance but
    always the same for this run, wave and place.
    """
    counts = {topic: _portions(n) for topic, n in missing.items() if n > 0}
    columns = [[(topic, n) for n in portions] for topic, portions in counts.items()]
    turns = [pair for row in zip_longest(*columns) for pair in row if pair is not None]
    chosen = turns[:FIRST_LOOK] if number == 0 else turns
    slots = []
    for place, (topic, count) in enumerate(chosen):
        key = f"{number}.{place}"
        drawn = draw(seeds[topic], seeds_for[count], f"{run}/{key}")
        told = tuple(avoid.get(topic, ()))
        slots.append(Slot(key=key, topic_id=topic, count=count, seeds=drawn, avoid=told))
    return slots


def _portions(n: int) -> list[int]:
    """A number in portions of like size, at most ITEMS each."""
    parts = -(-n // ITEMS)
    return [n // parts + (i < n % parts) for i in range(parts)]


def draw(ids: Sequence[int], count: int, seed: str) -> tuple[int, ...]:
    """`count` of the ids by chance, the same for the same seed; fewer where there are fewer."""
    return tuple(random.Random(seed).sample(sorted(ids), min(count, len(ids))))


def barren(kept_by_wave: Sequence[Mapping[int, int]], topic: int, asked: Sequence[bool]) -> bool:
    """Whether the last waves that asked for a topic brought nothing for it."""
    tried = [wave.get(topic, 0) for wave, was in zip(kept_by_wave, asked, strict=True) if was]
    return len(tried) >= BARREN and not any(tried[-BARREN:])
