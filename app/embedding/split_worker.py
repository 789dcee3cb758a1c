"""The worker task `split`: the texts of one topic in, the parts they fall into out; it changes no
dataset."""

from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from app.embedding.discovery import MIN_PER_TOPIC, discover
from app.embedding.spelling import encoder_for
from app.embedding.topics_worker import encode_rows, proposal_of, read_rows
from app.errors import InputError
from app.workers import Worker, write_atomic

MAX_PARTS = 20  # found where no number is given: more is a proposal of its own, not a split
ENCODING = 0.8  # share of the progress bar


class Config(BaseModel):
    """`parts` replaces the estimated number."""

    records: Path
    cache: Path
    encoder: Path
    parts: int | None = None


def run(worker: Worker) -> dict[str, Any]:
    """Returns `parts`: a file with a list of {name, record_ids}, the largest first; every record is in
    exactly one. Raises InputError where the records are too few or too much alike."""
    config = Config.model_validate(worker.config)
    rows = read_rows(config.records)
    wanted = config.parts or 2
    if len(rows) < wanted * MIN_PER_TOPIC:
        raise InputError(
            f"{len(rows):,} records are too few for {wanted} parts: each takes at least "
            f"{MIN_PER_TOPIC}."
        )
    texts = [row.text for row in rows]
    encoder = encoder_for(texts, config.encoder)
    vectors = encode_rows(worker, texts, encoder, config.cache, share=ENCODING)
    worker.progress(ENCODING, 1, f"Grouping {len(rows):,} records")
    found = discover(vectors, max_topics=config.parts or MAX_PARTS, n_topics=config.parts)
    if found.finest < wanted:
        raise InputError(f"The records are too much alike to be told apart in {wanted} parts.")
    worker.check_stop()

    proposal = proposal_of(worker, rows, vectors, found, encoder=encoder, cache=config.cache)
    parts = [{"name": n.name, "record_ids": n.record_ids} for n in proposal.cut(config.parts)]
    path = worker.path / "parts.json"
    write_atomic(path, orjson.dumps(parts))
    worker.progress(1, 1, f"{len(parts)} parts found")
    return {"parts": str(path)}
