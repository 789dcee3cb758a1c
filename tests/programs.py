"""The real program without a window, as tests start it: a user folder, and a dataset open in it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.store.create import create_dataset
from app.store.library import FILE
from app.wiring import App


async def add_dataset(app: App, rows: Iterable[dict[str, Any]], name: str, **meta: Any) -> str:
    """A dataset of these rows in the library; returns its id."""
    listed = list(rows)
    dataset_id, folder = app.library.new_folder()
    create_dataset(folder / FILE, listed, {"name": name, **meta})
    invalid = sum(not row.get("valid", True) for row in listed)
    await app.library.add(dataset_id, name, records=len(listed), invalid=invalid)
    return dataset_id


@asynccontextmanager
async def running(
    home: Path, rows: Iterable[dict[str, Any]] | None = None, *, name: str = "Tickets", **meta: Any
) -> AsyncIterator[App]:
    """A real app; with rows (even none) their dataset is open."""
    app = await App.start(home)
    try:
        if rows is not None:
            await app.open(await add_dataset(app, rows, name, **meta))
        yield app
    finally:
        await app.close()
