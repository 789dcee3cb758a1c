"""The worker task `categorize`: texts and leaf topics in, assignments out; it changes no dataset."""

import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel

from app.domain.reliability import STEPS, Reliability, reliability
from app.domain.thresholds import DEFAULTS
from app.domain.topics import band
from app.embedding.cache import encode_cached
from app.embedding.classify import Assignments, Classifier, TopicSpec, topic_texts, train
from app.embedding.discovery import unit
from app.embedding.encoder import DIMENSIONS, Encoder, Vectors
from app.embedding.language import encoder_fits
from app.embedding.similar import alike
from app.embedding.spelling import Speller, encoder_for
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
    """Writes `assignments.jsonl`: `{"id", "topic_id", "probability", "fit", "alternatives"}`, and
    `similar.jsonl`: `{"id", "like"}`, for the uncertain records the ids of those that say nearly
    the same and have the same likeliest topic.

    `topic_id` is null where the fit is below the threshold; the alternatives are the three
    likeliest topics with their probabilities in any case. Returns the two files as `assignments`
    and `similar`, `threshold`, `calibrated` (the threshold that would hold if none were given),
    `temperature`, `estimated` (too few confirmed examples to measure the probabilities by),
    `reliability` (see Reliability), `counts` (records by band, `uncategorized` among them),
    `by_topic` (records by topic id), `english` and `seconds`.
    """
    started = time.perf_counter()
    config = Config.model_validate(worker.config)
    if not config.topics:
        raise InputError("There are no topics to choose from. Accept a hierarchy first.")
    rows = read_rows(config.records)
    texts, ids = [row.text for row in rows], [row.id for row in rows]
    encoder = encoder_for(texts, config.encoder)
    vectors = encode_rows(worker, texts, encoder, config.cache, share=ENCODING)
    place = {record_id: i for i, record_id in enumerate(ids)}
    classifier = build(config.topics, vectors, place, encoder=encoder, cache=config.cache)
    # In whole hundredths, so that the figure people see is the one in force.
    calibrated = math.floor(classifier.threshold * STEPS) / STEPS
    threshold = calibrated if config.threshold is None else config.threshold
    worker.check_stop()
    worker.progress(ENCODING, 1, f"Choosing among {len(config.topics)} topics")
    lines = _lines(ids, config.topics, classifier.classify(vectors), threshold)
    like = _similar(lines, config.topics, vectors)
    files = {"assignments": lines, "similar": like}
    for name, made in files.items():
        data = b"".join(orjson.dumps(line) + b"\n" for line in made)
        write_atomic(worker.path / f"{name}.jsonl", data)
    worker.progress(1, 1, f"{len(rows):,} records categorised")
    return {
        **{name: str(worker.path / f"{name}.jsonl") for name in files},
        "threshold": threshold,
        "calibrated": calibrated,
        "temperature": classifier.temperature,
        "estimated": classifier.estimated,
        "reliability": _reliability(config.topics, vectors, place, classifier).model_dump(),
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
    encoder: Encoder | Speller,
    cache: Path,
) -> Classifier:
    """A classifier for these topics; ids that are not in `place` are passed over."""

    short, long = zip(*map(topic_texts, topics), strict=True)
    encoded = encode_cached([*short, *long], encoder, cache)
    names = unit(encoded[: len(topics)] + encoded[len(topics) :])
    examples = [_of(t.examples, vectors, place) for t in topics]
    confirmed = {i for t in topics for i in t.examples}
    others = [[i for i in t.members if i not in confirmed] for t in topics]
    members = [_of(ids, vectors, place) for ids in others]
    free = np.ones(len(vectors), bool)
    free[[place[i] for i in confirmed if i in place]] = False
    return train(names, examples, members, records=vectors[free])


def _of(ids: list[int], vectors: Vectors, place: dict[int, int]) -> Vectors:
    known = [place[i] for i in ids if i in place]
    return vectors[known] if known else np.zeros((0, DIMENSIONS), np.float32)


def _reliability(
    topics: list[TopicSpec], vectors: Vectors, place: dict[int, int], classifier: Classifier
) -> Reliability:
    """What is said of the confirmed records, each left out, beside what they were confirmed as."""
    examples = [_of(t.examples, vectors, place) for t in topics]
    told, found = classifier.left_out(examples)
    ids = np.array([t.id for t in topics])
    guessed = ids[found.topics[:, 0]].tolist()
    return reliability(
        ids[told].tolist(), guessed, found.probabilities[:, 0].tolist(), found.fit.tolist()
    )


def _similar(
    lines: list[dict[str, Any]], topics: list[TopicSpec], vectors: Vectors
) -> list[dict[str, Any]]:
    confirmed = {i for t in topics for i in t.examples}
    unsure = [
        i
        for i, line in enumerate(lines)
        if line["topic_id"] is not None
        and line["probability"] < DEFAULTS.topic_review
        and line["id"] not in confirmed
    ]
    likeliest = np.array([lines[i]["topic_id"] for i in unsure], np.int64)
    found = alike(vectors[unsure], likeliest, least=DEFAULTS.topic_similar)
    return [
        {"id": lines[unsure[i]]["id"], "like": [lines[unsure[j]]["id"] for j in near]}
        for i, near in found.items()
    ]


def _lines(
    ids: list[int], topics: list[TopicSpec], found: Assignments, threshold: float
) -> list[dict[str, Any]]:
    lines = []
    for i, exact in enumerate(found.fit.tolist()):
        fit = round(exact, 4)  # what is stored decides, so that a threshold can be applied later
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
                "fit": fit,
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
