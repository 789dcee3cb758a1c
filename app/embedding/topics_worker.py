"""The worker task `topics`: texts in, a topic proposal out; it changes no dataset."""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel

from app.embedding.cache import encode_cached
from app.embedding.discovery import Discovery, discover
from app.embedding.encoder import Encoder, Vectors
from app.embedding.files import HASHES, MODEL
from app.embedding.language import encoder_fits
from app.embedding.naming import name_nodes
from app.embedding.proposal import Proposal
from app.embedding.spelling import Speller, encoder_for
from app.errors import InputError
from app.workers import Worker, write_atomic

READ = 20_000  # records; in larger sets a random part shows the same topics in a minute, not ten
GROUPING, NAMING = 0.1, 0.1  # shares of the progress bar
VERSION = "2"  # of how topics are found and named; a new one makes kept proposals void


class Row(BaseModel):
    """One line of an exported input."""

    id: int
    text: str


class Config(BaseModel):
    """`n_topics` replaces the estimated number; `max_topics` is the finest cut."""

    records: Path
    cache: Path
    encoder: Path
    max_topics: int = 200
    n_topics: int | None = None


def run(worker: Worker) -> dict[str, Any]:
    """Returns `proposal` (a file for proposal.load_proposal), `n_topics`, `finest`, `records`,
    `english` (False: the encoder does not suit the language) and `seconds`.

    The last proposal is kept beside the vectors; for the same records and settings it is given
    again.
    """
    started = time.perf_counter()
    config = Config.model_validate(worker.config)
    rows = sampled(read_rows(config.records), READ)
    if not rows:
        raise InputError("There are no records to find topics in. Import some first.")
    proposal = _kept(config, rows) or _found(worker, config, rows)
    path = worker.path / "proposal.json"
    proposal.save(path)
    worker.progress(1, 1, f"{proposal.suggested} topics found")
    return {
        "proposal": str(path),
        "n_topics": proposal.suggested,
        "finest": proposal.finest,
        "records": len(rows),
        "english": proposal.english,
        "seconds": time.perf_counter() - started,
    }


def _found(worker: Worker, config: Config, rows: list[Row]) -> Proposal:
    texts = [row.text for row in rows]
    encoder = encoder_for(texts, config.encoder)
    vectors = encode_rows(worker, texts, encoder, config.cache, share=1 - GROUPING - NAMING)
    worker.progress(1 - GROUPING - NAMING, 1, f"Grouping {len(rows):,} records")
    found = discover(vectors, max_topics=config.max_topics, n_topics=config.n_topics)
    worker.check_stop()
    worker.progress(1 - NAMING, 1, f"Naming {found.suggested} topics")

    proposal = proposal_of(worker, rows, vectors, found, encoder=encoder, cache=config.cache)
    write_atomic(_keeper(config), f"{_key(config, rows)}\n{proposal.model_dump_json()}".encode())
    return proposal


def proposal_of(
    worker: Worker,
    rows: list[Row],
    vectors: Vectors,
    found: Discovery,
    *,
    encoder: Encoder | Speller,
    cache: Path,
) -> Proposal:
    """What was found in the rows' vectors (n, 384), every node named."""
    texts = [row.text for row in rows]

    def encode(phrases: list[str]) -> Vectors:
        return encode_cached(phrases, encoder, cache, lambda *_: worker.check_stop())

    return Proposal(
        record_ids=[row.id for row in rows],
        groups=found.fine.tolist(),
        merges=found.merges,
        nodes=name_nodes(texts, vectors, fine=found.fine, merges=found.merges, encode=encode),
        suggested=found.suggested,
        english=encoder_fits(texts),
    )


def _kept(config: Config, rows: list[Row]) -> Proposal | None:
    """The proposal of the last run, when it was for the same rows and settings."""
    try:
        key, text = _keeper(config).read_bytes().split(b"\n", 1)
        return Proposal.model_validate_json(text) if key == _key(config, rows).encode() else None
    except (FileNotFoundError, ValueError):  # none yet, or damaged: it is made anew
        return None


def _keeper(config: Config) -> Path:
    return config.cache.with_name("last-proposal")


def _key(config: Config, rows: list[Row]) -> str:
    settings = [VERSION, HASHES[MODEL], config.max_topics, config.n_topics]
    digest = hashlib.sha256(orjson.dumps(settings))
    for row in rows:
        digest.update(orjson.dumps([row.id, row.text]))
    return digest.hexdigest()


def read_rows(path: Path) -> list[Row]:
    """The exported lines. Raises InputError naming the first one that cannot be used."""
    rows = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                rows.append(Row.model_validate(orjson.loads(line)))
            except ValueError as error:
                raise InputError(f"Line {number} of {path.name} is no record: {error}") from error
    return rows


def sampled(rows: list[Row], limit: int) -> list[Row]:
    """At most `limit` rows in their order, the same ones each time."""
    if len(rows) <= limit:
        return rows
    chosen = np.random.default_rng(0).choice(len(rows), limit, replace=False)
    return [rows[i] for i in np.sort(chosen)]


def encode_rows(
    worker: Worker, texts: list[str], encoder: Encoder | Speller, cache: Path, *, share: float
) -> Vectors:
    """The texts' vectors; fills the first `share` of the progress bar and stops when asked to."""

    def told(done: int, total: int) -> None:
        worker.check_stop()
        worker.progress(share * done / total, 1, f"Reading records: {done:,} of {total:,}")

    return encode_cached(texts, encoder, cache, told)
