"""However records come to their topics: the count reported, the count stored and the counts shown by
every view are one number."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.thresholds import DEFAULTS
from app.domain.topic_tree import Tree
from app.domain.topics import leaf_paths
from app.errors import AppError
from app.store import records, topics, uncertain
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.coverage import measure
from app.tools.improving import uncategorised_at
from app.ui.topics.queue import read_queue
from app.ui.topics.snapshot import read_snapshot
from app.ui.topics.standing import bands, read_standing
from app.wiring import App
from tests.tools.conftest import OpenApp

COLUMNS = ("id", "topic_id", "topic_source", "probability", "fit")


def counted(tx: Tx) -> dict[str, Any]:
    """The rows counted one by one, in plain words."""
    rows = list(records.columns(tx, RecordFilter(valid=True), COLUMNS))
    sure = [_sure(source, p) for _, topic, source, p, _ in rows if topic is not None]
    high, low = DEFAULTS.topic_high, DEFAULTS.topic_review
    return {
        "valid": len(rows),
        "topics": Counter(topic for _, topic, *_ in rows),
        "high": sum(p >= high for p in sure),
        "medium": sum(low <= p < high for p in sure),
        "review": sum(p < low for p in sure),
        "confirmed": sum(source == "user" for _, _, source, _, _ in rows),
        "uncertain": sum(
            source not in ("user", "label", "model")
            and (topic is None or (p is not None and p < low))
            for _, topic, source, p, _ in rows
        ),
    }


def _sure(source: str | None, probability: float | None) -> float:
    if source == "user":
        return 1.0
    if source == "model":
        return max(probability or 0.0, DEFAULTS.topic_review)
    return 1.0 if probability is None else probability


def assert_agree(tx: Tx, app: App) -> None:
    """Every view of one dataset beside the rows themselves."""
    found = counted(tx)
    lost = found["topics"][None]
    stats, standing, tree = records.stats(tx), read_standing(tx), read_snapshot(tx, None)
    assert (stats.valid, stats.categorised) == (found["valid"], found["valid"] - lost)
    assert stats.review == found["review"] == read_queue(tx, app.session.similar_file).left
    assert stats.confirmed == standing.stats.confirmed == found["confirmed"]
    shown = [band.records for band in bands(standing)]
    assert shown == [found["high"], found["medium"], found["review"], lost]
    assert standing.uncertain == uncertain.count(tx) == found["uncertain"]
    assert standing.uncategorised == tree.uncategorised == lost
    if standing.threshold is not None and standing.done:
        at = uncategorised_at(tx)
        assert at == sorted(at)
        assert at[0] <= lost <= at[-1]
    ends = set(leaf_paths(topics.all_topics(tx)))
    lines = tree.arranged.by_key
    figures = {key: line.records for key, line in lines.items() if line.leaf}
    assert figures == {topic: found["topics"][topic] for topic in ends}
    assert found["topics"].keys() <= ends | {None}, "a record is on a leaf or on none"
    for key, line in lines.items():
        below = Tree(topics.all_topics(tx)).subtree([key])
        spec = RecordFilter(topic_ids=tuple(below), valid=True)
        assert line.records == records.count(tx, spec)
    if ends:
        report = measure(tx, app.context())
        assert {report.topic_ids[t.topic]: t.records for t in report.plan.topics} == figures
        assert report.coverage.uncategorised == lost


class Walk:
    """A random walk through all that places records, by a fixed seed."""

    def __init__(self, app: App, seed: int) -> None:
        self.app, self.chance = app, random.Random(seed)
        self.call = app.call

    async def read(self, function: Any, *arguments: Any) -> Any:
        assert self.app.session is not None
        return await self.app.session.store.read(function, *arguments)

    async def leaf(self) -> int:
        return self.chance.choice(sorted(leaf_paths(await self.read(topics.all_topics))))

    def some(self, most: int = 12) -> list[int]:
        return self.chance.sample(range(1, 81), self.chance.randint(1, most))


async def categorise(walk: Walk) -> None:
    scope, least = walk.chance.choice(["all", "unlabeled"]), walk.chance.choice([0.3, 0.5])
    done = await walk.call("categorize_records", scope=scope, confidence_threshold=least)
    stats = await walk.read(records.stats)
    shown = await walk.read(lambda tx: records.bands(tx, high=DEFAULTS.topic_high, review=least))
    assert (done.high, done.medium, done.review) == shown
    assert done.assigned == sum(shown) == stats.categorised
    assert done.uncategorised == stats.valid - stats.categorised
    assert done.confirmed == stats.confirmed


async def decide(walk: Walk) -> None:
    topic = walk.chance.choice([await walk.leaf(), ""])
    await walk.call("assign_topic", record_ids=walk.some(), topic=topic)


async def decide_and_learn(walk: Walk) -> None:
    await decide(walk)
    await walk.call("improve_categories")


async def set_threshold(walk: Walk) -> None:
    least = walk.chance.choice([None, 0.0, 0.4, 0.6, 0.8, 1.0])
    await walk.call("set_fit_threshold", threshold=least)
    standing = await walk.read(read_standing)
    foretold = standing.uncategorised_at[round((standing.threshold or 0) * 100)]
    assert foretold == standing.uncategorised


async def place_by_model(walk: Walk) -> None:
    """As a run ends: what was uncertain when it was asked, placed as the model said."""
    leaf = await walk.leaf()
    chosen = {i: walk.chance.choice([leaf, None]) for i in await walk.read(uncertain.ids, 9)}
    before = await walk.read(uncertain.placed)
    made = await walk.app.context().write("Place by a model", uncertain.place, chosen)
    assert made.placed + made.none == len(chosen)
    assert await walk.read(uncertain.placed) == before + made.placed


async def split(walk: Walk) -> None:
    await walk.call("split_topic", topic_id=await walk.leaf(), parts=2)


async def merge(walk: Walk) -> None:
    await walk.call("merge_topics", topic_ids=[await walk.leaf()], into=await walk.leaf())


async def add(walk: Walk) -> None:
    parent = walk.chance.choice([None, await walk.leaf()])
    await walk.call("add_topic", name=f"Topic {walk.chance.random()}", parent_id=parent)


async def label(walk: Walk) -> None:
    await walk.call("generate_topics", method="labels")
    await walk.call("apply_topic_hierarchy")


async def edit(walk: Walk) -> None:
    """Also into a record that is not valid, and so is counted nowhere."""
    words = walk.chance.choice(["", "my card was stolen"])
    turns = [{"role": "user", "content": words}]
    await walk.call("update_record", record_id=walk.some(1)[0], updates={"messages": turns})


async def undo(walk: Walk) -> None:
    await walk.call("undo")


async def redo(walk: Walk) -> None:
    await walk.call("redo")


ACTS: tuple[Callable[[Walk], Awaitable[None]], ...] = (
    categorise, decide, decide_and_learn, set_threshold, place_by_model, place_by_model,
    split, merge, add, label, edit, undo, undo, redo,
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_count_is_one_number_after_anything(program: OpenApp, seed: int) -> None:
    async with program() as app:
        walk = Walk(app, seed)
        for name in ("Lost card", "Paying a bill", "Weather"):
            await app.call("add_topic", name=name)
        await categorise(walk)
        acts, did = list(ACTS), Counter[str]()
        walk.chance.shuffle(acts)
        for act in acts:
            try:
                await act(walk)
                did[act.__name__] += 1
            except AppError:
                pass  # what may not be done now changes nothing, which is checked all the same
            await walk.read(assert_agree, app)
        assert len(did) >= 8, f"too little was done: {did}"
