import pytest

from app.domain.records import Issue
from app.domain.thresholds import Thresholds
from app.errors import ToolError
from app.store import filters, meta, records, results, stats, topics
from app.store.create import create_dataset
from app.store.records import RecordFilter
from app.store.results import AnswerValue
from app.store.store import Store
from tests.store.conftest import row

TOKENS = "SELECT SUM(tokens) FROM record"


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


async def test_every_filter_finds_what_it_says(tmp_path):
    warned = {"code": "user_twice", "severity": "warn", "text": "x"}
    bad = {"code": "no_user_turn", "severity": "error", "text": "x"}
    rows = [
        row(0, tools=[{"a": 1}], tags=("vip", "new")),
        row(1, reply={"role": "assistant", "content": "yes"}, tags="vip"),
        row(2, reference="4", tags=("vi",), source="generated", batch=1),
        row(3, issues=[warned], tokens=1000),
        row(4, issues=[bad, warned], valid=False),
        row(5, messages=[{"role": "user", "content": "a"}] * 2, probability=0.25),
    ]
    create_dataset(tmp_path / "d.sqlite", rows, {})
    store = await Store.open(tmp_path / "d.sqlite", "d")
    try:
        await store.transaction(_dry_run, {1: [0.0, 1.0], 2: [0.9, 1.0], 3: [None]})
        for spec, wanted in (
            ({"has_tools": True}, [1]),
            ({"has_reply": True}, [2]),
            ({"has_reference": True}, [3]),
            ({"has_reference": False}, [1, 2, 4, 5, 6]),
            ({"tag": "vip"}, [1, 2]),
            ({"tag": ("new", "vi")}, [1, 3]),
            ({"source": "generated"}, [3]),
            ({"source": ("generated", "imported"), "split": ("test", "train")}, [1, 3, 4, 6]),
            ({"issues": ("user_twice",)}, [4, 5]),
            ({"issues": ("no_user_turn", "duplicate")}, [5]),
            ({"issues": filters.ANY_ISSUE, "valid": True}, [4]),
            ({"multi_turn": True}, [6]),
            ({"tokens": (4, None)}, [4, 5, 6]),
            ({"tokens": (None, 1)}, [1, 2]),
            ({"length": (2, 2)}, [6]),
            ({"probability": (0.25, 0.25)}, [6]),
            ({"batch": (1, 1)}, [3]),
            ({"score": (None, 0.5)}, [1]),
            ({"score": (0.5, 1.0)}, [1, 2]),
        ):
            found = await store.read(records.ids, RecordFilter(**spec))
            assert list(found) == wanted, spec
            assert await count(store, **spec) == len(wanted), spec
    finally:
        await store.close()


def _dry_run(tx, scores):
    for _ in range(2):  # the newest counts
        result = results.add(tx, "dry_run")
    found = [
        AnswerValue(record_id=i, k=k, text="", score=score)
        for i, several in scores.items()
        for k, score in enumerate(several)
    ]
    results.add_answers(tx, result, found)


async def test_pages_are_stretches_of_the_list(opened):
    async with opened() as store:
        for hole in (False, True):
            if hole:
                await store.write("Delete", records.delete, [4])
            for sort, down in (("id", False), ("id", True), ("tokens", True), ("split", True)):
                whole = await store.read(records.ids, RecordFilter(), sort, down)
                for offset in (0, 3, 8, 20):
                    page = await store.read(
                        records.page, RecordFilter(), sort, down, offset=offset, limit=4
                    )
                    assert page == whole[offset : offset + 4], (hole, sort, offset)


async def test_a_stream_gives_every_record_once(opened):
    async with opened() as store:
        spec = RecordFilter(split="train")
        found = await store.read(
            lambda tx: [[r.id for r in b] for b in records.each(tx, spec, batch=3)]
        )
        assert found == [[1, 4, 7], [10]]
        names = ("id", "tokens")
        some = await store.read(lambda tx: list(records.columns(tx, spec, names, batch=3)))
        assert some == [(1, 0), (4, 3), (7, 6), (10, 9)]


async def test_tags_and_splits_are_set_once_and_undone(opened):
    async with opened() as store:
        assert await store.write("Tag", records.set_tag, [1, 2, 3], "vip") == 3
        assert await store.write("Tag", records.set_tag, [3, 4], "vip") == 1
        assert await store.write("Tag", records.set_tag, [3], "vi") == 1
        assert await store.write("Clear", records.clear_tag, [1, 3, 9], "vip") == 2
        tags = {r.id: r.tags for r in await store.read(records.rows, [1, 2, 3, 4])}
        assert tags == {1: (), 2: ("vip",), 3: ("vi",), 4: ("vip",)}
        with pytest.raises(ToolError, match="one word"):
            await store.write("Tag", records.set_tag, [1], "two words")
        await store.undo()
        assert await count(store, tag="vip") == 4
        assert await store.write("Split", records.set_split, [1, 2], "test") == 2
        assert await store.write("Split", records.set_split, [1, 2, 3], "test") == 0
        assert (await store.read(records.get, 1)).split == "test"


async def test_the_narrow_row_follows_an_edit_of_the_texts(opened):
    async with opened() as store:
        await store.write(
            "Edit", records.edit, 4, messages=[{"role": "user", "content": "two\nwords"}] * 2,
            reply={"role": "assistant", "content": "x"}, tools=[{"a": 1}], reference=0,
            issues=[Issue(code="user_twice", severity="warn", text="x")],
        )  # fmt: skip
        (found,) = await store.read(records.rows, [4])
        assert (found.preview, found.turns, found.length) == ("two words", 2, 18)
        assert (found.has_tools, found.issues) == (True, ["user_twice"])
        assert await count(store, has_reply=True, has_reference=True) == 1
        with pytest.raises(ToolError, match="no record 99"):
            await store.write("Edit", records.edit, 99, tokens=1)


async def test_nothing_is_scanned_twice_and_never_shown_old(opened):
    async with opened() as store:

        async def summed():
            asked = []
            key = ("a test", 1)
            tokens = await store.read(
                lambda tx: tx.cached(key, lambda: asked.append(1) or tx.sql(TOKENS)[0][0])
            )
            return tokens, len(asked)

        edition = store.edition("records")
        assert await summed() == (45, 1)
        assert await summed() == (45, 0)
        await store.write("Goal", meta.put, "goal", "another")
        assert await summed() == (45, 0), "the goal is no record"
        assert store.edition("records") == edition
        await store.write("Edit", records.edit, 1, tokens=5, weight=2.0)
        assert await summed() == (50, 1)
        assert store.edition("records") > edition
        before = await store.read(records.stats)
        in_write = await store.write(
            "Edit", lambda tx: (records.edit(tx, 1, valid=False), records.stats(tx))
        )
        assert (before.valid, in_write[1].valid) == (10, 9), "a write sees what it wrote"
        await store.undo()
        assert (await store.read(records.stats)).valid == 10


async def test_content_sums_are_the_sums_of_the_hashes(opened):
    async with opened() as store:
        await store.write("Split", records.edit, 2, valid=False)
        found = await store.read(records.content_sums)
        hashes = await store.read(
            lambda tx: [r for b in records.each(tx, RecordFilter(valid=True)) for r in b]
        )
        for split in ("train", "validation", "test"):
            mine = [int(r.content_hash, 16) for r in hashes if r.split == split]
            assert found[split, None] == (len(mine), sum(mine))
