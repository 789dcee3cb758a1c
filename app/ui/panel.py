"""The base of every panel in the centre: re-reads the store when an event it names arrives."""

import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any, ClassVar, Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from app.errors import AppError, DeclinedError, Stopped
from app.ui import kit
from app.ui.again import Again
from app.ui.controller import Controller

log = logging.getLogger(__name__)
Failed = Literal["act", "refresh"]


class Panel(QWidget):
    """A scrolling column of cards: subclasses fill `self.column` once and write `refresh`.

    `events` are the store's event types the panel shows. `go` asks the window to show another
    panel: its name (`records`, `dry_run` ...) and a dict of what it should point at.
    """

    events: ClassVar[tuple[type, ...]] = ()
    title: ClassVar[str] = ""
    of_dataset: ClassVar[bool] = True  # it shows the open dataset, and acts on that
    go = Signal(str, dict)
    sees_changed = Signal()

    def __init__(self, app: Controller) -> None:
        super().__init__()
        self.app = app
        self._dirty = True
        self._shown_of = app.session  # whose data stands in the panel
        self._refreshing = Again(app.jobs, self._refresh_once)
        self.errors: dict[Failed, kit.ErrorBanner] = {}
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.setSpacing(12)
        self.column.setContentsMargins(20, 16, 20, 16)
        self.setLayout(kit.column(kit.scroll(inner), gap=0))
        self.build()

    def build(self) -> None:
        """Make the widgets, once; the store is not read here."""
        raise NotImplementedError

    async def refresh(self) -> None:
        """Read the store and show it. Called by the base only, never twice at once."""
        raise NotImplementedError

    def point_at(self, target: dict[str, Any]) -> None:
        """What `go` carried: a record, a filter. Panels that can be pointed at override this."""

    def sees(self) -> str:
        """What the user looks at, in a few words, for the assistant (`Records, record 413`)."""
        return self.title

    def on_events(self, events: list[Any]) -> None:
        """Re-read if one of the events is named in `events`."""
        if isinstance(events, list) and any(isinstance(event, self.events) for event in events):
            self.reload()

    def reload(self) -> None:
        """Ask for a refresh: now if visible, else when shown; one more if one is running."""
        self._dirty = not self.isVisible()
        if not self._dirty:
            self._refreshing.ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self.reload()

    def retheme(self) -> None:
        """Paint anew; a panel that holds colours of its own adds them here."""
        self.update()

    async def _refresh_once(self) -> None:
        session = self.app.session
        try:
            await self.refresh()
        except AppError as error:
            self.show_error(str(error), of="refresh")
        else:
            self._shown_of = session
            self.hide_error("refresh")
            self.sees_changed.emit()

    def act(
        self, work: Coroutine[Any, Any, object], *, button: QAbstractButton | None = None
    ) -> None:
        """Run what the user asked for; its AppError shows as the panel's banner. Nothing is done to
        another dataset than the one that the user saw: ids of one mean something else in the next.

        The banner stays until it is dismissed or the next act begins, whatever is re-read meanwhile.
        `button` is disabled meanwhile. Declined and stopped work says nothing: the user knows.
        """
        other = self.of_dataset and self._shown_of is not self.app.session
        if other or self.app.jobs.closed:
            work.close()
            return
        self.app.jobs.start(self._act(work, button))

    async def _act(self, work: Coroutine[Any, Any, object], button: QAbstractButton | None) -> None:
        if button is not None:
            button.setEnabled(False)
        self.hide_error("act")
        try:
            await work
        except (DeclinedError, Stopped) as quiet:
            log.info("%s", quiet)
        except AppError as error:
            self.show_error(str(error), of="act")
        finally:
            if button is not None:
                button.setEnabled(True)

    def show_error(self, text: str, *, of: Failed) -> None:
        """A red banner at the panel's top, one for each kind of failure: the last of its kind."""
        self.hide_error(of)
        banner = kit.ErrorBanner(text, retry=self.reload if of == "refresh" else None)
        banner.dismissed.connect(partial(self.hide_error, of))
        self.errors[of] = banner
        self.column.insertWidget(0, banner)

    def hide_error(self, of: Failed) -> None:
        if (banner := self.errors.pop(of, None)) is not None:
            banner.hide()
            banner.deleteLater()

    def start_over(self) -> None:
        """Another dataset is open: what was read or failed before is void."""
        self.hide_error("act")
        self.reload()
