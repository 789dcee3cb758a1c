"""The worker task `check-candidates`: what only a comparison can tell of new records: whether they
repeat the data or each other, and whether they land in their topic. It changes no dataset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson
from pydantic import BaseModel

from app.domain.diversity import Diversity, distinct_2
from app.embedding.candidates import Checked
from app.embedding.categorize_worker import build
from app.embedding.classify import Assignments, TopicSpec
from app.embedding.encoder import Vectors
from app.embedding.language import encoder_fits
from app.embedding.spelling import encoder_for
from app.embedding.topics_worker import encode_rows
from app.errors import InputError
from app.workers import Worker, write_atomic

ENCODING = 0.9  # share of the progress bar
CHUNK = 20_000  # records compared at once
Reason = Literal["", "duplicate", "near_duplicate", "off_topic"]
FIDELITY_ASIDE = ("duplicate", "near_duplicate")


class Known(BaseModel):
    """A record of the data. `key` is equal where prompts are the same after normalisation."""

    id: int
    text: str
    key: str
    split: str | None = None


class New(BaseModel):
    """A record to check. Of one that is `known` nothing is judged, others must not repeat it."""

    id: int
    text: str
    key: str
    topic: int = 0
    known: bool = False


class Config(BaseModel):
    """Files of JSON lines (Known, New), the cache and model of the encoder, the leaves to choose from,
    and the cosine from which two are nearly the same."""

    records: Path
    candidates: Path
    cache: Path
    encoder: Path
    topics: list[TopicSpec]
    near: float


@dataclass(frozen=True)
class _Nearest:
    """Per candidate: the largest cosine to a record, whose row that is, and to a validation record."""

    cosine: np.ndarray
    row: np.ndarray
    validation: np.ndarray


def run(worker: Worker) -> dict[str, Any]:
    """Writes `checked.jsonl`, a Checked for each candidate that is not known, in their order.

    Returns `checked` (the file), `diversity` (see Diversity), `threshold` and `english`.
    """
    config = Config.model_validate(worker.config)
    data = _read(config.records, Known)
    new = _read(config.candidates, New)
    texts = [row.text for row in data]
    encoder = encoder_for(texts, config.encoder)
    every = [*texts, *(item.text for item in new)]
    vectors = encode_rows(worker, every, encoder, config.cache, share=ENCODING)
    known, fresh = vectors[: len(data)], vectors[len(data) :]
    place = {row.id: i for i, row in enumerate(data)}
    classifier = build(config.topics, known, place, encoder=encoder, cache=config.cache)
    worker.check_stop()
    nearest = _nearest(fresh, known, [row.split == "validation" for row in data])
    landed = classifier.classify(fresh)
    checked = _judge(new, fresh, data, nearest, landed, config, classifier.threshold)
    path = worker.path / "checked.jsonl"
    write_atomic(path, b"".join(orjson.dumps(c.model_dump()) + b"\n" for c in checked))
    worker.progress(1, 1, f"{len(checked):,} new records checked")
    return {
        "checked": str(path),
        "diversity": _figures(new, checked, data).model_dump(),
        "threshold": classifier.threshold,
        "english": encoder_fits(texts),
    }


def _read(path: Path, kind: Any) -> Any:
    try:
        return [kind.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error


def _nearest(new: Vectors, data: Vectors, validation: list[bool]) -> _Nearest:
    count = len(new)
    best, row = np.full(count, -1.0), np.zeros(count, np.int64)
    held = np.full(count, -1.0)
    marks = np.array(validation, dtype=bool)
    for start in range(0, len(data) if count else 0, CHUNK):
        cosine = (new @ data[start : start + CHUNK].T).astype(np.float64)
        at = cosine.argmax(1)
        value = cosine[np.arange(count), at]
        row = np.where(value > best, start + at, row)
        best = np.maximum(best, value)
        if (part := marks[start : start + CHUNK]).any():
            held = np.maximum(held, cosine[:, part].max(1))
    return _Nearest(best, row, held)


class _Texts:
    """Prompts by what makes two of them the same, or the same but for signs and blanks. A cosine alone
    misses those: a mark at the end moved one to 0.945 (measured)."""

    def __init__(self) -> None:
        self._same: dict[str, int] = {}
        self._loose: dict[str, int] = {}

    def add(self, row: Known | New) -> None:
        self._same[row.key] = row.id
        self._loose[_loose(row.text)] = row.id

    def repeated(self, item: New) -> tuple[Reason, int] | None:
        """How it repeats one of them, and which."""
        if item.key in self._same:
            return "duplicate", self._same[item.key]
        if (found := self._loose.get(_loose(item.text))) is not None:
            return "near_duplicate", found
        return None


def _loose(text: str) -> str:
    """Its letters and digits; of a text without any the text itself."""
    return "".join(filter(str.isalnum, text.casefold())) or text


def _judge(
    new: list[New],
    vectors: Vectors,
    data: list[Known],
    nearest: _Nearest,
    landed: Assignments,
    config: Config,
    threshold: float,
) -> list[Checked]:
    """In order: what was kept before counts as there."""
    there, own = _Texts(), _Texts()
    for row in data:
        there.add(row)
    kept = [i for i, item in enumerate(new) if item.known]
    for i in kept:
        own.add(new[i])
    checked = []
    for i, item in enumerate(new):
        if item.known:
            continue
        among = vectors[kept] @ vectors[i] if kept else np.zeros(0)
        like = int(among.argmax()) if kept else -1
        own_cosine = float(among[like]) if kept else 0.0
        reason: Reason = ""
        against, of_new = 0, False
        if found := there.repeated(item):
            reason, against = found
        elif found := own.repeated(item):
            (reason, against), of_new = found, True
        elif nearest.cosine[i] >= config.near:
            reason, against = "near_duplicate", data[int(nearest.row[i])].id
        elif own_cosine >= config.near:
            reason, against, of_new = "near_duplicate", new[kept[like]].id, True
        likely = [
            (config.topics[t].id, round(p, 4))
            for t, p in zip(
                landed.topics[i].tolist(), landed.probabilities[i].tolist(), strict=True
            )
        ]
        fit = float(landed.fit[i])
        if not reason and (likely[0][0] != item.topic or fit < threshold):
            reason = "off_topic"
        if not reason:
            kept.append(i)
            own.add(item)
        checked.append(
            Checked(
                id=item.id,
                reason=reason,
                against=against,
                of_new=of_new,
                topic=likely[0][0] if fit >= threshold else None,
                probability=dict(likely).get(item.topic, 0.0),
                fit=round(fit, 4),
                alternatives=likely,
                to_data=round(float(nearest.cosine[i]), 4),
                to_new=round(own_cosine, 4),
                to_validation=round(float(nearest.validation[i]), 4),
            )
        )
    return checked


def _figures(new: list[New], checked: list[Checked], data: list[Known]) -> Diversity:
    texts = {item.id: item.text for item in new}
    kept = [c for c in checked if not c.reason]
    own = [c for c in checked if c.reason not in FIDELITY_ASIDE]
    copies = [c for c in checked if c.reason in FIDELITY_ASIDE]
    real = [row.text for row in data if row.split == "train"]
    some = real[:: max(1, len(real) // max(1, len(kept)))][: len(kept)]
    held = [c.to_validation for c in kept if c.to_validation >= 0]
    return Diversity(
        judged=len(checked),
        kept=len(kept),
        copies_of_data=sum(not c.of_new for c in copies),
        copies_of_new=sum(c.of_new for c in copies),
        nearest=round(float(np.mean([c.to_data for c in kept])), 4) if kept else None,
        validation=max(held, default=None),
        distinct_2=distinct_2(texts[c.id] for c in kept),
        distinct_2_real=distinct_2(some) if kept else None,
        fidelity=sum(c.reason != "off_topic" for c in own) / len(own) if own else None,
    )
