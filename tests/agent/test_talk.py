"""What the guide says of stored results: verdicts, runs as they go, reports; each with a way on."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import orjson
import pytest

from app.agent.watch import Watch
from app.domain.compare import Difference
from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.verdict import judge
from app.store import meta, results
from app.store.events import RunChanged
from app.tools.report import Report, ReportRow

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]
GRADER = {"type": "string_check", "name": "exact", "operation": "eq"}
CONTROLS = (
    Control(name="Empty answer", scores=(0.0,) * 50),
    Control(name="Reference answer", scores=(1.0,) * 50, kind="reference"),
)
CHANCES = {
    "GO": np.full(200, 0.45),
    "WARNING": np.random.default_rng(2).beta(0.3, 5, 200),
    "NO-GO": np.zeros(200),
}


async def with_verdict(t: Any, verdict: str) -> int:
    """A dataset with a grader and a finished dry run of that verdict on exactly its state."""
    await t.app.call("start_finetune_workflow", training_goals="Route it")
    await t.app.call("configure_grader", grader=GRADER)
    await t.app.call("confirm_grader_test")
    draws = np.random.default_rng(0).random((200, 4)) < CHANCES[verdict][:, None]
    prompts = tuple(PromptAnswers(scores=tuple(row)) for row in draws.astype(float).tolist())
    found = judge(DryRunData(prompts=prompts, controls=CONTROLS, noise_std=0.0, chance=0.0))
    assert found.verdict == verdict
    data = {"verdict": found.model_dump(mode="json"), "prompts": 200, "grader_version": 1}
    return await store_result(t, "dry_run", data)


async def store_result(t: Any, kind: str, data: dict[str, Any], state: str = "completed") -> int:
    session = t.app.session
    fingerprint = (await session.expected("dry_run")).model_dump_json()
    found: int = await session.store.transaction(
        results.add, kind, fingerprint=fingerprint, state=state, data=data
    )
    return found


def labels(t: Any) -> list[str]:
    return [option.label for option in t.question.options]


async def test_a_go_leads_to_training_behind_its_card(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "GO")
        t.yes = False
        await t.send("why GO?")
        assert "**GO. Training can work here.**" in t.text
        assert "over 800 answers to 200 prompts" in t.text
        await t.choose("Set up training")
        assert [c.card.tool for c in t.cards] == ["start_training"]
        assert not await t.app.session.store.read(results.of_kind, "training")


async def test_a_warning_can_be_accepted_on_its_card_only(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "WARNING")
        await t.send("train")
        assert "your acceptance of the dry run's WARNING" in t.text
        assert not t.tools
        await t.send("why?")
        t.refused = {"start_training"}
        await t.choose("Accept")
        assert [(c.card.tool, c.yes) for c in t.cards] == [
            ("accept_warning", True),
            ("start_training", False),
        ]
        assert (await t.app.session.workflow())["dry_run"].status == "completed"


async def test_a_no_go_cannot_be_passed(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "NO-GO")
        await t.send("train")
        assert "the last one said NO-GO" in t.text
        await t.send("why NO-GO?", "accept warning")
        assert "**NO-GO. Training has nothing to learn from.**" in t.text
        assert "ended in WARNING to accept" in t.text
        assert not t.tools
        questions = [q for q in t.heard if q.kind == "question"]
        assert not any(
            o.action in ("train", "accept_warning") for q in questions for o in q.options
        )


async def test_a_stale_verdict_says_so_and_is_run_again(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "GO")
        await t.app.call("configure_grader", grader={**GRADER, "name": "other"})
        await t.send("why?")
        assert "rader changed" in t.question.text
        assert labels(t) == ["Start the dry run"]


@pytest.mark.parametrize(("state", "word"), [("failed", "failed"), ("stopped", "stopped")])
async def test_a_dry_run_that_did_not_finish(
    talk: OpenTalk, rows: Rows, state: str, word: str
) -> None:
    async with talk(rows) as t:
        await t.app.call("configure_grader", grader=GRADER)
        await store_result(t, "dry_run", {"error": "The disk is full."}, state)
        await t.send("why?")
        assert f"The last dry run {word}. The disk is full." in t.text
        assert labels(t) == ["Start the dry run"]


def params() -> dict[str, Any]:
    return {"steps": 40, "group_size": 8, "prompts_per_step": 16}


def write_events(t: Any, run_id: int, *events: dict[str, Any]) -> None:
    run = t.app.session.run_dir(f"train-{run_id}")
    run.path.mkdir(parents=True, exist_ok=True)
    with (run.path / "events.jsonl").open("ab") as file:
        file.writelines(orjson.dumps(event) + b"\n" for event in events)


def metrics(step: int, length: float) -> dict[str, Any]:
    return {
        "kind": "metrics",
        "step": step,
        "reward": 0.5,
        "epoch": 0.1,
        "loss": 0.0,
        "completions/mean_length": length,
        "frac_reward_zero_std": 0.38,
    }


def evaluation(step: int, reward: float) -> dict[str, Any]:
    return {"kind": "evaluation", "step": step, "reward": reward, "low": 0, "high": 1, "n": 50}


async def told(t: Any) -> None:
    await t.app.jobs.wait()
    await t.assistant.idle()


async def test_a_run_is_told_unasked_at_its_start_quarters_alarms_and_end(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "GO")
        session = t.app.session
        watch = Watch(t.assistant, session)
        await told(t)
        assert not t.text
        data = {"params": params(), "baseline": 0.41, "model": "m", "base_model": "starter"}
        run = await store_result(t, "training", data, "running")
        await told(t)
        assert "**Training has begun**" in t.text
        assert "40 steps, group size 8, 16 prompts a step" in t.text
        assert "0.41" in t.text
        t.clear()
        write_events(t, run, metrics(1, 34), evaluation(0, 0.41), metrics(11, 30))
        session.store.announce(RunChanged(session.dataset_id, run))
        await told(t)
        assert "A quarter is done." in t.text
        write_events(t, run, metrics(21, 19), evaluation(20, 0.73))
        alarm = {"kind": "alarm", "step": 21, "name": "kl", "text": "The model has moved far."}
        write_events(t, run, alarm)
        session.store.announce(RunChanged(session.dataset_id, run))
        await told(t)
        assert "**Halfway mark passed.** Validation went from 0.41 to **0.73**." in t.text
        assert "Answers got shorter, 34 to 19 tokens." in t.text
        assert "**Alarm at step 21.** The model has moved far." in t.text
        session.store.announce(RunChanged(session.dataset_id, run))
        await told(t)
        assert t.text.count("Halfway mark") == 1
        assert t.text.count("Alarm") == 1
        await session.store.transaction(
            results.update, run, state="completed", data={"report": report(better=False)}
        )
        await told(t)
        assert "**Not better than base: +0.01" in t.text
        assert labels(t)[-1] == "Deploy it although it is not better"
        assert "train" not in t.tools
        watch.close()


async def test_a_failed_run_says_why_and_offers_to_resume(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        watch = Watch(t.assistant, t.app.session)
        await told(t)
        run = await store_result(t, "training", {"params": params()}, "running")
        await told(t)
        await t.app.session.store.transaction(
            results.update, run, state="failed", data={"error": "The worker died."}
        )
        await told(t)
        assert "The training failed. The worker died." in t.text
        assert "Resume from the last checkpoint" in labels(t)
        watch.close()


async def test_what_the_user_ran_in_a_panel_is_told_and_what_the_guide_ran_is_not_told_twice(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        watch = Watch(t.assistant, t.app.session)
        await told(t)
        await with_verdict(t, "GO")
        await told(t)
        assert t.text.count("**GO.") == 1
        await t.app.call("add_topic", name="Odd")
        await t.app.call("add_topic", name="Even")
        await told(t)
        t.clear()
        await t.send("categorise")
        await told(t)
        assert t.text.count("**Balance") == 1
        for kind in ("categorisation", "coverage"):
            newest = await t.app.session.store.read(results.latest, kind)
            await store_result(t, kind, newest.data | {"actor": "user"})
        await told(t)
        assert t.text.count("**Balance") == 2, "a panel's result is told, however soon it comes"
        watch.close()


async def test_a_good_report_leads_to_deployment(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await with_verdict(t, "GO")
        await store_result(
            t, "training", {"params": params(), "report": report(better=True)}, "completed"
        )
        await t.send("what next?")
        assert labels(t)[0] == "Deploy it"
        assert "- Base: **0.41** (0.37 to 0.45)" in t.text
        assert "The test set was opened 1 time." in t.text
        t.yes = False
        await t.send("deploy")
        assert t.cards[-1].card.title == "Deploy the tuned model?"
        assert t.cards[-1].yes is False


async def test_before_the_dry_run_the_user_has_confirmed_the_scores(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await t.send("set goal Route it", "skip topics")
        await t.app.call("configure_grader", grader=GRADER)
        await t.send("what next?")
        assert labels(t)[0] == "Test on 5"
        await t.app.call("confirm_grader_test")
        assert await t.app.session.store.read(meta.get, "confirmed_test") == 1
        await t.send("what next?")
        assert labels(t)[0] == "Start the dry run"


def report(*, better: bool) -> dict[str, Any]:
    gain = Difference(
        mean=0.38 if better else 0.01,
        low=0.33 if better else -0.03,
        high=0.43 if better else 0.05,
        n=267,
        detectable=0.04,
    )
    base = ReportRow(
        key="base", label="Base", n=267, mean=0.41, low=0.37, high=0.45, errors=0,
        well_formed=0.5, correct_when_well_formed=0.8,
    )  # fmt: skip
    tuned = base.model_copy(update={"key": "tuned", "label": "Tuned", "mean": 0.79})
    sentence = (
        f"Better than base: {gain.text}." if better else f"Not better than base: {gain.text}."
    )
    return Report(
        n=267, opened=1, rows=[base, tuned], tuned_minus_base=gain, tuned_minus_supervised=None,
        format=gain, correctness=gain, by_topic=[], better=better, sentence=sentence, improved=[],
        worsened=[], grader_version=1, seed=0,
    ).model_dump(mode="json")  # fmt: skip
