"""A scripted model over real HTTP leads through the seven steps, without a window, by the real tools."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.agent.assistant import Assistant
from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Entry,
    Message,
    Question,
    ToolDone,
    ToolStarted,
)
from app.agent.sample import sample
from app.llm.connections import Connection
from app.store import meta, results
from app.wiring import App
from tests.e2e import script
from tests.e2e.conftest import GRADER
from tests.llm.scripted import MODEL, Scripted, Step, scripted

PATIENCE_SECONDS = 1500


class Walk:
    """Says things to the assistant and clicks yes on the cards it shows."""

    def __init__(self, app: App, server: Scripted) -> None:
        self.app, self.server = app, server
        self.assistant = Assistant(app, self._hear)
        self.heard: list[Entry] = []
        app.approve = self.assistant.approve
        app.on_session.append(self.assistant.turn_to)
        app.settings.openings = False

    def _hear(self, entry: Entry) -> None:
        self.heard.append(entry)
        if isinstance(entry, CardAsked):
            self.assistant.approvals.answer(entry.key, yes=True)

    def of(self, kind: type[Any]) -> list[Any]:
        return [entry for entry in self.heard if isinstance(entry, kind)]

    async def say(self, words: str, answers: tuple[Step, ...]) -> str:
        """What the model said to it; its whole script was used."""
        self.server.script += answers
        before = len(self.heard)
        self.assistant.send(words)
        await self.assistant.idle()
        assert not self.server.script, [e.text for e in self.of(Message)][-3:]
        return "\n".join(e.text for e in self.heard[before:] if isinstance(e, Message))

    async def choose(self, label: str, answers: tuple[Step, ...]) -> None:
        self.server.script += answers
        question = self.of(Question)[-1]
        labels = [option.label for option in question.options]
        self.assistant.choose(question, labels.index(label))
        await self.assistant.idle()
        assert not self.server.script

    @property
    def tools(self) -> list[str]:
        return [entry.tool for entry in self.of(ToolStarted)]


@asynccontextmanager
async def walking(home: Path) -> AsyncIterator[Walk]:
    app = await App.start(home)
    app.settings.preset = "fast"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        app.settings.port = free.getsockname()[1]
    try:
        async with scripted() as server:
            walk = Walk(app, server)
            app.connections.put(
                Connection(id="script", name="Script", base_url=server.url, model=MODEL)
            )
            yield walk
    finally:
        if app.session is not None and (endpoint := app.session.endpoint()) is not None:
            await endpoint.stop()
        await app.close()


async def to_the_grader(walk: Walk, config: dict[str, Any]) -> None:
    """From the first look to a saved grader, by the model's calls and the person's clicks."""
    assert "600 records" in await walk.say("What is in here?", script.LOOK)
    assert "Shall I use them" in await walk.say("Name the topic. Begin.", script.BEGIN)
    assert "in place" in await walk.say("Use them", script.ACCEPT)
    await walk.say("How even is it?", script.COVERAGE)
    assert walk.of(Question)[-1].text == "What makes a good answer?"
    await walk.choose("Exactly the label", script.grader(config))
    assert walk.of(Message)[-1].text == "The grader stands. Look at it."
    assert "comes first" in await walk.say("Train it now", script.TOO_EARLY)
    assert walk.tools == [
        "get_dataset_stats", "get_dataset_records", "start_finetune_workflow", "generate_topics",
        "apply_topic_hierarchy", "analyze_coverage", "configure_grader", "crash_test_grader",
        "start_training",
    ]  # fmt: skip
    refused = [(e.tool, e.result) for e in walk.of(ToolDone) if e.tone != "good"]
    assert refused == [
        ("start_finetune_workflow", "not understood"),
        ("coverage_report", "not understood"),
        ("start_training", "too early"),
    ]
    cards = [(c.card.tool, c.yes, c.how) for c in walk.of(CardAnswered)]
    assert cards == [
        ("apply_topic_hierarchy", True, "click"), ("configure_grader", True, "click")
    ]  # fmt: skip


async def test_the_model_leads_to_a_grader(tmp_path: Path, task: tuple[Path, Path]) -> None:
    async with walking(tmp_path / "home") as walk:
        report = await walk.app.import_file(task[0])
        session = await walk.app.open(report.dataset)
        await to_the_grader(walk, GRADER)
        assert await session.store.read(meta.get, "goal", "") == script.GOAL
        graders = await session.store.read(results.current_grader)
        assert graders is not None
        assert graders.version == 1
        steps = script.assert_context(walk.server, report.dataset)
        assert steps == [
            "", "", "topics_config", "grader_config", "grader_config", "dry_run"
        ]  # fmt: skip
        flow = await session.workflow()
        done = [s.step for s in flow.steps if s.status == "completed"]
        assert done == ["topics_config", "categorize", "coverage_generation", "grader_config"]
        assert flow.current == "dry_run"


@pytest.mark.slow
@pytest.mark.timeout(1800)
# The workers that train and serve outlive the handle that started them, by design.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_the_model_leads_from_the_sample_to_a_deployed_model(tmp_path: Path) -> None:
    async with walking(tmp_path / "home") as walk:
        session = await walk.app.open_sample()
        await to_the_grader(walk, sample().grader)
        assert "Are these scores right" in await walk.say("Try it", script.TRY)
        await walk.app.call("confirm_grader_test")
        assert "can start" in await walk.say("Yes. Go on to the dry run", script.DRY_RUN)
        assert "It runs" in await walk.say("Train", script.TRAIN)
        await until(walk, "training", "completed")
        assert "better than before" in await walk.say("Is it done?", script.DONE)
        await walk.say("Deploy it", script.DEPLOY)
        flow = await session.workflow()
        assert flow.current is None, [(s.step, s.status) for s in flow.steps]
        assert walk.tools.count("run_dry_run") == walk.tools.count("deploy_model") == 1
        assert walk.tools.count("start_training") == 2, "the one too early, and the one"
        runs = await session.store.read(results.of_kind, "training")
        assert len(runs) == 1
        assert "cut" not in str(script.assert_context(walk.server, session.dataset_id))
        kept = await walk.assistant.history()
        assert sum(isinstance(e, CardAnswered) for e in kept) >= 5


async def until(walk: Walk, step: str, wanted: str) -> None:
    assert walk.app.session is not None
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := (await walk.app.session.workflow())[step].status) != wanted:
        assert time.monotonic() < end, f"{step} is {found}"
        await asyncio.sleep(0.2)
