"""What a generation is to write: how many records for which topic, from which seeds; it writes none."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import orjson
from pydantic import BaseModel

from app.domain.topics import leaf_paths, shown
from app.domain.wording import count, joined
from app.errors import ToolError
from app.generation.base import Brief
from app.generation.base import strategy as strategy_named
from app.generation.generator import STRATEGY as SCRIPT
from app.store import generated, meta, records, topics
from app.store.database import Tx
from app.tools.base import Context
from app.tools.coverage import CoverageReport, measure
from app.tools.generation import StrategyName, known_topics


class Order(BaseModel):
    """`counts` by topic id; `names` of those topics. `record_ids` are the seeds that were asked for,
    `replaces` the refused items that better ones are wanted for; `note` says what was left out. The
    strategy `script` is the user's own generator."""

    strategy: StrategyName | Literal["script"]
    counts: dict[int, int] = {}
    names: dict[int, str] = {}
    record_ids: list[int] = []
    feedback: str = ""
    replaces: list[int] = []
    note: str = ""

    @property
    def with_tools(self) -> bool:
        """Whether its seeds must have tools."""
        return self.strategy != SCRIPT and strategy_named(self.strategy).with_tools

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def shown(self) -> str:
        """«24: 12 Fees, 12 Interest»."""
        parts = [f"{n:,} {self.names[t]}" for t, n in self.counts.items()]
        return f"{self.total:,}: {joined(parts, 4)}"


def planned(
    tx: Tx,
    ctx: Context,
    strategy: StrategyName | Literal["script"],
    target_topics: list[str] | None,
    count_per_topic: int | None,
    record_ids: list[int] | None,
) -> Order:
    """The plan's counts for thin topics, or what was wished for; never over the synthetic cap.

    What waits for the user counts as there. Raises ToolError for an unknown topic, and for a seed that
    is not a real, valid, categorised record of the training split.
    """
    if count_per_topic is not None and count_per_topic < 1:
        raise ToolError("count_per_topic is at least 1.")
    report = measure(tx, ctx)
    known_topics(report, target_topics)
    waiting = generated.waiting_by_topic(tx)
    lacking = {
        report.topic_ids[t.topic]: max(0, t.add - waiting.get(report.topic_ids[t.topic], 0))
        for t in report.plan.topics
    }
    if record_ids:
        seeds = _seeds(tx, record_ids)
        wished = {t: count_per_topic or n for t, n in seeds.items()}
    elif target_topics:
        chosen = [report.topic_ids[name] for name in target_topics]
        wished = {t: count_per_topic or lacking.get(t, 0) for t in chosen}
    elif count_per_topic:
        thin = [t for t, n in lacking.items() if n] or list(lacking)
        wished = dict.fromkeys(thin, count_per_topic)
    else:
        wished = lacking
    order = Order(strategy=strategy, record_ids=record_ids or [])
    return capped(tx, report, order, wished)


def capped(tx: Tx, report: CoverageReport, order: Order, wished: Mapping[int, int]) -> Order:
    """The order with these counts, none over what its topic may still get, and none for a topic that
    has no seed for the strategy."""
    names = {i: name for name, i in report.topic_ids.items()}
    room = room_of(tx, report)
    counts: dict[int, int] = {}
    short, bare = [], []
    for topic, n in wished.items():
        fits = min(n, room.get(topic, 0))
        if fits and not seed_ids(tx, topic, order):
            bare.append(names.get(topic, str(topic)))
        elif fits:
            counts[topic] = fits
        if fits < n:
            short.append(names.get(topic, str(topic)))
    notes = []
    if short:
        said = "gets" if len(short) == 1 else "get"
        notes.append(
            f"{joined(short, 4)} {said} fewer: never more synthetic records than real ones."
        )
    if bare:
        what = "a training record with tools" if order.with_tools else "a training record"
        notes.append(f"{joined(bare, 4)} left out: there is not {what} to start from.")
    found = {t: names[t] for t in counts}
    return order.model_copy(update={"counts": counts, "names": found, "note": " ".join(notes)})


def room_of(tx: Tx, report: CoverageReport) -> dict[int, int]:
    """How many synthetic records each topic may still get, by id; what waits counts as there."""
    waiting = generated.waiting_by_topic(tx)
    ids = report.topic_ids
    return {ids[t.topic]: max(0, t.cap - waiting.get(ids[t.topic], 0)) for t in report.plan.topics}


def seed_ids(tx: Tx, topic_id: int, order: Order) -> list[int]:
    """Real records of a topic's training split that requests may be made from, by id."""
    tools = "AND has_tools" if order.with_tools else ""
    query = (
        "SELECT id FROM record WHERE topic_id = ? AND valid AND split = 'train' "
        f"AND source <> 'generated' {tools} ORDER BY id"
    )
    found = [i for (i,) in tx.sql(query, (topic_id,))]
    chosen = set(order.record_ids)
    return [i for i in found if i in chosen] if chosen else found


def brief(
    tx: Tx, order: Order, topic_id: int, count: int, seeds: Sequence[int], avoid: Sequence[str] = ()
) -> Brief:
    """One request in values. A seed that is not in the training split any more is left out."""
    rows = {row.id: row for row in topics.all_topics(tx)}
    names = {i: shown(path) for i, path in leaf_paths(list(rows.values())).items()}
    found = records.many(tx, seeds)
    return Brief(
        topic=names.get(topic_id, order.names.get(topic_id, "")),
        count=count,
        description=rows[topic_id].description if topic_id in rows else "",
        goal=meta.get(tx, "goal", ""),
        seeds=tuple(r for r in found if r.split == "train" and r.valid and r.source != "generated"),
        avoid=tuple(avoid),
        feedback=order.feedback,
    )


def usable_seeds(tx: Tx, record_ids: Sequence[int]) -> list[int]:
    """Those of these records that new ones may be made from, by id."""
    query = (
        "SELECT id FROM record WHERE id IN (SELECT value FROM json_each(?)) AND valid "
        "AND split = 'train' AND source <> 'generated' AND topic_id IS NOT NULL ORDER BY id"
    )
    return [i for (i,) in tx.sql(query, (orjson.dumps(list(record_ids)).decode(),))]


def _seeds(tx: Tx, record_ids: list[int]) -> dict[int, int]:
    """How many of these records each topic has; raises ToolError naming one that may be no seed."""
    found = {record.id: record for record in records.many(tx, record_ids)}
    counts: Counter[int] = Counter()
    for record_id in dict.fromkeys(record_ids):
        record = found.get(record_id)
        if record is None:
            raise ToolError(f"There is no record {record_id} in this dataset.")
        if record.split != "train":
            place = f"in the {record.split} split" if record.split else "in no split"
            raise ToolError(f"Record {record_id} is {place}: only training records may be seeds.")
        if record.source == "generated" or not record.valid or record.topic_id is None:
            raise ToolError(
                f"Record {record_id} cannot be a seed: that takes a real, valid record with a topic."
            )
        counts[record.topic_id] += 1
    return dict(counts)


def nothing_to_do(order: Order) -> str:
    """Why an order is empty, and what would not be."""
    if order.note:
        return f"Nothing was generated. {order.note}"
    return (
        "Nothing to generate: every topic has what the plan gives it. Ask for topics and a count to "
        f"get more, up to {count(1, 'synthetic record')} for each real one."
    )
