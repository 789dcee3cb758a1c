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


async def test_the_least_fit_takes_no_record_off_that_a_merge_moved(opened):
    async with opened() as store:
        nodes = [TopicNode(name="A", record_ids=[1, 2]), TopicNode(name="B", record_ids=[3])]
        ids = await store.write("Apply", topics.apply_hierarchy, nodes)
        a, b = ids[("A",)], ids[("B",)]
        for record, home in ((1, a), (2, a), (3, b)):
            await store.write(
                "Fit", records.edit, record, fit=0.4, alternatives=[[home, 0.9]], probability=0.9
            )
        assert await store.write("Merge", topics.merge, [a], b) == 2
        assert await store.write("Ask for more", records.apply_threshold, 0.5) == 1
        assert await store.write("Ask for less", records.apply_threshold, 0.3) == 1
        assert {i: topic for i, (topic, _) in (await store.read(placed)).items()} == {
            1: b,
            2: b,
            3: b,
        }
        placing = {"topic_id": b, "probability": 0.9, "fit": 0.4, "alternatives": [[b, 0.9]]}
        again = [{"id": i} | placing for i in (1, 2)]
        assert await store.write("Categorise", records.store_assignments, again, within=0.1) == 2
        assert await store.write("Ask for more", records.apply_threshold, 0.5) == 3


async def test_a_proposal_takes_no_record_from_below_a_locked_group(opened):
    async with opened() as store:
        leaf = TopicNode(name="Leaf", record_ids=[1, 2])
        nodes = [TopicNode(name="Group", children=[leaf]), TopicNode(name="Other")]
        ids = await store.write("Apply", topics.apply_hierarchy, nodes)
        (group,) = [t.id for t in await store.read(topics.all_topics) if t.name == "Group"]
        await store.write("Lock", topics.put, [group], locked=True)
        leaf = TopicNode(name="Leaf")
        nodes = [
            TopicNode(name="Group", children=[leaf]),
            TopicNode(name="Other", record_ids=[1, 2, 3]),
        ]
        await store.write("Apply", topics.apply_hierarchy, nodes)
        kept = (ids["Group", "Leaf"], "proposal")
        assert await store.read(placed) == {1: kept, 2: kept, 3: (ids[("Other",)], "proposal")}
