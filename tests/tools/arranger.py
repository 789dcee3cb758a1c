"""A dataset of two kinds of questions and a scripted model that arranges or sorts them as a test says."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.wiring import App
from tests.llm.scripted import Answer, Scripted, chunk, scripted, usage
from tests.tools.conftest import lines
from tests.tools.writer import connect

Reply = Callable[[dict[str, Any]], Any]


def told(body: dict[str, Any], name: str = "topics") -> Any:
    """What stands between the tags of that name in the first question of a request."""
    text = body["messages"][1]["content"]
    (found,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return json.loads(found)


def item(number: int, name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """One item of an arrangement."""
    return {"id": number, "name": name, "parents": list(parents), "description": "", **more}


def answer(items: Any, *, prompt: int = 100, written: int = 50) -> Answer:
    """Items (or a text as it is) as a whole answer with its count of tokens."""
    text = items if isinstance(items, str) else json.dumps({"items": items})
    return Answer([chunk({"content": text}), chunk(finish="stop"), usage(prompt, written)])


@asynccontextmanager
async def asked(
    path: Path, *, rows: list[dict[str, Any]] | None = None, **prices: float
) -> AsyncIterator[tuple[App, Scripted]]:
    """The app with the rows open and the model connected; cards are kept and answered yes."""
    file = path / "tickets.jsonl"
    found = lines() if rows is None else rows
    file.write_text("".join(json.dumps(row) + "\n" for row in found))
    app = await App.start()
    app.cards = []  # type: ignore[attr-defined]

    async def approve(card: Any) -> bool:
        app.cards.append(card)  # type: ignore[attr-defined]
        return True

    app.approve = approve
    async with scripted() as server:
        try:
            report = await app.import_file(file)
            await app.open(report.dataset)
            connect(app, server, **prices)
            yield app, server
        finally:
            await app.close()
