from app.store import records, topics


async def test_a_mean_is_of_the_probabilities_there_are(opened):
    async with opened() as store:
        nodes = [topics.TopicNode(name="A", record_ids=[1, 2]), topics.TopicNode(name="B")]
        placed = await store.write("Apply", topics.apply_hierarchy, nodes)
        a, b = placed[("A",)], placed[("B",)]
        assert await store.read(topics.means) == {}, "nothing was categorised yet"
        await store.write("Categorise", records.edit, 1, probability=0.4)
        assert await store.read(topics.means) == {a: 0.4}
        await store.write("Confirm", topics.assign, [3], b, source="user")
        assert await store.read(topics.means) == {a: 0.4, b: 1.0}
