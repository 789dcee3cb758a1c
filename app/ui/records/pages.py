"""Fetches the pages a list is looked at: the newest wish first, those scrolled past not at all."""

from typing import Any

from app.store.store import Store
from app.ui.controller import Controller
from app.ui.records.model import RecordModel
from app.ui.records.snapshot import read_pages

SEEN = 2  # pages that a screen shows at most
QUEUED = 6  # pages waited for at most: the rest is scrolled past


class PageLoader:
    """A screen is read at a time, so that dragging the scroll bar never builds a queue."""

    def __init__(self, app: Controller, model: RecordModel) -> None:
        self._app, self._model = app, model
        self._waiting: list[int] = []
        self._running = False
        model.wanted.connect(self.want)

    def want(self, page: int) -> None:
        """Have a page read, unless others are wanted more by the time its turn comes."""
        self._waiting.append(page)
        while len(self._waiting) > QUEUED:
            self._model.forget(self._waiting.pop(0))
        if not self._running:
            self._running = True
            self._app.jobs.start(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting and (session := self._app.session) is not None:
                newest = [self._waiting.pop() for _ in self._waiting[:SEEN]]
                await self._load(session.store, newest)
        finally:
            self._running = False
            for page in self._waiting:
                self._model.forget(page)
            self._waiting.clear()

    async def _load(self, store: Store, pages: list[int]) -> None:
        model = self._model
        edition, scores = model.edition, "score" in model.shown
        read: Any = await store.glance(read_pages, model.listing, pages, scores=scores)
        for page, rows in zip(pages, read, strict=True):
            model.fill(rows, page, edition=edition)
