"""Learnability by topic, read from the newest finished dry run; nothing is stored and no tool here."""

from app.domain.thresholds import Thresholds
from app.domain.topic_signals import TopicSignal, topic_signals
from app.store import results
from app.store.database import Tx
from app.store.results import ResultValue


def read_signals(tx: Tx, thresholds: Thresholds) -> dict[int, TopicSignal]:
    """By topic id, as the records are placed now; empty where no dry run has finished."""
    result = results.latest(tx, "dry_run", "completed")
    if result is None or not result.data.get("verdict"):
        return {}
    key = ("topic signals", result.id, thresholds)
    return tx.cached(key, lambda: _signals(tx, result, thresholds))


def _signals(tx: Tx, result: ResultValue, thresholds: Thresholds) -> dict[int, TopicSignal]:
    query = (
        "SELECT r.topic_id, a.record_id, a.score FROM answer a JOIN record r ON r.id = a.record_id "
        "WHERE a.result_id = ? AND a.score IS NOT NULL AND r.topic_id IS NOT NULL"
    )
    scores: dict[int, dict[int, list[float]]] = {}
    for topic, record, score in tx.sql(query, (result.id,)):
        scores.setdefault(topic, {}).setdefault(record, []).append(score)
    figures = result.data["verdict"]["figures"]
    graders = {g.version: g.config for g in results.graders(tx)}
    grader = graders.get(result.data.get("grader_version", 0), {})
    return topic_signals(
        {topic: list(prompts.values()) for topic, prompts in scores.items()},
        group_size=(figures.get("learnability") or {}).get("group_size"),
        pass_score=grader.get("pass_threshold", 1.0),
        noise_std=figures.get("noise_std"),
        thresholds=thresholds,
    )
