"""Generation from end to end: real app, real encoder and classifier, a scripted model over real HTTP."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from app.errors import DeclinedError, ToolError
from app.llm.connections import Connection
from app.store import records, results, topics
from app.store.records import RecordFilter
from app.store.results import ResultValue
from app.tools.base import TOOLS
from app.wiring import App
from tests.llm.scripted import Answer, chunk
from tests.tools.writer import GOOD, OFF_TOPIC, REAL, generator, item_of

TABLES = ("record", "body", "generated")


async def dump(app: App) -> dict[str, list[Any]]:
    """Every cell of the tables that an acceptance writes to."""
    assert app.session is not None
    query = "SELECT * FROM {} ORDER BY 1"
    return {
        name: await app.session.store.read(lambda tx, n=name: tx.sql(query.format(n)))
        for name in TABLES
    }


async def train_counts(app: App) -> dict[str, Counter[str]]:
    """Real and generated training records by topic."""
    assert app.session is not None
    query = (
        "SELECT t.name, source = 'generated', COUNT(*) FROM record r JOIN topic t "
        "ON t.id = topic_id WHERE split = 'train' AND valid GROUP BY 1, 2"
    )
    found: dict[str, Counter[str]] = {}
    for name, generated, n in await app.session.store.read(lambda tx: tx.sql(query)):
        found.setdefault(name, Counter())["generated" if generated else "real"] = n
    return found


async def runs(app: App) -> list[ResultValue]:
    assert app.session is not None
    return await app.session.store.read(results.of_kind, "generation")


def spoil(topic: str) -> list[tuple[str, Any]]:
    """Bad items of every kind, each with the reason it must be counted under."""
    first, second = REAL[topic.lower()][:2]
    good = GOOD[topic][0]
    turns = [{"role": "user", "content": good}]
    return [
        ("duplicate", item_of(first.upper(), topic)),
        ("near_duplicate", item_of(f"{second}!", topic)),
        ("good", item_of(good, topic)),
        ("duplicate", item_of(good, topic)),
        ("near_duplicate", item_of(f"{good}?", topic)),
        *[("off_topic", item_of(text, topic)) for text in OFF_TOPIC],
        ("malformed", "   "),
        ("malformed", {"turns": [{"role": "user"}]}),
        ("structure", {"turns": turns}),
        ("structure", {**item_of(" ", topic)}),
        ("refusal", item_of("I'm sorry, but I can't help with that.", topic)),
        ("boilerplate", item_of(f"Sure! Here is one: {GOOD[topic][1]}", topic)),
    ]


async def test_the_bad_are_counted_by_reason_and_thin_topics_filled_as_planned(tmp_path):
    async with generator(tmp_path, quota=20) as (app, writer):
        before = await app.call("analyze_coverage")
        planned = before.plan.add
        assert set(planned) == {"Refund", "Password"}
        writer.pools["Refund"].pop(0)
        writer.bad = spoil("Refund")
        writer.raw = ["I'm sorry, I cannot help with this.", "what?"]
        made = await app.call(
            "generate_synthetic_data", strategy="few_shot", target_topics=["Refund"]
        )
        expected = Counter(dict(writer.said)) + Counter(refusal=1, malformed=1)
        good = expected.pop("good")
        assert made.refused == {**expected, "off_topic": made.refused["off_topic"]}
        missed = made.refused["off_topic"] - expected["off_topic"]  # good ones it took for others
        assert made.waiting == {"Refund": planned["Refund"]} == made.requested
        assert good == planned["Refund"] + missed + made.surplus
        assert made.diversity.judged > made.diversity.kept >= planned["Refund"]
        assert made.diversity.validation < 0.95
        assert made.diversity.distinct_2 > made.diversity.distinct_2_real

        more = await app.call("generate_synthetic_data", strategy="few_shot")
        assert more.waiting == {"Password": planned["Password"]}
        again = await app.call("generate_synthetic_data", strategy="few_shot")
        assert again.run_id is None
        assert "every topic has what the plan gives it" in again.text
        assert [card.title for card in app.cards if card.verb == "Generate"] == [
            f"Generate {planned['Refund']} records?", f"Generate {planned['Password']} records?",
        ]  # fmt: skip

        review = await app.call("review_generated")
        assert review.waiting == planned
        assert review.balance_after == pytest.approx(before.plan.balance_after, abs=1e-9)
        refused = await app.call("review_generated", state="refused", limit=100)
        assert refused.total == sum(made.refused.values()) + sum(more.refused.values())
        assert all(item.why for item in refused.items)
        with pytest.raises(ToolError, match=r"was refused .* Edit it first"):
            await app.call("accept_generated", ids=[refused.items[0].id])

        state, real = await dump(app), await train_counts(app)
        accepted = await app.call("accept_generated")
        assert accepted.by_topic == planned
        assert accepted.balance_after == pytest.approx(before.plan.balance_after, abs=1e-9)
        after = await app.call("analyze_coverage")
        assert after.coverage.balance == pytest.approx(before.plan.balance_after, abs=1e-9)
        for topic in before.plan.topics:
            now = next(t for t in after.plan.topics if t.topic == topic.topic)
            assert now.records == min(20, topic.records + topic.real) or not topic.add
        filled = await train_counts(app)
        assert all(n["generated"] <= n["real"] for n in filled.values())
        assert {t: n["real"] for t, n in filled.items()} == {t: n["real"] for t, n in real.items()}
        await check_records(app, accepted.record_ids)
        flow = await app.session.workflow()
        assert [step.status for step in flow.steps[:3]] == ["completed"] * 3
        assert (await runs(app))[0].data["rounds"][0]["balance_after"] == accepted.balance_after
        assert after.rounds[-1].balance == pytest.approx(accepted.balance_after)

        out = tmp_path / "out.jsonl"
        await app.call("export_records", file=str(out))
        origins = [json.loads(line).get("provenance") for line in out.read_text().splitlines()]
        given = [origin for origin in origins if origin]
        assert len(given) == accepted.records
        assert all(g["strategy"] == "few_shot" and g["prompt_version"] for g in given)

        await app.call("undo")
        assert await dump(app) == state
        assert [step.status for step in (await app.session.workflow()).steps[:3]] == [
            "completed"
        ] * 3
        await app.call("redo")
        assert (await app.call("get_dataset_stats")).generated == accepted.records


async def check_records(app: App, ids: list[int]) -> None:
    """Each is of the training split, in its topic, and says where it is from; its parents are real
    training records."""
    assert app.session is not None
    made = await app.session.store.read(records.many, ids)
    parents = {p for record in made for p in record.extra["provenance"]["parents"]}
    known = await app.session.store.read(records.many, parents)
    assert {(r.split, r.source) for r in known} == {("train", "imported")}
    for record in made:
        origin = record.extra["provenance"]
        assert (record.source, record.split, record.topic_source) == ("generated", "train", "auto")
        assert record.parent_id == origin["parents"][0]
        assert (origin["model"], origin["prompt_version"]) == ("scripted-1", "few_shot/1")
        assert record.reference in ("refund", "password")
        assert record.valid
        assert record.probability > 0


async def test_balanced_data_gets_nothing_unless_it_is_asked_for(tmp_path):
    async with generator(tmp_path, quota=10) as (app, writer):
        done = await app.call("generate_synthetic_data", strategy="few_shot")
        assert done.run_id is None
        assert app.cards == []
        assert writer.server.requests == []
        held = await app.session.store.read(records.ids, RecordFilter(split="test"))
        with pytest.raises(ToolError, match="in the test split: only training records"):
            await app.call("generate_synthetic_data", strategy="few_shot", record_ids=[held[0]])
        real = (await train_counts(app))["Refund"]["real"]
        made = await app.call(
            "generate_synthetic_data",
            strategy="few_shot",
            target_topics=["Refund"],
            count_per_topic=50,
        )
        assert made.requested == {"Refund": real}
        assert "never more synthetic records than real ones" in made.text
        await app.call("accept_generated")
        assert (await train_counts(app))["Refund"] == {"real": real, "generated": real}
        none = await app.call(
            "generate_synthetic_data", target_topics=["Refund"], count_per_topic=5
        )
        assert none.run_id is None
        await seeds_were_of_training(app, writer.server.requests)
        moved = await app.session.store.write("Move", records.set_split, RecordFilter(), "test")
        assert moved == 96 - len(held)
        assert (await train_counts(app))["Refund"] == {"generated": real}, "never held out"


async def seeds_were_of_training(app: App, requests: list[dict[str, Any]]) -> None:
    """No text of a validation or test record was sent."""
    assert app.session is not None
    sent = " ".join(m["content"] for body in requests for m in body["messages"])
    for split in ("validation", "test"):
        ids = await app.session.store.read(records.ids, RecordFilter(split=split))
        texts = [r.last_user_turn for r in await app.session.store.read(records.many, ids)]
        assert texts
        assert not [text for text in texts if f'"{text}"' in sent]


async def test_variants_of_chosen_records_keep_what_rides_along(tmp_path):
    async with generator(tmp_path, quota=10) as (app, writer):
        refunds = (await app.call("get_dataset_records", topic_filter="Refund")).records
        chosen = [row.id for row in refunds if row.split == "train"][:2]
        texts = GOOD["Refund"][2:4]
        items = [{"of": n, "text": text} for n, text in enumerate(texts, 1)]
        writer.raw = [json.dumps({"items": items})]
        made = await app.call(
            "generate_synthetic_data", strategy="message_variation", record_ids=chosen
        )
        assert made.waiting == {"Refund": 2}
        sent = writer.server.requests[0]["messages"][1]["content"]
        assert all(f'"{row.preview}"' in sent for row in refunds if row.id in chosen)
        ids = (await app.call("accept_generated")).record_ids
        new = await app.session.store.read(records.many, ids)
        assert [record.parent_id for record in new] == sorted(chosen, key=sent_order(sent, refunds))
        assert {record.extra["label"] for record in new} == {"refund"}
        assert {record.last_user_turn for record in new} == set(texts)


def sent_order(sent: str, rows: list[Any]) -> Any:
    """By the place of a record's text in a request."""
    places = {row.id: sent.find(f'"{row.preview}"') for row in rows}
    return places.__getitem__


