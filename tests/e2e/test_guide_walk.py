"""The shipped sample by the guide's buttons alone, through the real tools, to a deployed model."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from app.agent.entries import CardAsked, Entry, Message, Question, ToolDone
from app.agent.guide import Guide
from app.agent.watch import Watch
from app.tools.session import Session
from app.wiring import App

PATIENCE_SECONDS = 900


class Walker:
    """Clicks options by their words and says yes to every card."""

    def __init__(self, app: App) -> None:
        self.app, self.guide = app, Guide(app, self._hear)
        self.heard: list[Entry] = []
        self.watch: Watch | None = None
        app.approve = self.guide.approve
        app.on_session.append(self._enter)

    def _hear(self, entry: Entry) -> None:
        self.heard.append(entry)
        if isinstance(entry, CardAsked):
            self.guide.approvals.answer(entry.key, yes=True)

    def _enter(self, session: Session | None) -> None:
        self.guide.turn_to(session)
        if self.watch is not None:
            self.watch.close()
        if session is not None:
            self.watch = Watch(self.guide, session)
            self.guide.begin("opened")

    def question(self) -> Question | None:
        return next((e for e in reversed(self.heard) if isinstance(e, Question)), None)

    async def choose(self, *words: str) -> None:
        """Wait for a question with an option that contains one of the words; click it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            question = self.question()
            for word in words:
                for index, option in enumerate(question.options if question else ()):
                    if question and word in option.label and self.guide.is_open(question):
                        self.guide.choose(question, index)
                        await self.guide.idle()
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


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_the_buttons_alone_lead_from_the_sample_to_a_deployed_model(tmp_path: Path) -> None:
    app = await App.start(tmp_path / "home")
    app.settings.preset, app.settings.port = "fast", free_port()
    walker = Walker(app)
    try:
        walker.guide.begin("welcome")
        await walker.choose("Try the sample")
        await walker.choose("Route each support ticket")
        await walker.choose("Use these")
        await walker.choose("Go on to the grader")
        await walker.choose("The supplied one")
        await walker.choose("Test on 5")
        await walker.choose("Yes, these scores are right")
        await walker.choose("Start the dry run")
        await walker.choose("Set up training", "Accept")
        await walker.choose("Deploy it")
        await walker.choose("Try it beside")

        assert app.session is not None
        flow = await app.session.workflow()
        assert flow.current is None, [(s.step, s.status) for s in flow.steps]
        done = [e.tool for e in walker.heard if isinstance(e, ToolDone) and e.tone == "good"]
        assert done.count("run_dry_run") == done.count("start_training") == 1
        assert done[-1] == "deploy_model"
        for words in (
            "topics** are in place",
            "**Balance 0.",
            "fresh answers",
            "crash test",
            "Mean score",
            "**Training has begun**",
            "Halfway mark passed",
            "test prompts**, never trained on",
            "is in service at",
        ):
            assert words in walker.text, words
        assert walker.text.count("is in service at") == 1, "told once, not again by the watch"
        assert "!" not in walker.text.replace("“", "")
        kept = await walker.guide.history()
        assert sum(e.kind == "card" for e in kept) >= 5
    finally:
        if app.session is not None and (endpoint := app.session.endpoint()) is not None:
            await endpoint.stop()
        await app.close()
