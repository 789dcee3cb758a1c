"""What holds for every run that asks a model: only one at a time is paid, none is left as running."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.errors import StoreError, ToolError
from app.llm.connections import Connection
from app.store import results
from app.tools.base import Card
from app.wiring import App
from tests.tools.arranger import answer
from tests.tools.test_model_categories import sorts, unsure
from tests.tools.writer import generator


async def states(app: App, kind: Any) -> list[str]:
    assert app.session is not None
    return [r.state for r in await app.session.store.read(results.of_kind, kind)]


def elsewhere(app: App) -> None:
    """The model is on another machine: excerpts go there only after a consent."""
    assert app.connections is not None
    (local,) = app.connections.all
    far = {"base_url": "http://192.0.2.7/v1", "id": "far"}
    app.connections.put(Connection.model_validate({**local.model_dump(), **far}))
    app.connections.choose("generator", "far")


async def refused_while_it_asks(app: App, tool: str, **given: Any) -> None:
    """A second call while the first waits for the consent is refused; a no frees the way again."""
    consents: list[asyncio.Future[bool]] = []

    async def approve(card: Card) -> bool:
        if card.tool != "send_to_host":
            return True
        consents.append(asyncio.get_running_loop().create_future())
        return await consents[-1]

    app.approve = approve
    for _ in range(2):
        first = asyncio.ensure_future(app.call(tool, **given))
        async with asyncio.timeout(30):
            while not consents and not first.done():
                await asyncio.sleep(0.01)
        with pytest.raises(ToolError, match="already"):
            await app.call(tool, **given)
        consents.pop().set_result(False)
        with pytest.raises(ToolError, match="Nothing was sent"):
            await first


async def test_a_second_call_during_the_consent_asks_and_pays_nothing(tmp_path: Path) -> None:
    async with unsure(tmp_path) as (app, _, _ids):
        elsewhere(app)
        await refused_while_it_asks(app, "categorize_uncertain")
        assert await states(app, "model_categories") == []


async def test_nor_does_a_second_call_to_generate(tmp_path: Path) -> None:
    async with generator(tmp_path, quota=20) as (app, _):
        elsewhere(app)
        await refused_while_it_asks(app, "generate_synthetic_data", strategy="few_shot")
        assert await states(app, "generation") == []


async def test_a_run_whose_folder_cannot_be_made_is_paused_with_the_reason(tmp_path: Path) -> None:
    async with unsure(tmp_path) as (app, server, ids):
        server.by = lambda body: answer(sorts(body, ids))
        assert app.session is not None
        last = "SELECT COALESCE(MAX(id), 0) FROM result"
        number = 1 + await app.session.store.read(lambda tx: int(tx.sql(last)[0][0]))
        folder = app.session.folder / "runs" / f"model-categories-{number}"
        folder.parent.mkdir()
        folder.write_text("not a folder")
        with pytest.raises(StoreError, match="model-categories-"):
            await app.call("categorize_uncertain")
        assert await states(app, "model_categories") == ["paused"]
        folder.unlink()
        made: Any = await app.call("categorize_uncertain")
        assert (made.state, made.placed) == ("completed", 50)
        assert await states(app, "model_categories") == ["completed"]
