"""The user's own generator from end to end: real app, sandbox, encoder and classifier, and no model."""

import json
from typing import Any

import pytest

from app.errors import DeclinedError, InputError, ToolError
from app.generation.generator import version_of
from app.store import records, results
from app.tools.base import TOOLS
from tests.tools.test_generating import dump, seeds_were_of_training, train_counts
from tests.tools.writer import GOOD, OFF_TOPIC, REAL, generator


def script(made: dict[str, list[Any]]) -> str:
    """Returns the next texts of its topic, call by call: the seed says how many came before."""
    return (
        f"TEXTS = {made!r}\n"
        "def generate(topic: str, count: int, seed: int, examples: list[dict]) -> list[dict]:\n"
        "    word = topic.lower()\n"
        "    made = []\n"
        "    for text in TEXTS[topic][:count + 12]:\n"
        "        if isinstance(text, str):\n"
        "            text = {'prompt': text, 'reference': word, 'label': word}\n"
        "        made.append(text)\n"
        "    return made\n"
    )


def spoiled() -> list[Any]:
    first, second = REAL["refund"][:2]
    good = GOOD["Refund"][0]
    answer = {"reference": "refund"}
    return [
        {"prompt": first.upper(), **answer},
        {"prompt": f"{second}!", **answer},
        good,
        {"prompt": good, **answer},
        *[{"prompt": text, **answer} for text in OFF_TOPIC],
        {"question": "no prompt", **answer},
        7,
        {"messages": [{"content": "no role"}], **answer},
        {"prompt": "where is my refund for the shelf"},
        {"prompt": " ", **answer},
        {"prompt": f"Sure! Here is one: {GOOD['Refund'][1]}", **answer},
        *GOOD["Refund"][2:],
    ]


async def test_a_script_fills_thin_topics_under_the_same_rules(tmp_path):
    async with generator(tmp_path, quota=20) as (app, writer):
        plan = (await app.call("analyze_coverage")).plan
        real = await train_counts(app)
        code = script({"Refund": spoiled(), "Password": GOOD["Password"]})
        saved = await app.call("set_generator", code=code)
        assert saved.version == version_of(code)
        made = await app.call("run_generator")
        assert writer.server.requests == []
        assert made.requested == plan.add
        kept = made.waiting.get("Refund", 0)
        assert made.waiting["Password"] == plan.add["Password"]
        assert 0 < kept <= plan.add["Refund"]
        refused = made.refused
        assert refused["malformed"] >= 3
        assert refused["structure"] >= 2
        assert refused["boilerplate"] >= 1
        assert refused["off_topic"] >= len(OFF_TOPIC)
        assert refused["duplicate"] >= 2
        assert refused["near_duplicate"] >= 1
        review = await app.call("review_generated", limit=100)
        texts = [item.preview for item in review.items]
        assert set(texts) <= {*GOOD["Refund"], *GOOD["Password"]}
        assert {(i.strategy, i.prompt_version) for i in review.items} == {("script", saved.version)}
        accepted = await app.call("accept_generated")
        new = await app.session.store.read(records.many, accepted.record_ids)
        assert {(r.source, r.split, r.parent_id) for r in new} == {("generated", "train", None)}
        assert {r.extra["provenance"]["prompt_version"] for r in new} == {saved.version}
        assert {r.reference for r in new} == {r.extra["label"] for r in new} == {
            "refund", "password",
        }  # fmt: skip
        filled = await train_counts(app)
        assert all(n["generated"] <= n["real"] for n in filled.values())
        assert {t: n["real"] for t, n in filled.items()} == {t: n["real"] for t, n in real.items()}
        (run,) = await app.session.store.read(results.of_kind, "generation")
        assert run.data["script"] == code
        again = await app.call("run_generator", target_topics=["Password"], count_per_topic=99)
        assert again.requested == {
            "Password": filled["Password"]["real"] - filled["Password"]["generated"]
        }
        with pytest.raises(ToolError, match="came from your generator"):
            await app.call("regenerate_rejects", reason="better")
        assert writer.server.requests == []


async def test_its_code_is_saved_with_the_dataset_and_undone(tmp_path):
    async with generator(tmp_path) as (app, _):
        start = await app.call("get_generator")
        assert not start.saved
        with pytest.raises(ToolError, match="no generator script"):
            await app.call("run_generator")
        state = await dump(app)
        trial = await app.call("try_generator", code=start.code, topic="Refund")
        assert len(trial.records) == trial.returned == 3
        assert all(r.reference.isdecimal() and not r.why for r in trial.records)
        assert await dump(app) == state
        with pytest.raises(InputError, match=r"cannot be used. Line 1"):
            await app.call("set_generator", code="import difflib")
        await app.call("set_generator", code=start.code)
        assert (await app.call("get_generator")).saved
        await app.call("undo")
        assert not (await app.call("get_generator")).saved


async def test_a_failing_script_keeps_nothing_and_names_its_line(tmp_path):
    async with generator(tmp_path) as (app, _):
        await app.call("set_generator", code="def generate(t, c, s, e):\n    return e[99]")
        with pytest.raises(InputError, match=r"failed for .Refund.\. Line 2: IndexError"):
            await app.call("run_generator", target_topics=["Refund"])
        assert (await app.call("review_generated")).total == 0
        assert await app.session.store.read(results.of_kind, "generation") == []


async def test_a_model_saves_no_code_without_a_yes(tmp_path):
    async with generator(tmp_path) as (app, _):
        asked: list[Any] = []

        async def no(card: Any) -> bool:
            asked.append(card)
            return False

        context = app.context("assistant")
        context.by_model, context.approve = True, no
        code = "def generate(t, c, s, e):\n    return []"
        for name in ("set_generator", "try_generator"):
            with pytest.raises(DeclinedError):
                await TOOLS[name](context, {"code": code})
        assert "def generate(t, c, s, e):" in json.dumps(asked[0].rows)
        assert not (await app.call("get_generator")).saved


async def test_the_script_is_given_training_records_only(tmp_path):
    async with generator(tmp_path) as (app, _):
        code = (
            "def generate(topic, count, seed, examples):\n"
            "    return [{'prompt': e['prompt'], 'reference': e['reference']} for e in examples]"
        )
        trial = await app.call("try_generator", code=code, topic="Refund", sample_size=10)
        shown = [{"messages": [{"content": json.dumps(r.text)}]} for r in trial.records]
        assert len(shown) == 5
        await seeds_were_of_training(app, shown)
