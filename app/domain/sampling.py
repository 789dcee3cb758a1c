"""Which records a test or dry run uses: stratified by topic, seeded, never simply the first rows."""

import random
from collections import defaultdict
from collections.abc import Sequence

from app.domain.records import Record


def stratified(found: Sequence[Record], n: int, *, seed: int) -> list[Record]:
    """At most `n` records, each topic with its share (largest remainders), in a shuffled order.

    Any prefix of the result is spread over the topics too, so that a first look is fair.
    """
    if n >= len(found):
        chosen = list(found)
        random.Random(seed).shuffle(chosen)
        return chosen
    rng = random.Random(seed)
    groups: dict[int | None, list[Record]] = defaultdict(list)
    for record in sorted(found, key=lambda r: r.id):
        groups[record.topic_id].append(record)
    exact = {topic: n * len(group) / len(found) for topic, group in groups.items()}
    take = {topic: int(share) for topic, share in exact.items()}
    rest = sorted(exact, key=lambda t: (take[t] - exact[t], rng.random()))
    for topic in rest[: n - sum(take.values())]:
        take[topic] += 1
    chosen = [r for topic, group in groups.items() for r in rng.sample(group, take[topic])]
    rng.shuffle(chosen)
    return chosen
