"""Balance and coverage of a dataset over its topics, at every level; it plans nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from app.domain.thresholds import DEFAULTS, Thresholds

T = TypeVar("T")
Targets = Mapping[str, float] | None | Literal["as_imported"]
"""Wished shares by topic (any positive scale); None: uniform; as_imported: no target set."""

Grade = Literal["good", "fair", "poor", "n/a"]


class TopicShare(BaseModel):
    """One topic: its records, how many are wanted, its wished share, how far it is filled (0 to 1)."""

    model_config = ConfigDict(frozen=True)

    topic: str
    records: int
    quota: int = 0  # so it reads in analyses kept before topics had quotas
    share: float
    target: float | None
    filled: float
    below_quota: bool
    below_share: bool
    thin: bool


class Level(BaseModel):
    """The figures of one level of the tree. Unknown figures are None, never NaN."""

    model_config = ConfigDict(frozen=True)

    topics: tuple[TopicShare, ...]
    balance: float | None
    coverage: float | None
    effective: float | None
    entropy: float | None

    @property
    def thin(self) -> tuple[str, ...]:
        return tuple(t.topic for t in self.topics if t.thin)


class Coverage(BaseModel):
    """What analyze_coverage reports; `note` says why balance is n/a or not called good.

    `groups` are the levels above the leaves, from the top; a leaf that ends higher stands there for
    itself. `quota` is the dataset's; a topic with one of its own has that in its TopicShare.
    """

    model_config = ConfigDict(frozen=True)

    leaves: Level
    groups: tuple[Level, ...] = ()
    quota: int
    records: int
    uncategorised: int
    uncategorised_share: float
    grade: Grade
    recommended: bool
    note: str

    @property
    def balance(self) -> float | None:
        return self.leaves.balance

    @property
    def coverage(self) -> float | None:
        return self.leaves.coverage


def own_shares(wished: Mapping[T, float | None]) -> dict[T, float]:
    """Shares (0 to 1) of topics of which some have a wished one and the others None.

    Those without one share evenly what the others leave. Wishes over 1 in all are scaled down to
    1, and nothing is left then; where every topic has one they are scaled to 1 in any case. The
    sum is 1, or 0 where there is no topic or all wishes are 0.
    """
    given = {t: max(0.0, w) for t, w in wished.items() if w is not None}
    total, others = sum(given.values()), len(wished) - len(given)
    scaled = total > 1 or (total > 0 and not others)
    rest = max(0.0, 1 - total) / others if others else 0.0
    return {t: rest if t not in given else given[t] / total if scaled else given[t] for t in wished}


def target_shares(topics: list[str], targets: Targets) -> dict[str, float] | None:
    """Shares that sum to 1 over the topics with a positive target; None when none is set."""
    if targets == "as_imported":
        return None
    wished = {t: 1.0 if targets is None else max(0.0, float(targets.get(t, 0.0))) for t in topics}
    total = sum(wished.values())
    return {t: w / total for t, w in wished.items() if w / total > 0} if total > 0 else None


def balance(counts: Mapping[str, int], targets: Targets = None) -> float | None:
    """(exp(-KL(p || target)) - m) / (1 - m), with m the smallest target share; 0 to 1.

    p are the shares over the topics with a positive target. Uniform targets give
    (N_eff - 1) / (K - 1) with N_eff = exp(entropy), since exp(-KL) is then N_eff / K. All
    records in the topic of the smallest target give 0, p = target gives 1. None (n/a): no
    target, fewer than two topics with one, or no records in them. Source: Kullback and Leibler
    1951, rescaled to 0..1; the uniform case is Hill's (1973) number of effective kinds.
    """
    shares = target_shares(list(counts), targets)
    if shares is None or len(shares) < 2:
        return None
    n = np.array([max(0, counts[t]) for t in shares], dtype=float)
    if n.sum() <= 0:
        return None
    q, p = np.array(list(shares.values())), n / n.sum()
    used = p > 0
    divergence = float((p[used] * (np.log(p[used]) - np.log(q[used]))).sum())
    smallest = float(q.min())
    return float(np.clip((np.exp(-divergence) - smallest) / (1 - smallest), 0.0, 1.0))


def effective_topics(counts: Mapping[str, int]) -> float | None:
    """exp(entropy): how many equally used topics would be as varied; None without records."""
    n = np.array([c for c in counts.values() if c > 0], dtype=float)
    if not n.size:
        return None
    p = n / n.sum()
    return float(np.exp(-(p * np.log(p)).sum()))


def normalised_entropy(counts: Mapping[str, int]) -> float | None:
    """Entropy over log K (Pielou 1966), 0 to 1; None for one topic or no records."""
    effective = effective_topics(counts)
    if effective is None or len(counts) < 2:
        return None
    return float(np.clip(np.log(effective) / np.log(len(counts)), 0.0, 1.0))


def filled(counts: Mapping[str, int], quotas: Mapping[str, float]) -> float | None:
    """Mean over topics of min(1, n / quota); None without topics."""
    if not quotas:
        return None
    return float(np.mean([min(1.0, counts[t] / q) if q > 0 else 1.0 for t, q in quotas.items()]))


def level(
    counts: Mapping[str, int],
    quotas: Mapping[str, float],
    *,
    targets: Targets = None,
    thresholds: Thresholds = DEFAULTS,
) -> Level:
    """The figures of one level. `quotas` gives the records wanted in each topic.

    Topics with target zero are listed but never thin and count in no figure. A topic is thin
    below its quota; below its target share it is thin as well as long as balance would not be
    good with every quota filled (in good balance half of all topics lie a little below).
    """
    shares = target_shares(list(counts), targets)
    wanted = {t: quotas[t] for t in counts if shares is None or t in shares}
    kept = {t: counts[t] for t in wanted}
    total = sum(kept.values())
    full = balance({t: max(n, int(wanted[t])) for t, n in kept.items()}, targets)
    uneven = full is not None and full < thresholds.balance_good
    rows = []
    for topic, n in counts.items():
        target = 0.0 if shares is not None and topic not in shares else (shares or {}).get(topic)
        active = topic in wanted
        below_quota = active and n < wanted[topic]
        below_share = bool(target) and total > 0 and n < float(target or 0) * total - 1e-9
        rows.append(
            TopicShare(
                topic=topic,
                records=n,
                quota=int(quotas[topic]) if active else 0,
                share=n / total if active and total else 0.0,
                target=target,
                filled=min(1.0, n / quotas[topic]) if quotas[topic] > 0 else 1.0,
                below_quota=below_quota,
                below_share=below_share,
                thin=below_quota or (below_share and uneven),
            )
        )
    return Level(
        topics=tuple(rows),
        balance=balance(counts, targets),
        coverage=filled(kept, wanted),
        effective=effective_topics(kept),
        entropy=normalised_entropy(kept),
    )


def analyse(
    counts: Mapping[str, int],
    *,
    groups: Sequence[Mapping[str, str]] = (),
    targets: Targets = None,
    quota: int | None = None,
    quotas: Mapping[str, int] | None = None,
    uncategorised: int = 0,
    thresholds: Thresholds = DEFAULTS,
) -> Coverage:
    """Balance and coverage of the leaves, and of each level above them.

    `groups` give leaf -> group for each of those levels; `quotas` the records wanted in topics that
    have a number of their own in place of `quota`. A group's target and quota are the sums of its
    leaves', so that full and balanced leaves never read as unbalanced groups.
    """
    size = thresholds.quota if quota is None else quota
    wanted = wanted_records(counts, size, quotas)
    leaves = level(counts, wanted, targets=targets, thresholds=thresholds)
    total = sum(counts.values()) + uncategorised
    share = uncategorised / total if total else 0.0
    grade, note = _grade(leaves, targets, share, thresholds)
    return Coverage(
        leaves=leaves,
        groups=tuple(_roll_up(leaves, names, targets, thresholds) for names in groups),
        quota=size,
        records=sum(counts.values()),
        uncategorised=uncategorised,
        uncategorised_share=share,
        grade=grade,
        recommended=leaves.balance is not None and leaves.balance < thresholds.balance_fair,
        note=note,
    )


def wanted_records(
    topics: Mapping[str, int], quota: int, quotas: Mapping[str, int] | None
) -> dict[str, int]:
    """How many records each topic should have: its own number, else the dataset's."""
    return {t: (quotas or {}).get(t, quota) for t in topics}


