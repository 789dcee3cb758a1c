"""A small dataset file and its opened store."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.store.create import create_dataset
from app.store.store import Store

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]


def row(number: int, **more: Any) -> dict[str, Any]:
    text = f"question {number}"
    return {
        "messages": [{"role": "user", "content": text}],
        "preview": text,
        "content_hash": f"h{number}",
        "split": ("train", "validation", "test")[number % 3],
        "tokens": number,
        **more,
    }


@pytest.fixture
def opened(tmp_path: Path) -> OpenStore:
    """Opens a store of ten records; it is closed at the end of the `async with`."""

    @asynccontextmanager
    async def open_it() -> AsyncIterator[Store]:
        path = tmp_path / "dataset.sqlite"
        if not path.exists():
            create_dataset(path, (row(i) for i in range(10)), {"goal": "answer"})
        store = await Store.open(path, "d1")
        try:
            yield store
        finally:
            await store.close()

    return open_it
