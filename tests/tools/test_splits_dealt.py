"""Splits are dealt by topic with the first categorisation, once, and never after something used them."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.domain.splits import split_of_cluster
from app.domain.topics import TopicNode
from app.store import meta, results, topics
from app.store.database import Tx
from app.tools import passes
from app.wiring import App
from tests.tools.conftest import OpenApp
from tests.tools.test_splits_stay import splits, torn
from tests.tools.writer import GOOD, REAL

TEXTS = [text for texts in (*REAL.values(), *GOOD.values()) for text in texts]
TREE = [TopicNode(name=name).model_dump() for name in ("Refund", "Password")]
OTHER = [TopicNode(name=name).model_dump() for name in ("Money back", "Weather", "Login")]


def written(file: Path, rows: Iterable[tuple[str, str]]) -> Path:
    """A file of these prompts, each with its reference."""
    turns = [({"role": "user", "content": text}, reference) for text, reference in rows]
    made = [json.dumps({"messages": [turn], "reference": wanted}) for turn, wanted in turns]
    file.write_text("\n".join(made))
    return file


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    """Two topics of 28 prompts each, no two of them alike."""
    return written(tmp_path / "shop.jsonl", ((text, "first") for text in TEXTS))


async def by_hash(app: App) -> dict[int, str]:
    """What the import gave each record."""
    assert app.session is not None
    rows = await app.session.store.read(lambda tx: tx.sql("SELECT id, cluster FROM record"))
    return {record: split_of_cluster(cluster) for record, cluster in rows}


async def counted(app: App) -> dict[int | None, Counter[str]]:
    assert app.session is not None
    found: dict[int | None, Counter[str]] = {}
    rows = await app.session.store.read(lambda tx: tx.sql("SELECT topic_id, split FROM record"))
    for topic, split in rows:
        found.setdefault(topic, Counter())[split] += 1
    return found


async def test_the_first_categorisation_gives_each_topic_its_share_in_one_undo(
    program: OpenApp,
) -> None:
    async with program() as app:
        imported = await splits(app)
        assert imported == await by_hash(app)
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        dealt = await splits(app)
        assert dealt != imported
        assert await torn(app) == []
        for counts in (await counted(app)).values():
            n = sum(counts.values())
            assert all(abs(counts[split] - n / 10) < 1 for split in ("validation", "test"))
        assert not await app.session.missing_for("coverage_generation"), "the categories are fresh"
        await app.call("undo")
        assert await splits(app) == imported
        assert set(await counted(app)) == {None}
        await app.call("redo")
        assert await splits(app) == dealt
        await app.call("undo")
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        assert await splits(app) == dealt, "what was undone counts as the first no more"


async def test_they_are_dealt_once(program: OpenApp) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        dealt = await splits(app)
        assert (await app.call("categorize_records", scope="all")).written == 0
        await app.call("apply_topic_hierarchy", hierarchy=OTHER)
        names = {t.name: t.id for t in await app.session.store.read(topics.all_topics)}
        await app.call("merge_topics", topic_ids=[names["Weather"]], into=names["Login"])
        await app.call("categorize_records", scope="all")
        assert await splits(app) == dealt


async def test_only_a_first_categorisation_deals_and_no_decision(program: OpenApp) -> None:
    """Of a file categorised before splits were dealt: they are as imported, and stay so."""
    async with program() as app:
        imported = await splits(app)
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        assert app.session is not None
        await app.session.store.write("As it was", put_splits, imported)
        await app.call("assign_topic", record_ids=[1, 2], topic="Password")
        assert (await app.call("improve_categories")).done
        assert await splits(app) == imported
        await app.call("categorize_records", scope="all")
        assert await splits(app) == imported


def put_splits(tx: Tx, wanted: dict[int, str]) -> None:
    pairs = [(split, record) for record, split in wanted.items()]
    tx.db.connection().executemany("UPDATE record SET split = ? WHERE id = ?", pairs)


@pytest.mark.parametrize("kind", ["grader_test", "generation", "dry_run", "training"])
async def test_what_was_used_never_moves(program: OpenApp, kind: results.Kind) -> None:
    """Also where the pipeline was reset since: what was learned from stays learned from."""
    async with program() as app:
        imported = await splits(app)
        await app.session.store.transaction(results.add, kind, state="stopped")
        await app.call("reset_pipeline")
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        assert await splits(app) == imported


async def test_what_the_user_moved_by_hand_stays_and_nothing_is_dealt(program: OpenApp) -> None:
    async with program() as app:
        await app.call("set_split", split="test", record_ids=[1, 2, 3, 4])
        by_hand = await splits(app)
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        assert await splits(app) == by_hand


async def test_near_duplicates_are_found_before_anything_is_dealt(program: OpenApp) -> None:
    async with program() as app:
        await passes.start(app.context())
        await app.session.store.transaction(meta.put, "near_duplicates", "pending")
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        assert await app.session.store.read(meta.get, "near_duplicates") == "done"
        assert await splits(app) != await by_hash(app)


async def test_appended_records_follow_their_cluster_else_their_hash(
    program: OpenApp, tmp_path: Path
) -> None:
    """A prompt that is here already, with another reply, and one that is nearly the same, are where it
    was dealt to; what is new is where its hash says."""
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=TREE)
        dealt, hashed = await splits(app), await by_hash(app)
        moved = [record for record, split in dealt.items() if split != hashed[record]]
        same = [(TEXTS[i - 1], "second") for i in moved]
        near = [(f"{TEXTS[i - 1]}!!", "third") for i in moved]
        new = [(f"{name} {name} {name}", "new") for name in ("zebra", "quartz", "violin", "jungle")]
        file = written(tmp_path / "more.jsonl", (*same, *near, *new))
        await app.call("append_file", file=str(file))
        assert await torn(app) == [], "at once, before near-duplicates are looked for"
        await passes.start(app.context())
        after, hashed = await splits(app), await by_hash(app)
        assert {record: after[record] for record in dealt} == dealt
        assert await torn(app) == []
        at = len(dealt)
        assert [after[at + n + 1] for n in range(len(same))] == [dealt[i] for i in moved]
        fresh = list(after)[-len(new) :]
        assert [after[i] for i in fresh] == [hashed[i] for i in fresh]