def _roll_up(
    leaves: Level, groups: Mapping[str, str], targets: Targets, thresholds: Thresholds
) -> Level:
    counts: dict[str, int] = {}
    quotas: dict[str, float] = {}
    wished: dict[str, float] = {}
    for leaf in leaves.topics:
        group = groups.get(leaf.topic, leaf.topic)
        counts[group] = counts.get(group, 0) + (leaf.records if leaf.target != 0.0 else 0)
        quotas[group] = quotas.get(group, 0) + leaf.quota
        wished[group] = wished.get(group, 0) + (leaf.target or 0.0)
    group_targets: Targets = "as_imported" if targets == "as_imported" else wished
    return level(counts, quotas, targets=group_targets, thresholds=thresholds)


def _grade(
    leaves: Level, targets: Targets, uncategorised: float, thresholds: Thresholds
) -> tuple[Grade, str]:
    score = leaves.balance
    if targets == "as_imported":
        return "n/a", "No target set: the records stay as imported."
    if score is None:
        reason = "one topic" if len(leaves.topics) == 1 else "no categorised records"
        return "n/a", f"Balance does not apply: {reason if leaves.topics else 'no topics'}."
    if score < thresholds.balance_fair:
        return "poor", "Some topics have far fewer records than their share."
    if score < thresholds.balance_good:
        return "fair", "Usable; thin topics would gain from more records."
    if uncategorised > thresholds.uncategorised:
        return "fair", (
            f"{100 * uncategorised:.0f} % of the records fit no topic "
            f"(limit {100 * thresholds.uncategorised:.0f} %): not called good before they are "
            "looked at."
        )
    return "good", "The topics are well balanced."
