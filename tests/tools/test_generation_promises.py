"""What generation promises, held against a scripted endpoint: each bad item under its reason and none of
them accepted; topics filled to the record; cap and splits over rounds and a re-import. That a killed run
is resumed without copies or a second bill is in test_generating_survival.py."""

import json
from typing import Any

from app.store import records, results
from app.store.records import RecordFilter
from app.wiring import App
from tests.tools.test_generating import seeds_were_of_training, train_counts
from tests.tools.writer import GOOD, OFF_TOPIC, REAL, generator, item_of

GOOD_ONE = "where is the refund for the sofa i sent back in may"  # the first of its pool
BAD: dict[str, tuple[str, Any]] = {
    "duplicate of a record": ("duplicate", item_of(REAL["refund"][0].upper(), "Refund")),
    "duplicate of a new one": ("duplicate", item_of(f"  {GOOD_ONE}  ", "Refund")),
    "copy but for a sign": ("near_duplicate", item_of(f"{REAL['refund'][1]}!", "Refund")),
    "copy of a new one but for a sign": ("near_duplicate", item_of(f"{GOOD_ONE}?", "Refund")),
    "another topic": ("off_topic", item_of(OFF_TOPIC[0], "Refund")),
    "a blank": ("malformed", "   "),
    "no content": ("malformed", {"turns": [{"role": "user"}]}),
    "not an object": ("malformed", 12),
    "no reference": ("structure", {"turns": [{"role": "user", "content": "my refund is late"}]}),
    "an empty turn": ("structure", item_of(" ", "Refund")),
    "a refusal": ("refusal", item_of("I'm sorry, but I can't help with that.", "Refund")),
    "an assistant's opener": ("boilerplate", item_of("Sure! Here is a refund request", "Refund")),
    "a label": ("boilerplate", item_of("User: i want my refund now", "Refund")),
}


async def generated_splits(app: App) -> dict[str, int]:
    assert app.session is not None
    query = "SELECT split, COUNT(*) FROM record WHERE source = 'generated' GROUP BY 1"
    return dict(await app.session.store.read(lambda tx: tx.sql(query)))


async def test_each_bad_item_is_counted_under_its_reason_and_none_is_accepted(tmp_path):
    async with generator(tmp_path, quota=18) as (app, writer):
        pool, bad = writer.pools["Refund"], [*BAD.values()]
        for at in range(0, len(bad), 3):  # topics that only get what is bad are given up
            writer.bad += [("good", item_of(pool.pop(0), "Refund")), *bad[at : at + 3]]
        writer.raw = ["I cannot assist with that request."]
        made = await app.call(
            "generate_synthetic_data", strategy="few_shot", target_topics=["Refund"]
        )
        assert made.waiting == made.requested
        wanted = {reason: 0 for reason, _ in BAD.values()}
        for reason, _ in BAD.values():
            wanted[reason] += 1
        wanted["refusal"] += 1  # a whole answer
        found = dict(made.refused)
        missed = found["off_topic"] - wanted["off_topic"]  # good ones that the classifier misplaced
        assert found == wanted | {"off_topic": found["off_topic"]}
        assert 0 <= missed <= 3
        said = [item["turns"][0].get("content", "") for _, item in BAD.values()
                if isinstance(item, dict)]  # fmt: skip
        accepted = await app.call("accept_generated")
        assert accepted.records == sum(made.requested.values())
        new = await app.session.store.read(records.many, accepted.record_ids)
        texts = {record.last_user_turn for record in new}
        assert texts <= {*GOOD["Refund"]}
        assert not texts & ({text.strip() for text in said} - {GOOD_ONE})
        assert all(record.valid for record in new)


async def test_topics_are_filled_exactly_and_splits_and_cap_hold_over_rounds(tmp_path):
    async with generator(tmp_path, quota=14) as (app, writer):
        real = {t: n["real"] for t, n in (await train_counts(app)).items()}
        for quota, strategy in ((14, "few_shot"), (30, "scenario_expansion")):
            await app.call("set_quota", quota=quota)
            before = {t.topic: t for t in (await app.call("analyze_coverage")).plan.topics}
            if strategy == "scenario_expansion":
                writer.bad = [
                    ("good", item_of(text, topic) | {"scenario": "someone else"})
                    for topic, pool in writer.pools.items()
                    for text in pool
                ]
                writer.pools = {topic: [] for topic in writer.pools}
            targets = ["Refund"] if strategy == "scenario_expansion" else None
            await app.call("generate_synthetic_data", strategy=strategy, target_topics=targets)
            await app.call("accept_generated")
            filled = await train_counts(app)
            assert await generated_splits(app) == {
                "train": sum(n["generated"] for n in filled.values())
            }
            assert all(filled[t]["generated"] <= n for t, n in real.items())
            assert {t: n["real"] for t, n in filled.items()} == real
            await seeds_were_of_training(app, writer.server.requests)
            if strategy == "few_shot":
                after = {t.topic: t for t in (await app.call("analyze_coverage")).plan.topics}
                for topic in ("Refund", "Password"):
                    most = before[topic].records + before[topic].real
                    assert after[topic].records == min(quota, most) == quota
        assert await no_held_out_parent(app)


async def no_held_out_parent(app: App) -> bool:
    """No generated record has a parent that is not a real training record."""
    assert app.session is not None
    made = await app.session.store.read(
        lambda tx: records.many(tx, records.ids(tx, RecordFilter(source="generated")))
    )
    parents = {p for record in made for p in record.extra["provenance"]["parents"]}
    known = await app.session.store.read(records.many, parents)
    return {(r.split, r.source) for r in known} == {("train", "imported")}


async def test_our_own_export_comes_back_as_what_it_was(tmp_path):
    async with generator(tmp_path, quota=30) as (app, writer):
        await app.call("generate_synthetic_data", strategy="few_shot", target_topics=["Refund"])
        accepted = await app.call("accept_generated")
        file = tmp_path / "out.jsonl"
        await app.call("export_records", file=str(file))
        report = await app.import_file(file)
        await app.open(report.dataset)
        stats = await app.call("get_dataset_stats")
        assert stats.generated == accepted.records
        assert await generated_splits(app) == {"train": accepted.records}
        made = await app.session.store.read(
            lambda tx: records.many(tx, records.ids(tx, RecordFilter(source="generated")))
        )
        assert {r.extra["provenance"]["strategy"] for r in made} == {"few_shot"}
        assert all(r.extra["provenance"]["parents"] for r in made)
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        await app.call("set_quota", quota=60)
        counts = (await train_counts(app))["Refund"]
        plan = {t.topic: t for t in (await app.call("analyze_coverage")).plan.topics}
        assert plan["Refund"].cap == max(0, counts["real"] - counts["generated"])
        asked = len(writer.server.requests)
        again = await app.call(
            "generate_synthetic_data",
            strategy="few_shot",
            target_topics=["Refund"],
            count_per_topic=50,
        )
        assert again.requested.get("Refund", 0) == plan["Refund"].cap
        ids = json.dumps([r.last_user_turn for r in made])
        sent = writer.server.requests[asked:]
        shown = " ".join(m["content"].split("<avoid>")[0] for b in sent for m in b["messages"])
        assert not [r for r in made if f'"{r.last_user_turn}"' in shown], ids
        assert await app.session.store.read(results.usage)
