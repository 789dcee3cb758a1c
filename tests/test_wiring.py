"""What opening and closing a dataset leave behind: the program's own parts, without a window."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from app.store import changes, topics
from app.store.database import Tx
from app.wiring import App
from tests.programs import running

OpenApp = Callable[[], AbstractAsyncContextManager[App]]


@pytest.fixture
def program(tmp_path: Path) -> OpenApp:
    """An App with a dataset without records open."""

    return lambda: running(tmp_path / "home", [])


async def test_closing_a_dataset_trims_its_undo_history(
    program: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_BYTES", 100)
    async with program() as app:
        session = app.session
        assert session is not None
        for name in "ABCDE":
            await session.store.write(f"Add {name}", topics.add, name)
        assert len(await session.store.read(changes.timeline)) == 5
        await app.close_dataset()
        store = (await app.open(session.dataset_id)).store
        assert [c.label for c in await store.read(changes.timeline)] == ["Add E", "Add D"]


async def test_a_history_that_cannot_be_trimmed_is_logged_and_the_dataset_is_closed(
    program: OpenApp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_BYTES", 100)
    async with program() as app:
        session = app.session
        assert session is not None

        def break_history(tx: Tx) -> None:
            tx.db.execute_sql("ALTER TABLE change_cell RENAME TO lost")

        await session.store.transaction(break_history)
        await app.close_dataset()
        assert app.session is None
        assert [r.levelno for r in caplog.records if "not trimmed" in r.getMessage()] == [
            logging.WARNING
        ]
        assert "change_cell" in caplog.text
        caplog.clear()
        assert session.store._lock.is_locked is False
