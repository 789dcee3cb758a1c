"""Which records a test or dry run uses: stratified by topic, seeded, never simply the first rows."""

import random
from collections.abc import Mapping, Sequence


def stratified(groups: Mapping[int | None, Sequence[int]], n: int, *, seed: int) -> list[int]:
    """At most `n` of the records given as ids by topic, each in file order: every topic with its
    share (largest remainders), in a shuffled order.

    Any prefix of the result is spread over the topics too, so that a first look is fair.
    """
    total = sum(len(group) for group in groups.values())
    rng = random.Random(seed)
    if n >= total:
        chosen = sorted(i for group in groups.values() for i in group)
        rng.shuffle(chosen)
        return chosen
    exact = {topic: n * len(group) / total for topic, group in groups.items()}
    take = {topic: int(share) for topic, share in exact.items()}
    rest = sorted(exact, key=lambda t: (take[t] - exact[t], rng.random()))
    for topic in rest[: n - sum(take.values())]:
        take[topic] += 1
    chosen = [i for topic, group in groups.items() for i in rng.sample(group, take[topic])]
    rng.shuffle(chosen)
    return chosen
