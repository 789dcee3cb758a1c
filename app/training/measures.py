"""Numbers of a run: TRL's metrics of a step, intervals, seeded orders; no engine, no files."""

import math
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from app.grading.base import Score
from app.training.advantages import FLAT
from app.training.base import Group, StepStats
from app.training.checkpoints import Evaluation, LoopState

T = TypeVar("T")


@dataclass(frozen=True)
class GradedBatch:
    """One step's batch: groups ready for the engine, their scores, and when it began (monotonic)."""

    groups: list[Group]
    scores: list[list[Score]]
    began: float


def step_metrics(
    batch: GradedBatch, stats: Sequence[StepStats], *, state: LoopState
) -> dict[str, Any]:
    """One step under TRL's metric names; lengths in tokens, times in seconds."""
    rewards = [[s.score for s in row if s.score is not None] for row in batch.scores]
    known = [row for row in rewards if row]
    every = [r for row in known for r in row]
    stds = [statistics.stdev(row) if len(row) > 1 else 0.0 for row in known]
    rollouts = [r for g in batch.groups for r in g.rollouts]
    seconds = time.monotonic() - batch.began
    tokens = sum(len(r.tokens) for r in rollouts)
    return {
        "reward": statistics.fmean(every),
        "reward_std": statistics.fmean(stds),
        "frac_reward_zero_std": sum(s < FLAT for s in stds) / len(stds),
        "skipped_groups": sum(not g.has_signal for g in batch.groups),
        "grader_errors": len(rollouts) - len(every),
        "kl": stats[0].kl,
        "entropy": stats[0].entropy,
        "completions/mean_length": tokens / len(rollouts),
        "completions/clipped_ratio": sum(r.truncated for r in rollouts) / len(rollouts),
        "clip_ratio": stats[-1].clip_ratio,
        "grad_norm": stats[0].grad_norm,
        "loss": stats[0].loss,
        "num_tokens": state.num_tokens,
        "tokens_per_second": tokens / max(seconds, 1e-9),
        "step_time": seconds,
    }


def some(rows: Sequence[T], most: int, *, seed: int) -> list[T]:
    """A seeded choice, in a fixed order."""
    if len(rows) <= most:
        return list(rows)
    return random.Random(seed).sample(list(rows), most)


@lru_cache(maxsize=4)
def order(count: int, seed: int, epoch: int) -> list[int]:
    """The order in which an epoch takes the prompts."""
    places = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(places)
    return places


def interval(step: int, rewards: Sequence[float]) -> Evaluation:
    """Mean and its normal 95 % interval, cut to [0, 1]."""
    mean = statistics.fmean(rewards)
    half = 1.96 * statistics.stdev(rewards) / math.sqrt(len(rewards)) if len(rewards) > 1 else 1.0
    return Evaluation(
        step=step,
        reward=mean,
        low=max(0.0, mean - half),
        high=min(1.0, mean + half),
        n=len(rewards),
    )


def why(score: Score) -> str:
    """The grader's reason, or why it could not grade."""
    return score.reason or score.error or ""
