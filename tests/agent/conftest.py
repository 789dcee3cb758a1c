"""A real app without a window, its guide, and what the guide said."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.agent.assistant import Assistant
from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Entry,
    Message,
    Option,
    Question,
    Said,
    Show,
    ToolDone,
    ToolStarted,
)
from app.store.create import create_dataset
from app.store.library import FILE
from app.wiring import App

OpenTalk = Callable[..., AbstractAsyncContextManager["Talk"]]


@dataclass
class Talk:
    """The guide over a real app; `answers` decides what is clicked on a card."""

    app: App
    assistant: Assistant
    heard: list[Entry] = field(default_factory=list)
    yes: bool | None = True
    """None leaves cards open."""
    refused: set[str] = field(default_factory=set)
    """Tools whose cards are declined although `yes`."""

    @classmethod
    def over(cls, app: App) -> "Talk":
        """The app's assistant, who asks for its approvals too, on the dataset that is open or will be."""
        talk = cls(app, Assistant(app))
        talk.assistant.on_entry = talk.hear
        app.approve = talk.assistant.approve
        app.on_session.append(talk.assistant.turn_to)
        talk.assistant.turn_to(app.session)
        return talk

    def hear(self, entry: Entry) -> None:
        self.heard.append(entry)
        if isinstance(entry, CardAsked) and self.yes is not None:
            yes = self.yes and entry.card.tool not in self.refused
            self.assistant.approvals.answer(entry.key, yes=bool(yes))

    def of(self, kind: type[Any]) -> list[Any]:
        return [entry for entry in self.heard if isinstance(entry, kind)]

    @property
    def text(self) -> str:
        return "\n".join(entry.text for entry in self.of(Message))

    @property
    def said(self) -> list[str]:
        return [entry.text for entry in self.of(Said)]

    @property
    def tools(self) -> list[str]:
        return [entry.tool for entry in self.of(ToolStarted)]

    @property
    def cards(self) -> list[CardAnswered]:
        return self.of(CardAnswered)

    @property
    def panels(self) -> list[str]:
        return [entry.panel for entry in self.of(Show)]

    @property
    def done(self) -> list[ToolDone]:
        return self.of(ToolDone)

    @property
    def question(self) -> Question:
        """The last question."""
        found: Question = self.of(Question)[-1]
        return found

    def option(self, words: str) -> Option:
        """The first option of the last question whose label contains the words."""
        return next(o for o in self.question.options if words.lower() in o.label.lower())

    async def send(self, *texts: str) -> None:
        for text in texts:
            self.assistant.send(text)
        await self.assistant.idle()

    async def choose(self, words: str) -> None:
        """Click the option of the last question that contains the words."""
        question = self.question
        self.assistant.choose(question, question.options.index(self.option(words)))
        await self.assistant.idle()

    def clear(self) -> None:
        self.heard.clear()


def row(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    text = text or f"question {number}"
    return {
        "messages": [{"role": "user", "content": text}],
        "preview": text,
        "content_hash": f"h{number}",
        "cluster": f"c{number}",
        "split": ("train", "train", "train", "validation", "test")[number % 5],
        "tokens": 5,
        "valid": True,
        "issues": [],
        "reference": '{"team": "cards"}' if number % 2 else '{"team": "billing"}',
        **more,
    }


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [row(n) for n in range(1, 61)]


@pytest.fixture
def talk(tmp_path: Path) -> OpenTalk:
    """`async with talk(rows, goal="…") as t`: with rows (even none) their dataset is open."""

    @asynccontextmanager
    async def open_it(
        rows: list[dict[str, Any]] | None = None, *, name: str = "Tickets", **meta: Any
    ) -> AsyncIterator[Talk]:
        app = await App.start(tmp_path / "home")
        talk = Talk.over(app)
        try:
            if rows is not None:
                dataset_id, folder = app.library.new_folder()
                create_dataset(folder / FILE, rows, {"name": name, **meta})
                await app.library.add(dataset_id, name, records=len(rows), invalid=0)
                await app.open(dataset_id)
            yield talk
        finally:
            await app.close()

    return open_it
