"""The queue of uncertain records as the review shows it: read here, drawn elsewhere; no widget."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.domain.thresholds import DEFAULTS
from app.domain.topics import leaf_paths, shown
from app.store import records, topics
from app.store.database import Tx
from app.store.records import RecordFilter, RecordRow

QUEUE = 20  # records read ahead, so that skipping is instant
OPTIONS = 3


@dataclass(frozen=True)
class Review:
    """A record whose topic is uncertain: its words, (id, name, probability) of the likeliest topics,
    its fit to any, and (id, words) of the uncertain records that say nearly the same."""

    record_id: int
    text: str
    options: tuple[tuple[int, str, float], ...]
    fit: float | None = None
    like: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Queue:
    """`left` counts all uncertain records, `items` are the first of them; `leaves` are all topics to
    choose from, by the words they are found by."""

    items: tuple[Review, ...] = ()
    left: int = 0
    leaves: tuple[tuple[int, str], ...] = ()


def read_queue(tx: Tx, similar: Path, also: Sequence[int] = ()) -> Queue:
    """The least certain records, the least certain first. `similar` is the file of the last
    categorisation; `also` are records to have in any case, unless the user decided on them."""
    found = records.page(tx, RecordFilter(review=True), "probability", limit=QUEUE)
    rows = {row.id: row for row in records.rows(tx, [*found, *also])}
    open_ones = [row for row in rows.values() if row.valid and row.topic_source != "user"]
    paths = leaf_paths(topics.all_topics(tx))
    like = read_similar(similar, [row.id for row in open_ones])
    return Queue(
        items=tuple(_item(tx, row, paths, like.get(row.id, [])) for row in open_ones),
        left=records.stats(tx).review,
        leaves=tuple((topic_id, shown(path)) for topic_id, path in paths.items()),
    )


def read_similar(file: Path, record_ids: Sequence[int]) -> dict[int, list[int]]:
    """The records like each of these, as the last categorisation found them."""
    starts = tuple(b'{"id":%d,' % i for i in record_ids)
    try:
        with file.open("rb") as lines:
            found = [orjson.loads(line) for line in lines if line.startswith(starts)]
    except FileNotFoundError:
        return {}
    return {line["id"]: line["like"] for line in found}


def _item(tx: Tx, row: RecordRow, paths: dict[int, tuple[str, ...]], like: Sequence[int]) -> Review:
    likely = [(t, p) for t, p in records.alternatives(tx, row.id) if t in paths]
    if row.topic_id in paths and row.topic_id not in [t for t, _ in likely]:
        likely.append((row.topic_id, row.probability or 0.0))
    likely.sort(key=lambda pair: -pair[1])
    near = [other for other in records.rows(tx, like) if _uncertain(other, row.topic_id)]
    return Review(
        record_id=row.id,
        text=row.preview,
        options=tuple((t, paths[t][-1], p) for t, p in likely[:OPTIONS]),
        fit=row.fit,
        like=tuple((other.id, other.preview) for other in near),
    )


def _uncertain(row: RecordRow, topic_id: int | None) -> bool:
    """Whether a record is still where it was when it was found to be alike."""
    return (
        row.topic_id == topic_id
        and row.topic_source not in ("user", "label", "model")
        and row.probability is not None
        and row.probability < DEFAULTS.topic_review
    )