async def test_a_spending_limit_ends_it_before_it_is_passed(tmp_path):
    prices = {"prompt_price": 1000.0, "answer_price": 1000.0}
    async with generator(tmp_path, **prices) as (app, writer):
        app.settings.spend_cap = 1.5
        made = await app.call("generate_synthetic_data", strategy="few_shot")
        assert made.state == "stopped"
        assert "spending limit of 1.50" in made.error
        assert 0 < made.cost < 1.5
        assert made.cost == pytest.approx(0.15 * len(writer.server.requests))
        usage = await app.session.store.read(results.usage)
        assert usage.cost == pytest.approx(made.cost)
        assert ("Cost", "about 3.90, at most 1.50 for this dataset in all") in [
            (name, value.replace(value[6:10], "3.90")) for name, value in app.cards[0].rows
        ]
        assert sum(made.waiting.values()) > 0


async def test_a_stop_keeps_what_came_in(tmp_path):
    async with generator(tmp_path) as (app, writer):
        writer.hold_after = 2
        work = asyncio.ensure_future(app.call("generate_synthetic_data", strategy="few_shot"))
        job = await answered(app, 2)
        job.stop()
        made = await work
        assert made.state == "stopped"
        assert made.requests == 2
        assert sum(made.waiting.values()) == (await app.call("review_generated")).total > 0
        assert writer.server.hung_up > 0


