"""Sampling weights that make thin topics count more in training; no record is added or copied."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.coverage import Targets, target_shares

MAX_WEIGHT = 4.0  # above it a handful of records would be seen so often that they are memorised


def topic_weights(
    counts: Mapping[str, int], targets: Targets = None, *, limit: float = MAX_WEIGHT
) -> dict[str, float]:
    """How often a record of each topic is drawn beside an average one (mean 1 over records).

    Weight = target share / actual share, at most `limit` and at least its reciprocal, rescaled
    to mean 1. Topics with target zero get 0; without targets all get 1.
    """
    shares = target_shares(list(counts), targets)
    if shares is None:
        return dict.fromkeys(counts, 1.0)
    total = sum(counts[t] for t in shares)
    if not total:
        return {t: float(t in shares) for t in counts}
    raw = {
        t: min(limit, max(1 / limit, shares[t] * total / counts[t])) if counts[t] else 0.0
        for t in shares
    }
    mean = sum(raw[t] * counts[t] for t in shares) / total
    return {t: raw.get(t, 0.0) / mean for t in counts}
