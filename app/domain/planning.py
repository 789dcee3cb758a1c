"""How many records to add to which topic, and what the records do not allow; it adds none."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from app.domain.coverage import Targets, balance, filled, target_shares, wanted_records
from app.domain.thresholds import DEFAULTS, Thresholds
from app.domain.wording import count, joined

_STEPS = 24  # halvings of the target-share level: finer than one record in ten million


class PlannedTopic(BaseModel):
    """One topic of the plan: `add` records now, `short` of its quota even then."""

    model_config = ConfigDict(frozen=True)

    topic: str
    records: int
    quota: int = 0  # so it reads in analyses kept before topics had quotas
    real: int
    cap: int
    add: int
    after: int
    short: int


class Plan(BaseModel):
    """The plan with the exact figures afterwards; `offers` are the honest ways on.

    `reachable_quota` is the largest quota of the dataset that its records allow in every topic that
    follows it.
    """

    model_config = ConfigDict(frozen=True)

    topics: tuple[PlannedTopic, ...]
    quota: int
    total: int
    balance_before: float | None
    balance_after: float | None
    coverage_before: float | None
    coverage_after: float | None
    reachable_quota: int
    offers: tuple[str, ...]

    @property
    def add(self) -> dict[str, int]:
        return {t.topic: t.add for t in self.topics if t.add}

    @property
    def short(self) -> int:
        """Records that the topics lack of their quotas even after the plan."""
        return sum(t.short for t in self.topics)


def synthetic_cap(
    counts: Mapping[str, int], real_train: Mapping[str, int], thresholds: Thresholds = DEFAULTS
) -> dict[str, int]:
    """How many synthetic records each topic may still get.

    At most as many as real in the topic's training split; synthetic ones already there count.
    `counts` are all records of the topic in the training split, `real_train` the real ones.
    """
    return {
        t: max(
            0,
            math.floor(thresholds.synthetic_per_real * real_train.get(t, 0))
            - max(0, n - real_train.get(t, 0)),
        )
        for t, n in counts.items()
    }


def plan(
    counts: Mapping[str, int],
    real_counts: Mapping[str, int],
    *,
    quota: int | None = None,
    quotas: Mapping[str, int] | None = None,
    cap: Mapping[str, int] | None = None,
    targets: Targets = None,
    thresholds: Thresholds = DEFAULTS,
) -> Plan:
    """What to add so that every topic reaches its quota, and balance is good where it can be.

    First every topic is filled to the quota; if balance would still not be good, topics below
    their target share are raised, by the smallest common part of it that makes balance good.
    No topic gets more than its cap (`synthetic_cap` of counts and real counts by default).
    Balanced data with full quotas gives an empty plan. `quotas` are those of topics that have a
    number of their own.
    """
    size = thresholds.quota if quota is None else quota
    wanted = wanted_records(counts, size, quotas)
    limits = dict(synthetic_cap(counts, real_counts, thresholds) if cap is None else cap)
    shares = target_shares(list(counts), targets)
    active = [t for t in counts if shares is None or t in shares]
    add = {t: min(max(0, wanted[t] - counts[t]), limits.get(t, 0)) for t in active}
    if shares is not None:
        add = _raised(counts, add, limits, shares=shares, targets=targets, thresholds=thresholds)
    after = {t: n + add.get(t, 0) for t, n in counts.items()}
    rows = tuple(
        PlannedTopic(
            topic=t,
            records=counts[t],
            quota=wanted[t],
            real=real_counts.get(t, 0),
            cap=limits.get(t, 0),
            add=add[t],
            after=after[t],
            short=max(0, wanted[t] - after[t]),
        )
        for t in active
    )
    kept = {t: wanted[t] for t in active}
    following = {t: counts[t] for t in active if t not in (quotas or {})}
    reachable = reachable_quota(following, limits)
    return Plan(
        topics=rows,
        quota=size,
        total=sum(add.values()),
        balance_before=balance(counts, targets),
        balance_after=balance(after, targets),
        coverage_before=filled(counts, kept),
        coverage_after=filled(after, kept),
        reachable_quota=reachable,
        offers=_offers(rows, size, reachable),
    )


def _raised(
    counts: Mapping[str, int],
    add: dict[str, int],
    limits: Mapping[str, int],
    *,
    shares: Mapping[str, float],
    targets: Targets,
    thresholds: Thresholds,
) -> dict[str, int]:
    """`add`, raised toward the target shares just far enough for a good balance."""
    total = sum(counts[t] for t in shares)

    def to(part: float) -> dict[str, int]:
        return {
            t: max(n, min(math.ceil(part * shares[t] * total) - counts[t], limits.get(t, 0)))
            for t, n in add.items()
        }

    def good(added: Mapping[str, int]) -> bool:
        score = balance({t: n + added.get(t, 0) for t, n in counts.items()}, targets)
        return score is None or score >= thresholds.balance_good

    if good(add):
        return add
    if not good(to(1.0)):
        return to(1.0)
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if good(to(middle)) else (middle, high)
    return to(high)


def reachable_quota(counts: Mapping[str, int], cap: Mapping[str, int]) -> int:
    """The largest quota that every topic can reach; 0 when some topic has nothing at all."""
    return min((n + cap.get(t, 0) for t, n in counts.items()), default=0)


def _offers(rows: tuple[PlannedTopic, ...], quota: int, reachable: int) -> tuple[str, ...]:
    """What can be done about topics that stay short: merge them, lower the quota, write some."""
    short = sorted((t for t in rows if t.short), key=lambda t: (t.after, t.topic))
    if not short:
        return ()
    names = [t.topic for t in short]
    missing = sum(t.short for t in short)
    wanted = {t.quota for t in short}
    goal = f"{wanted.pop():,}" if len(wanted) == 1 else "their quotas"
    offers = [
        f"{count(len(short), 'topic')} cannot reach {goal}, since there are never more synthetic "
        f"records than real ones. Merge {joined(names)} into related topics."
    ]
    if 0 < reachable < quota:
        where = (
            "every topic" if {t.quota for t in rows} == {quota} else "every topic that follows it"
        )
        offers.append(f"Lower the quota to {reachable}: the records allow that in {where}.")
    offers.append(f"Write or collect {count(missing, 'more real record')} for {joined(names)}.")
    return tuple(offers)
