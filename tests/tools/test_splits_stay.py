"""Where topics change and records are generated, every record stays in its split, and clusters whole."""

from collections import defaultdict

from app.store import records, topics
from app.store.records import RecordFilter
from app.wiring import App
from tests.tools.writer import generator


async def splits(app: App) -> dict[int, str]:
    assert app.session is not None
    query = "SELECT id, split FROM record WHERE source <> 'generated'"
    return dict(await app.session.store.read(lambda tx: tx.sql(query)))


async def torn(app: App) -> list[str]:
    """Clusters with real records in more than one split."""
    assert app.session is not None
    found: dict[str, set[str]] = defaultdict(set)
    query = "SELECT cluster, split FROM record WHERE source <> 'generated'"
    for cluster, split in await app.session.store.read(lambda tx: tx.sql(query)):
        found[cluster].add(split)
    return [cluster for cluster, of in found.items() if len(of) > 1]


async def test_a_split_outlives_topics_and_generation(tmp_path):
    async with generator(tmp_path, quota=16) as (app, _):
        before = await splits(app)
        assert set(before.values()) == {"train", "validation", "test"}
        assert await torn(app) == []
        listed = (await app.call("generation_offers")).todo_csv
        for split, shown in (("train", True), ("validation", False), ("test", False)):
            ids = await app.session.store.read(records.ids, RecordFilter(split=split))
            texts = [r.last_user_turn for r in await app.session.store.read(records.many, ids)]
            assert any(text in listed for text in texts) == shown, split
        await app.call("generate_synthetic_data", strategy="few_shot")
        await app.call("accept_generated")
        assert await splits(app) == before
        tree = await app.session.store.read(topics.all_topics)
        ids = {node.name: node.id for node in tree}
        await app.call("merge_topics", topic_ids=[ids["Refund"]], into=ids["Coffee"])
        await app.call("rename_topic", topic_id=ids["Delivery"], name="Parcels")
        await app.call("assign_topic", topic="Parcels", record_ids=list(before)[:20])
        await app.call("categorize_records", scope="all")
        assert await splits(app) == before
        assert await torn(app) == []
        again = tmp_path / "shop.jsonl"
        await app.call("append_file", file=str(again))
        after = await splits(app)
        assert {record: after[record] for record in before} == before
        assert await torn(app) == []