async def answered(app: App, number: int) -> Any:
    """The job, once so many answers are kept."""
    heard = asyncio.Event()
    found: list[Any] = []

    def hear(job: Any) -> None:
        if job.name == "Generate records" and job.text.startswith(f"{number} of"):
            found.append(job)
            heard.set()

    unsubscribe = app.jobs.subscribe(hear)
    await asyncio.wait_for(heard.wait(), 60)
    unsubscribe()
    return found[0]


async def test_what_an_endpoint_refuses_is_told_and_nothing_is_lost(tmp_path):
    async with generator(tmp_path) as (app, writer):
        usual = writer.answer

        def picky(body: dict[str, Any]) -> Answer:
            if "response_format" in body:
                return Answer(status=400, error="response_format is not supported")
            if len(writer.finished) >= 2:
                return Answer(status=401, error="no such key")
            return usual(body)

        writer.server.by = picky
        made = await app.call("generate_synthetic_data", strategy="few_shot")
        assert made.state == "failed"
        assert "does not accept the key" in made.error
        assert made.requests == 2
        assert sum(made.waiting.values()) > 0
        writer.server.by = lambda body: Answer([chunk({"content": "no"}), chunk(finish="stop")])
        empty = await app.call("generate_synthetic_data", strategy="few_shot")
        assert empty.waiting == {}
        assert set(empty.refused) == {"malformed"}
        assert "stayed short" in empty.text


