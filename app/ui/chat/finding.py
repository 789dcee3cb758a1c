"""The search of the conversation: its line, the places found, and the place that was chosen."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from app.agent.assistant import Assistant
from app.agent.conversation import Found
from app.jobs import Jobs
from app.ui import kit
from app.ui.chat.hooks import Hooks
from app.ui.chat.list import ChatList
from app.ui.chat.search import Hits, SearchLine, dated

BEFORE, AFTER = 20, 8  # rows shown around a place; older ones when they are scrolled to


class Finding(QObject):
    """`shown` tells whether `page` (the places, or one of them) shall stand for the conversation."""

    shown = Signal(bool)
    closed = Signal()

    def __init__(self, jobs: Jobs, assistant: Assistant, hooks: Hooks) -> None:
        super().__init__()
        self._jobs, self._assistant = jobs, assistant
        self._first = 0
        self.line = SearchLine(jobs, assistant.search)
        self.line.hide()
        self.hits = Hits()
        past = replace(hooks, earlier=lambda: jobs.start(self._read_earlier()))
        self.list = ChatList(past, live=False)
        self.when = kit.label("", "small", "muted")
        back = kit.button("Back to now", self.close, kind="link", small=True)
        top = kit.row(self.when, None, back, margin=(16, 0, 8, 0))
        self.page = QStackedWidget()
        self.page.addWidget(self.hits)
        self.page.addWidget(kit.holder(kit.column(top, (self.list, 1), gap=4)))
        self.line.found.connect(self._show_hits)
        self.line.closed.connect(self.close)
        self.hits.chosen.connect(lambda place: jobs.start(self._show_place(place)))

    def open(self) -> None:
        """Open the line; an open one takes the focus."""
        self.line.open()

    def close(self) -> None:
        """Back to the conversation as it is now."""
        if not self.line.isHidden():
            self.line.hide()
            self.line.line.clear()
            self.list.clear()
            self.shown.emit(False)
            self.closed.emit()

    def _show_hits(self, text: str, places: list[Found]) -> None:
        self.page.setCurrentIndex(0)
        self.shown.emit(bool(text.strip()))
        self.hits.show_places(text, places)

    async def _show_place(self, place: Found) -> None:
        """The conversation around a place, which stands out; nothing in it can be answered."""
        session = self._assistant.session
        rows = await self._assistant.history_rows(BEFORE + AFTER, place.row + AFTER)
        if session is not self._assistant.session or not rows:
            return
        self._first = rows[0][0]
        self.list.clear()
        self.list.show_history([entry for _, entry in rows], more=self._first > 1)
        self.when.setText(dated(place.at))
        self.page.setCurrentIndex(1)
        self.shown.emit(True)
        words = self.line.line.text().strip()
        found = next((entry for row, entry in rows if row == place.row), None)
        if found is not None:
            kit.in_turn(self.list, lambda: self.list.show_place(found, words))

    async def _read_earlier(self) -> None:
        rows = await self._assistant.history_rows(BEFORE, self._first)
        if rows:
            self._first = rows[0][0]
            self.list.show_history([entry for _, entry in rows], more=self._first > 1)
