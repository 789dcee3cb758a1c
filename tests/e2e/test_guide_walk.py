"""By the guide's buttons alone, through the real tools, from records to a deployed model."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from app.agent.assistant import Assistant
from app.agent.entries import CardAsked, Entry, Message, Question, ToolDone
from app.agent.watch import Watch
from app.tools.session import Session
from app.wiring import App

PATIENCE_SECONDS = 1500
# The workers that train and serve outlive the handle that started them, by design.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Walker:
    """Clicks options by their words and says yes to every card."""

    def __init__(self, app: App) -> None:
        self.app, self.assistant = app, Assistant(app, self._hear)
        self.heard: list[Entry] = []
        self.watch: Watch | None = None
        app.approve = self.assistant.approve
        app.on_session.append(self._enter)

    def _hear(self, entry: Entry) -> None:
        self.heard.append(entry)
        if isinstance(entry, CardAsked):
            self.assistant.approvals.answer(entry.key, yes=True)

    def _enter(self, session: Session | None) -> None:
        self.assistant.turn_to(session)
        if self.watch is not None:
            self.watch.close()
        if session is not None:
            self.watch = Watch(self.assistant, session)
            self.assistant.begin("opened")

    def question(self) -> Question | None:
        return next((e for e in reversed(self.heard) if isinstance(e, Question)), None)

    async def choose(self, *words: str) -> None:
        """Wait for a question with an option that contains one of the words; click it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            question = self.question()
            for word in words:
                for index, option in enumerate(question.options if question else ()):
                    if question and word in option.label and self.assistant.is_open(question):
                        self.assistant.choose(question, index)
                        await self.assistant.idle()
                        return
            await asyncio.sleep(0.05)
        pytest.fail(f"no button {words}; the last question is {self.question()}")

    @property
    def text(self) -> str:
        return "\n".join(e.text for e in self.heard if isinstance(e, Message))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def walking(home: Path, preset: Literal["fast", "standard"]) -> AsyncIterator[Walker]:
    app = await App.start(home)
    app.settings.preset, app.settings.port = preset, free_port()
    try:
        yield Walker(app)
    finally:
        if app.session is not None and (endpoint := app.session.endpoint()) is not None:
            await endpoint.stop()
        await app.close()


async def walk_on(walker: Walker, *, goal: str, grader: str) -> None:
    """Every step by its button, from the goal to the deployed model."""
    await walker.choose(goal)
    await walker.choose("Use these")
    await walker.choose("Go on to the grader")
    await walker.choose(grader)
    await walker.choose("Test on 5")
    await walker.choose("Yes, these scores are right")
    await walker.choose("Start the dry run")
    await walker.choose("Set up training", "Accept")
    await walker.choose("Deploy it")
    await walker.choose("Try it beside")


async def check(walker: Walker) -> None:
    """All steps are done, each was told once, in real words."""
    assert walker.app.session is not None
    flow = await walker.app.session.workflow()
    assert flow.current is None, [(s.step, s.status) for s in flow.steps]
    done = [e.tool for e in walker.heard if isinstance(e, ToolDone) and e.tone == "good"]
    assert done.count("run_dry_run") == done.count("start_training") == 1
    assert done[-1] == "deploy_model"
    for words in (
        "topics** are in place",
        "**Balance ",
        "fresh answers",
        "crash test",
        "Mean score",
        "**Training has begun**",
        "never trained on",
        "is in service at",
    ):
        assert words in walker.text, words
    assert walker.text.count("is in service at") == 1, "told once, not again by the watch"
    kept = await walker.assistant.history()
    assert sum(e.kind == "card" for e in kept) >= 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_the_buttons_lead_from_a_file_to_a_deployed_model(
    tmp_path: Path, task: tuple[Path, Path]
) -> None:
    async with walking(tmp_path / "home", "fast") as walker:
        report = await walker.app.import_file(task[0])
        await walker.app.open(report.dataset)
        await walk_on(walker, goal="Give each message the right label", grader="Exactly the label")
        await check(walker)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_the_buttons_alone_lead_from_the_sample_to_a_deployed_model(tmp_path: Path) -> None:
    async with walking(tmp_path / "home", "standard") as walker:
        walker.assistant.begin("welcome")
        await walker.choose("Try the sample")
        await walk_on(walker, goal="Route each support ticket", grader="The supplied one")
        await check(walker)
        assert "Halfway mark passed" in walker.text