async def test_nothing_is_sent_without_a_yes(tmp_path):
    async with generator(tmp_path) as (app, writer):
        asked: list[str] = []

        async def no(card: Any) -> bool:
            asked.append(card.tool)
            return card.tool == "generate_synthetic_data" and "192.0.2.7" in str(card.rows)

        app.approve = no
        with pytest.raises(DeclinedError):
            await app.call("generate_synthetic_data", strategy="few_shot")
        far = Connection(id="far", name="Far", base_url="http://192.0.2.7/v1", model="m")
        app.connections.put(far)
        app.connections.choose("generator", "far")
        with pytest.raises(DeclinedError, match=r"Nothing was sent to 192\.0\.2\.7"):
            await app.call("generate_synthetic_data", strategy="few_shot")
        assert asked == ["generate_synthetic_data", "generate_synthetic_data", "send_to_host"]
        assert writer.server.requests == []
        assert await runs(app) == []


async def test_items_are_edited_rejected_and_written_anew_with_a_reason(tmp_path):
    async with generator(tmp_path) as (app, writer):
        writer.bad = [("boilerplate", item_of("Sure! Here you are", "Refund"))]
        wish = {"strategy": "few_shot", "target_topics": ["Refund"], "count_per_topic": 4}
        made = await app.call("generate_synthetic_data", **wish)
        assert made.waiting == {"Refund": 4}
        (bad,) = (await app.call("review_generated", state="refused", reason="boilerplate")).items
        mended = await app.call("edit_generated", id=bad.id, text=GOOD["Refund"][14])
        assert (mended.state, mended.reason) == ("waiting", "")
        spoiled = await app.call("edit_generated", id=bad.id, text=OFF_TOPIC[0])
        assert (spoiled.state, spoiled.reason) == ("refused", "off_topic")
        first = (await app.call("review_generated")).items[0]
        copied = await app.call("edit_generated", id=bad.id, text=first.preview)
        assert copied.reason == "duplicate"
        await app.call("undo")
        await app.call("reject_generated", ids=[first.id])
        asked = len(writer.server.requests)
        refused = (await app.call("review_generated", state="refused")).total
        anew = await app.call("regenerate_rejects", reason="Shorter, and angrier.")
        assert anew.requested == anew.waiting == {"Refund": refused + 1}
        sent = writer.server.requests[asked]["messages"][1]["content"]
        assert "Shorter, and angrier." in sent
        assert (await app.call("review_generated", state="rejected")).total == 0
        replaced = await app.call("review_generated", state="replaced")
        assert replaced.total == refused + 1
        first, *rest = (await app.call("review_generated")).items
        context = app.context("assistant")
        context.by_model = True
        await TOOLS["accept_generated"](context, {"ids": [first.id]})
        assert app.cards[-1].title == "Accept 1 generated record?"
        best = max(i.score for i in rest)
        some = await app.call("accept_generated", min_score=best)
        assert some.records == sum(i.score >= best for i in rest)
        tree = await app.session.store.read(topics.counts)
        assert sum(tree.values()) == (await app.call("get_dataset_stats")).valid
