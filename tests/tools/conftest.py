"""A small program without a window: real library, real stores, real tools."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.wiring import App

OpenApp = Callable[..., AbstractAsyncContextManager[App]]
TOPICS = {
    "card": ["my card is lost", "i lost my card", "the card was stolen", "card is damaged now"],
    "bill": ["pay my bill", "when is the bill due", "the bill is too high", "bill payment failed"],
}


def lines(count: int = 80) -> list[dict[str, Any]]:
    """Prompts about cards and bills with a reply and a reference."""
    rows = []
    for i in range(count):
        topic = ("card", "bill")[i % 2]
        text = TOPICS[topic][(i // 2) % 4]
        rows.append(
            {
                "messages": [
                    {"role": "user", "content": f"{text}, case {i}"},
                    {"role": "assistant", "content": topic if i % 5 else "do not know"},
                ],
                "reference": topic,
                "label": topic,
            }
        )
    return rows


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lines()))
    return path


@pytest.fixture
def program(data_file: Path) -> OpenApp:
    """An App with the small file imported and open; every card is answered yes."""

    @asynccontextmanager
    async def start(*, answer: bool = True) -> AsyncIterator[App]:
        app = await App.start()
        app.cards = []  # type: ignore[attr-defined]

        async def approve(card: Any) -> bool:
            app.cards.append(card)  # type: ignore[attr-defined]
            return answer

        app.approve = approve
        try:
            report = await app.import_file(data_file)
            await app.open(report.dataset)
            yield app
        finally:
            await app.close()

    return start
