import pytest

from app.errors import StoreError
from app.store import changes, meta, records, results, topics
from app.store.events import RecordsChanged, TimelineChanged, TopicsChanged
from app.store.records import RecordFilter


async def dump(store):
    def everything(tx):
        return [
            tx.sql(f"SELECT * FROM {t} ORDER BY 1") for t in ("meta", "record", "body", "topic")
        ]

    return await store.read(everything)


async def test_every_kind_of_write_is_undone_and_redone_exactly(opened):
    async with opened() as store:
        start = await dump(store)
        billing = await store.write("Add Billing", topics.add, "Billing")
        await store.write("Assign", topics.assign, [1, 2, 3], billing, source="user")
        await store.write("Weigh", records.edit, 4, weight=1 / 3, line=2**40)
        await store.write("Goal", meta.put, "goal", "route")
        await store.write("Delete records", records.delete, [5, 6])
        await store.write("Delete topic", topics.delete, [billing])
        end = await dump(store)
        for _ in range(6):
            await store.undo()
        assert await dump(store) == start
        for _ in range(6):
            await store.redo()
        assert await dump(store) == end
        with pytest.raises(StoreError, match="nothing to redo"):
            await store.redo()


async def test_undo_in_another_order_works_where_nothing_conflicts(opened):
    async with opened() as store:
        a = await store.write("Add A", topics.add, "A")
        await store.write("Add B", topics.add, "B")
        first = (await store.read(changes.timeline))[-1]
        await store.undo(first.id)
        assert [t.name for t in await store.read(topics.all_topics)] == ["B"]
        assert a not in [t.id for t in await store.read(topics.all_topics)]


async def test_undo_refuses_what_later_work_stands_on(opened):
    async with opened() as store:
        topic = await store.write("Add A", topics.add, "A")
        await store.write("Rename", topics.rename, topic, "B")
        await store.write("Rename again", topics.rename, topic, "C")
        before = await dump(store)
        third, second, first = await store.read(changes.timeline)
        for change in (first, second):
            with pytest.raises(StoreError, match="cannot be undone on its own"):
                await store.undo(change.id)
        assert await dump(store) == before
        await store.undo(third.id)
        await store.undo(second.id)
        await store.undo(first.id)
        with pytest.raises(StoreError, match="already undone"):
            await store.undo(first.id)


async def test_roll_back_is_itself_one_change(opened):
    async with opened() as store:
        await store.write("Add A", topics.add, "A")
        point, at_point = await store.read(changes.latest_id), await dump(store)
        b = await store.write("Add B", topics.add, "B")
        await store.write("Assign", topics.assign, [1, 2], b, source="user")
        await store.undo()
        await store.redo()
        late = await dump(store)
        taken_back = await store.write("Roll back", changes.roll_back_to, point)
        assert taken_back == 4
        assert await dump(store) == at_point
        await store.undo()
        assert await dump(store) == late


async def test_events_come_after_the_commit_and_never_on_a_rollback(opened):
    async with opened() as store:
        heard = []
        store.subscribe(heard.append)
        await store.write("Add", topics.add, "A")
        assert set(heard) == {TopicsChanged("d1"), TimelineChanged("d1")}
        heard.clear()

        def fails(tx):
            topics.add(tx, "B")
            raise ZeroDivisionError

        before = await dump(store)
        with pytest.raises(ZeroDivisionError):
            await store.write("Fails", fails)
        assert heard == []
        assert await dump(store) == before
        await store.write("Edit", records.edit, 1, weight=2.0)
        assert RecordsChanged("d1") in heard


async def test_a_write_that_changes_nothing_leaves_no_trace(opened):
    async with opened() as store:
        await store.write("Same goal", meta.put, "goal", "answer")
        assert await store.read(changes.timeline) == []


async def test_old_history_is_dropped_first(opened):
    async with opened() as store:
        for name in "ABC":
            await store.write(f"Add {name}", topics.add, name * 100)
            await store.write(f"Goal {name}", meta.put, "goal", name * 1000)

        dropped = await store.transaction(changes.prune, 3000)
        left = [c.label for c in await store.read(changes.timeline)]
        assert dropped > 0
        assert left[0] == "Goal C"
        assert len(left) == 6 - dropped


async def test_the_newest_change_is_kept_whatever_its_size(opened):
    async with opened() as store:
        await store.write("Add A", topics.add, "A")
        await store.write("A long goal", meta.put, "goal", "x" * 5000)
        assert await store.transaction(changes.prune, 100) == 1
        assert [c.label for c in await store.read(changes.timeline)] == ["A long goal"]
        await store.undo()
        assert await store.read(meta.get, "goal") == "answer"


async def test_a_point_before_a_dropped_change_is_dropped_with_it(opened):
    async with opened() as store:
        for name in "ABC":
            await store.write(f"Add {name}", topics.add, name)
            await store.transaction(results.add_point, "topics_config", f"after {name}")
        assert await store.transaction(changes.prune, 50) == 2
        points = await store.read(results.points)
        assert [p["label"] for p in points] == ["after C", "after B"]
        await store.write("Back", changes.roll_back_to, points[-1]["change_id"])
        assert [t.name for t in await store.read(topics.all_topics)] == ["A", "B"]


async def test_ten_thousand_assignments_undo(opened, tmp_path):
    from app.store.create import create_dataset
    from app.store.store import Store
    from tests.store.conftest import row

    path = tmp_path / "big.sqlite"
    create_dataset(path, (row(i) for i in range(10_000)), {})
    store = await Store.open(path, "d2")
    topic = await store.write("Add", topics.add, "A")
    assigned = [
        {"id": i, "topic_id": topic, "probability": 0.1 + i / 1e5, "fit": 1 / 3, "alternatives": []}
        for i in range(1, 10_001)
    ]
    await store.write("Categorise", records.store_assignments, assigned)
    assert await store.read(records.count, RecordFilter(topic_ids=(topic,))) == 10_000
    await store.undo()
    assert await store.read(records.count, RecordFilter(uncategorised=True)) == 10_000
    await store.close()
