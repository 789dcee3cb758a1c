"""What stands between a review card and the tools: decisions are stored, and teach the rest."""

import logging

from PySide6.QtCore import QObject, QTimer

from app.errors import AppError, Stopped
from app.ui.again import Again
from app.ui.panel import Panel
from app.ui.topics.queue import Queue, read_queue
from app.ui.topics.review import ReviewCard

log = logging.getLogger(__name__)
PAUSE_MS = 700  # after a decision: whoever presses keys in a row is not interrupted
AT_MOST = 10  # decisions before the rest is improved in any case


class Deciding(QObject):
    """Belongs to a panel with a review card. After a pause the other records are placed anew in the
    background, which is undone with the last decision; what is in front stays."""

    def __init__(self, panel: Panel, card: ReviewCard) -> None:
        super().__init__(panel)
        self._panel, self._card = panel, card
        self._new = 0
        self._decided_in = panel.app.session
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._improving = Again(panel.app.jobs, self._improve)
        self._pause.timeout.connect(self._learn)
        card.decided.connect(lambda ids, topic: panel.act(self._decide(ids, topic)))
        card.look_at.connect(lambda ids: panel.go.emit("records", {"ids": ids}))

    @property
    def waits(self) -> bool:
        """Whether decisions are about to be learnt from."""
        return self._pause.isActive()

    def start_over(self) -> None:
        """Another dataset is open: nothing of the former is shown or learnt there."""
        self._pause.stop()
        self._new = 0
        self._card.start_over()

    async def refresh(self) -> None:
        """Read the queue and show it."""
        session = self._panel.app.session
        if session is None:
            self._card.show_queue(Queue())
            return
        read = (read_queue, session.similar_file, self._card.wanted)
        queue = await session.store.read(*read)
        if session is self._panel.app.session:
            self._card.show_queue(queue)

    async def _decide(self, record_ids: tuple[int, ...], topic: int | None) -> None:
        session = self._panel.app.session
        chosen = "" if topic is None else topic
        try:
            await self._panel.app.call("assign_topic", record_ids=list(record_ids), topic=chosen)
        except AppError:
            self._card.release()
            raise
        if session is not self._panel.app.session:
            return
        self._card.done(record_ids)
        self._decided_in = session
        self._new += 1
        if self._new >= AT_MOST:
            self._learn()
        else:
            self._pause.start()

    def _learn(self) -> None:
        self._pause.stop()
        self._new = 0
        if self._panel.app.session is not None and not self._panel.app.jobs.closed:
            self._improving.ask()

    async def _improve(self) -> None:
        if self._decided_in is not self._panel.app.session:
            return
        try:
            await self._panel.app.call("improve_categories")
        except Stopped:
            log.info("the user stopped improving the rest")
        except AppError as error:
            self._panel.show_error(str(error), of="act")
