from app.domain.thresholds import Thresholds
from app.store import filters, records, stats, topics
from app.store.records import RecordFilter


async def count(store, **spec):
    return await store.read(records.count, RecordFilter(**spec))


async def test_filters_agree_with_the_ids_they_give(opened):
    async with opened() as store:
        topic = await store.write("Add", topics.add, "A")
        await store.write("Assign", topics.assign, [1, 2], topic, source="user")
        for spec in (
            {},
            {"topic_ids": (topic,)},
            {"uncategorised": True},
            {"split": "test"},
            {"text": "QUESTION 3"},
            {"ids": (1, 5, 99)},
            {"valid": False},
        ):
            found = await store.read(records.ids, RecordFilter(**spec))
            assert len(found) == await count(store, **spec)
        assert list(await store.read(records.ids, RecordFilter(topic_ids=(topic,)))) == [1, 2]
        assert list(await store.read(records.ids, RecordFilter(text="QUESTION 3"))) == [4]


async def test_wildcards_in_a_search_are_plain_characters(opened):
    async with opened() as store:
        assert await count(store, text="%") == 0
        assert await count(store, text="question_3") == 1  # a sign only parts words
        assert await count(store, text="quest_3") == 0
        assert await count(store, text='"; DROP TABLE record') == 0
        assert await count(store) == 10


async def test_rows_come_in_the_order_asked_for(opened):
    async with opened() as store:
        rows = await store.read(records.rows, [7, 3, 99, 5])
        assert [row.id for row in rows] == [7, 3, 5]
        down = await store.read(records.ids, RecordFilter(), "tokens", True)
        assert list(down) == list(range(10, 0, -1))


async def test_a_record_comes_back_as_it_was(opened):
    async with opened() as store:
        record = await store.read(records.get, 4)
        assert record.last_user_turn == "question 3"
        assert record.item()["reference"] is None
        await store.write("Edit", records.edit, 4, reference={"a": [1, None]}, extra={"x": "ü"})
        edited = await store.read(records.get, 4)
        assert edited.item() == {"x": "ü", "messages": record.item()["messages"],
                                 "reference": {"a": [1, None]}}  # fmt: skip


async def test_numbers_of_the_dataset(opened):
    async with opened() as store:
        found = await store.read(records.stats)
        assert (found.records, found.valid, found.invalid, found.multi_turn) == (10, 10, 0, 0)
        assert sum(found.splits.values()) == 10
        assert found.tokens == sum(range(10))


async def test_what_is_in_review_follows_the_threshold(opened, monkeypatch):
    async with opened() as store:
        topic = await store.write("Add", topics.add, "A")
        await store.write("Assign", topics.assign, [1, 2, 3, 4], topic, source="auto")
        for record_id, probability in ((1, 0.3), (2, 0.49), (3, 0.5)):
            await store.write("Categorise", records.edit, record_id, probability=probability)
        for threshold, wanted in ((0.5, [1, 2]), (0.6, [1, 2, 3]), (0.4, [1])):
            for module in (filters, stats):
                monkeypatch.setattr(module, "DEFAULTS", Thresholds(topic_review=threshold))
            assert list(await store.read(records.ids, RecordFilter(review=True))) == wanted
            assert (await store.read(records.stats)).review == len(wanted)
