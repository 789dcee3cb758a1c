"""Topics applied as a hierarchy: the figures of each, and which records go where their topic goes."""

from typing import Any

from app.domain.topics import TopicNode
from app.store import records, topics
from app.store.database import Tx
from app.store.records import RecordFilter


def placed(tx: Tx) -> dict[int, tuple[Any, ...]]:
    """(topic, source) of every record that has or had one."""
    found = records.columns(tx, RecordFilter(), ("id", "topic_id", "topic_source"))
    return {i: (topic, source) for i, topic, source in found if topic or source}


async def test_a_mean_is_of_the_probabilities_there_are(opened):
    async with opened() as store:
        nodes = [TopicNode(name="A", record_ids=[1, 2]), TopicNode(name="B")]
        ids = await store.write("Apply", topics.apply_hierarchy, nodes)
        a, b = ids[("A",)], ids[("B",)]
        assert await store.read(topics.means) == {}, "nothing was categorised yet"
        await store.write("Categorise", records.edit, 1, probability=0.4)
        assert await store.read(topics.means) == {a: 0.4}
        await store.write("Confirm", topics.assign, [3], b, source="user")
        assert await store.read(topics.means) == {a: 0.4, b: 1.0}


async def test_what_the_user_confirmed_goes_along_where_its_topic_goes(opened):
    async with opened() as store:
        ids = await store.write(
            "Apply", topics.apply_hierarchy, [TopicNode(name=name) for name in "ABC"]
        )
        a, b, c = (ids[(name,)] for name in "ABC")
        await store.write("Confirm", topics.assign, [1, 2], a, source="user")
        await store.write("Confirm", topics.assign, [3, 4], b, source="user")
        await store.write("Confirm", topics.assign, [5], c, source="user")
        await store.write("Confirm", topics.assign, [6], None, source="user")
        before = await store.read(placed)
        merged = [
            TopicNode(name="A and B", id=a, record_ids=[1, 3, 6, 7]),
            TopicNode(name="C", children=[TopicNode(name="New", record_ids=[5, 2])]),
        ]
        ids = await store.write("Merge", topics.apply_hierarchy, merged)
        new = ids[("C", "New")]
        found = await store.read(placed)
        assert found[1] == found[2] == (a, "user"), "their topic stayed, whoever claims them"
        assert found[3] == (a, "user"), "its topic went: to the leaf that has it, still confirmed"
        assert 4 not in found, "no leaf has it"
        assert found[5] == (new, "user"), "a leaf that became a group holds no record"
        assert found[6] == (None, "user"), "that it fits none was said by hand"
        assert found[7] == (a, "proposal")
        await store.undo()
        assert await store.read(placed) == before


async def test_what_a_label_said_stays_while_its_topic_does(opened):
    async with opened() as store:
        named = [TopicNode(name="A", record_ids=[1, 2]), TopicNode(name="B", record_ids=[3, 4])]
        ids = await store.write("Labels", topics.apply_hierarchy, named, labelled=True)
        a, b = ids[("A",)], ids[("B",)]
        assert await store.read(placed) == {
            1: (a, "label"), 2: (a, "label"), 3: (b, "label"), 4: (b, "label")
        }  # fmt: skip
        other = [TopicNode(name="A"), TopicNode(name="Z", record_ids=[1, 3])]
        z = (await store.write("Find", topics.apply_hierarchy, other))[("Z",)]
        found = await store.read(placed)
        assert found == {1: (a, "label"), 2: (a, "label"), 3: (z, "proposal")}
        await store.write("Confirm", topics.assign, [2], z, source="user")
        named = [TopicNode(name="A"), TopicNode(name="Z", record_ids=[1, 2, 3])]
        await store.write("Labels", topics.apply_hierarchy, named, labelled=True)
        assert await store.read(placed) == {1: (z, "label"), 2: (z, "user"), 3: (z, "label")}
