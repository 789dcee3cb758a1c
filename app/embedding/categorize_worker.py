"""The worker task `categorize`: texts and leaf topics in, assignments out; it changes no dataset."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel

from app.domain.topics import band
from app.embedding.cache import encode_cached
from app.embedding.classify import Assignments, Classifier, TopicSpec, topic_texts, train
from app.embedding.discovery import unit
from app.embedding.encoder import DIMENSIONS, Encoder, Vectors
from app.embedding.language import encoder_fits
from app.embedding.topics_worker import encode_rows, read_rows
from app.errors import InputError
from app.workers import Worker, write_atomic

ENCODING = 0.95  # share of the progress bar


class Config(BaseModel):
    """`threshold` replaces the calibrated least fit. Examples and members are ids in `records`."""

    records: Path
    cache: Path
    encoder: Path
    topics: list[TopicSpec]
    threshold: float | None = None


def run(worker: Worker) -> dict[str, Any]:
    """Writes `assignments.jsonl`: `{"id", "topic_id", "probability", "fit", "alternatives"}`.

    `topic_id` is null where the fit is below the threshold; the alternatives are the three
    likeliest topics with their probabilities in any case. Returns `assignments` (the file),
    `threshold`, `temperature`, `estimated` (too few confirmed examples to measure the
    probabilities by), `counts` (records by band, `uncategorized` among them), `by_topic` (records
    by topic id), `english` and `seconds`.
    """
    started = time.perf_counter()
    config = Config.model_validate(worker.config)
    if not config.topics:
        raise InputError("There are no topics to choose from. Accept a hierarchy first.")
    rows = read_rows(config.records)
    texts = [row.text for row in rows]
    encoder = Encoder(config.encoder)
    vectors = encode_rows(worker, texts, encoder, config.cache, share=ENCODING)
    place = {row.id: i for i, row in enumerate(rows)}
    classifier = build(config.topics, vectors, place, encoder=encoder, cache=config.cache)
    threshold = classifier.threshold if config.threshold is None else config.threshold
    worker.check_stop()
    worker.progress(ENCODING, 1, f"Choosing among {len(config.topics)} topics")
    lines = _lines([row.id for row in rows], config.topics, classifier.classify(vectors), threshold)
    path = worker.path / "assignments.jsonl"
    write_atomic(path, b"".join(orjson.dumps(line) + b"\n" for line in lines))
    worker.progress(1, 1, f"{len(rows):,} records categorised")
    return {
        "assignments": str(path),
        "threshold": threshold,
        "temperature": classifier.temperature,
        "estimated": classifier.estimated,
        "counts": _counts(lines),
        "by_topic": Counter(str(x["topic_id"]) for x in lines if x["topic_id"] is not None),
        "english": encoder_fits(texts),
        "seconds": time.perf_counter() - started,
    }


def build(
    topics: list[TopicSpec],
    vectors: Vectors,
    place: dict[int, int],
    *,
    encoder: Encoder,
    cache: Path,
) -> Classifier:
    """A classifier for these topics; ids that are not in `place` are passed over."""

    def of(ids: list[int]) -> Vectors:
        known = [place[i] for i in ids if i in place]
        return vectors[known] if known else np.zeros((0, DIMENSIONS), np.float32)

    short, long = zip(*map(topic_texts, topics), strict=True)
    encoded = encode_cached([*short, *long], encoder, cache)
    names = unit(encoded[: len(topics)] + encoded[len(topics) :])
    examples = [of(t.examples) for t in topics]
    confirmed = {i for t in topics for i in t.examples}
    members = [of([i for i in t.members if i not in confirmed]) for t in topics]
    free = np.ones(len(vectors), bool)
    free[[place[i] for i in confirmed if i in place]] = False
    return train(names, examples, members, records=vectors[free])


def _lines(
    ids: list[int], topics: list[TopicSpec], found: Assignments, threshold: float
) -> list[dict[str, Any]]:
    lines = []
    for i, fit in enumerate(found.fit.tolist()):
        likely = [
            [topics[t].id, round(p, 4)]
            for t, p in zip(found.topics[i].tolist(), found.probabilities[i].tolist(), strict=True)
        ]
        topic_id, probability = likely[0]
        lines.append(
            {
                "id": ids[i],
                "topic_id": topic_id if fit >= threshold else None,
                "probability": probability,
                "fit": round(fit, 4),
                "alternatives": likely,
            }
        )
    return lines


def _counts(lines: list[dict[str, Any]]) -> dict[str, int]:
    counts = {"high": 0, "medium": 0, "review": 0, "uncategorized": 0}
    for line in lines:
        name = "uncategorized" if line["topic_id"] is None else band(line["probability"])
        counts[name] += 1
    return counts
