"""Learnability by topic is of the last finished dry run, with the records where they are placed now."""

from app.domain.thresholds import DEFAULTS
from app.store import results, topics
from app.store.results import AnswerValue
from app.tools.signals import read_signals

VERDICT = {"verdict": {"figures": {"learnability": {"group_size": 8}, "noise_std": 0.0}}}


async def test_only_topics_with_enough_prompts_have_a_figure(program):
    async with program() as app:
        store = app.session.store
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        ids = {t.name: t.id for t in await store.read(topics.all_topics)}
        assert await store.read(read_signals, DEFAULTS) == {}
        inputs = (await app.session.expected("dry_run")).model_dump_json()
        result = await store.transaction(results.add, "dry_run", fingerprint=inputs, data=VERDICT)
        placed = await store.read(lambda tx: tx.sql("SELECT id, topic_id FROM record"))
        cards = [i for i, topic in placed if topic == ids["Card"]][:30]
        bills = [i for i, topic in placed if topic == ids["Bill"]][:12]
        answers = [
            AnswerValue(record_id=i, k=k, text="", score=float(k % 2))
            for i in [*cards, *bills]
            for k in range(4)
        ]
        answers.append(AnswerValue(record_id=cards[0], k=4, text="", error="broken"))
        await store.transaction(results.add_answers, result, answers)
        found = await store.read(read_signals, DEFAULTS)
        assert found[ids["Card"]].prompts == 30
        assert (found[ids["Card"]].value or 0.0) > 0.9
        assert (found[ids["Bill"]].prompts, found[ids["Bill"]].value) == (12, None)
        await app.call("assign_topic", record_ids=cards[:15], topic=ids["Bill"])
        found = await store.read(read_signals, DEFAULTS)
        assert found[ids["Bill"]].prompts == 27
        assert found[ids["Card"]].value is None
