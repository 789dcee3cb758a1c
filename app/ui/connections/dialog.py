"""The dialog of connected models. What it writes goes through `Clients.change`, off the event loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtWidgets import QDialog, QSizePolicy, QStackedLayout, QWidget
from shiboken6 import isValid

from app.errors import AppError
from app.llm.address import is_loopback
from app.llm.client import ModelError
from app.llm.connections import ENVIRONMENT, Connection, Preset, keeps_keys
from app.llm.discover import Found
from app.llm.examine import examine
from app.ui import dialogs, kit
from app.ui.connections.details import Details
from app.ui.connections.listing import ConnectionList, Row
from app.ui.connections.offers import draft, menu, offer
from app.ui.connections.roles import Roles, roles_of
from app.ui.controller import Controller
from app.ui.theme import theme

NOTHING = (
    "No model is connected. The guided assistant works without one. Add a connection to let a model "
    "lead you: a server on this computer, or a service you have a key for."
)
PAUSE_SECONDS = 0.01  # between two pieces of making the dialog: what waits comes first
WIDTH, HEIGHT, LEFT = 940, 720, 320


class ConnectionsDialog(QDialog):
    """Left what is connected and the roles, right the one that is chosen."""

    def __init__(self, parent: QWidget | None, app: Controller, details: Details) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connections")
        self._app, self._all, self._clients = app, app.connections, app.clients
        self._keychain = True
        self._tasks: list[asyncio.Future[None]] = []
        self._test: asyncio.Future[None] | None = None
        self.list, self.roles, self.details = ConnectionList(), Roles(), details
        self.offers, self._room = kit.Refill(gap=6), QWidget()
        self.add = kit.drop_button("Add", icon="plus", small=True)
        self.add_first = kit.drop_button("Add a connection")
        self.setLayout(self._regions())
        self._connect()
        room = parent.window().size() if parent else None
        wide, high = theme().px(WIDTH), theme().px(HEIGHT)
        self.resize(min(wide, room.width() - 40) if room else wide,
                    min(high, room.height() - 40) if room else high)  # fmt: skip
        first = self._all.for_role("assistant")
        self._refill(first.id if first else "")
        self._pick(first.id if first else "")
        (self.list if first else self.add_first).setFocus()
        self._start(self._look())

    def _regions(self) -> Any:
        head = kit.row((kit.label("Connections", "h2"), 1), self.add)
        self.listed = kit.frame(kit.column(self.list, gap=0, margin=2))
        self.offers.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        left = kit.holder(
            kit.column(head, self.offers, (self.listed, 1), self.roles, (self._room, 1), gap=10)
        )
        left.setFixedWidth(theme().px(LEFT))
        empty = kit.empty("link", NOTHING, self.add_first)
        self._right = QStackedLayout()
        self._right.addWidget(empty)
        self._right.addWidget(self.details)
        right = kit.frame(self._right)
        foot = kit.row(None, kit.button("Close", self.close))
        return kit.column((kit.row(left, (right, 1), gap=14), 1), foot, gap=12, margin=20)

    def _connect(self) -> None:
        self.list.picked.connect(lambda id: self._start(self._go_to(id)))
        self.roles.chosen.connect(lambda role, id: self._start(self._choose(role, id)))
        self.details.save_asked.connect(lambda: self._start(self._save()))
        self.details.remove_asked.connect(lambda: self._start(self._remove()))
        self.details.key.forget_asked.connect(lambda: self._start(self._forget()))
        self.details.trial.asked.connect(self._begin_test)
        self.details.trial.stop_asked.connect(self._stop_test)
        self._clients.on_change.append(self._on_change)
        self.finished.connect(lambda result: self._end())

    def reject(self) -> None:
        """Escape, Close and the window's cross: what is not saved is asked about first."""
        if self.details.changed and self._right.currentIndex() == 1:
            self._start(self._leave())
        else:
            super().reject()

    async def _leave(self) -> None:
        if await self._may_go():
            self.details.changed = False
            super().reject()

    def _end(self) -> None:
        if self._on_change in self._clients.on_change:
            self._clients.on_change.remove(self._on_change)
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        self._tasks = [task for task in self._tasks if not task.done()]
        task = self._app.jobs.start(self._guarded(work))
        task.add_done_callback(lambda ended: work.close())  # one cancelled before it began
        self._tasks.append(task)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails is said beside the button that began it."""
        try:
            await work
        except AppError as error:
            if isValid(self):
                self.details.tell(str(error))

    async def _look(self) -> None:
        """What takes a moment to know: the keychain, and the servers on this computer."""
        self._keychain = await asyncio.to_thread(keeps_keys)
        await self._show_key(self.details.saved)
        await self._clients.look_around()

    def _on_change(self) -> None:
        shown = "" if self.details.is_new else self.details.saved.id
        self._refill(shown if self._right.currentIndex() else "")

    def _refill(self, selected: str) -> None:
        """Everything but the fields being edited."""
        offered = self._clients.offered()
        self.offers.show_items(*(offer(found, self._add_found) for found in offered))
        for button in (self.add, self.add_first):
            kit.set_entries(button, menu(offered, self._add_found, self._add_preset))
        self.listed.setVisible(bool(self._all.all))
        self.roles.setVisible(bool(self._all.all))
        self._room.setVisible(not self._all.all)
        rows = [Row(c.id, c.name, _about(c), roles_of(c, self._all))
                for c in self._all.all]  # fmt: skip
        self.list.show_rows(rows, selected)
        self.roles.show_roles(self._all)

    def _pick(self, id: str) -> None:
        """Show a saved connection; the empty state where there is none."""
        connection = next((c for c in self._all.all if c.id == id), None)
        self._right.setCurrentIndex(int(connection is not None))
        self.list.select(id)
        if connection is not None:
            self._show(connection, is_new=False)

    def _show(self, connection: Connection, *, is_new: bool, note: str = "") -> None:
        self._stop_test()
        self._right.setCurrentIndex(1)
        self.details.show_connection(connection, is_new=is_new, note=note)
        self._start(self._show_key(connection))

    async def _show_key(self, connection: Connection) -> None:
        box, key, trouble = self.details.key, "", ""
        try:
            key = await asyncio.to_thread(self._all.key, connection.id)
        except ModelError as error:
            trouble = str(error)
        if connection.id != self.details.saved.id or box.typed:
            return
        if trouble:
            box.show_trouble(trouble)
        elif connection.id == ENVIRONMENT:
            box.show_given(bool(key))
        else:
            box.show_key(bool(key), keychain=self._keychain)

    async def _go_to(self, id: str) -> None:
        if id == self.details.saved.id and not self.details.is_new:
            return
        if await self._may_go():
            self._pick(id)
        else:
            self.list.select("" if self.details.is_new else self.details.saved.id)

    async def _may_go(self) -> bool:
        """Whether what is shown may be left: when it is saved, or let go."""
        if not self.details.changed or self._right.currentIndex() == 0:
            return True
        title = f"Save the changes to {self.details.saved.name}?"
        answer = await dialogs.choose(
            self, title, "They are lost otherwise.",
            answers=[("Save", "primary"), ("Discard", "danger"), ("Stay", "")],
        )  # fmt: skip
        return await self._saved() if answer == 0 else answer == 1

    def _add_preset(self, preset: Preset) -> None:
        self._start(self._begin_draft(preset))

    async def _begin_draft(self, preset: Preset) -> None:
        if await self._may_go():
            self.list.select("")
            self._show(draft(preset, self._all), is_new=True, note=preset.note)
            self.details.form.editors["name"].setFocus()

    def _add_found(self, found: Found) -> None:
        self._start(self._connect_found(found))

    async def _connect_found(self, found: Found) -> None:
        """One click: saved with its first model, then shown with all of them."""
        if not await self._may_go():
            return
        made = draft(found.preset, self._all, found.models[0] if found.models else "")
        await self._clients.change(self._all.put, made)
        self._pick(made.id)
        self.details.offer_models(found.models)
        self.list.setFocus()

    async def _save(self) -> None:
        await self._saved()

    async def _saved(self) -> bool:
        """Save what stands in the fields with the key entered; False where something is wrong."""
        made = self.details.value()
        if made is None:
            return False
        key = self.details.key.typed
        if key is not None or self.details.moved(made):
            await self._clients.change(self._all.set_key, made.id, key or "")
        await self._clients.change(self._all.put, made)
        self._pick(made.id)
        return True

    async def _remove(self) -> None:
        connection = self.details.saved
        if not self.details.is_new:
            text = "Its key is forgotten too. What it wrote stays in your datasets."
            title = f"Remove {connection.name}?"
            if not await dialogs.confirm(self, title, text, yes="Remove", kind="danger"):
                return
            await self._clients.change(self._all.remove, connection.id)
        self.details.changed = False
        left = self._all.for_role("assistant")
        self._pick(left.id if left else "")

    async def _forget(self) -> None:
        await self._clients.change(self._all.set_key, self.details.saved.id, "")
        await self._show_key(self.details.saved)

    async def _choose(self, role: Any, id: str) -> None:
        await self._clients.change(self._all.choose, role, id or None)

    def _begin_test(self) -> None:
        if (made := self.details.value()) is not None:
            self.details.begin_trial()
            self._test = self._start(self._try(made, self.details.key.typed))

    def _stop_test(self) -> None:
        if self._test is not None and not self._test.done():
            self._test.cancel()
            self.details.trial.end("Stopped. Nothing was changed.")

    async def _try(self, connection: Connection, typed: str | None) -> None:
        """The checks with what stands in the fields, saved or not."""
        trial = self.details.trial
        try:
            own = not typed and not self.details.moved(connection)
            kept = await asyncio.to_thread(self._all.key, connection.id) if own else ""
            client = await self._clients.try_out(connection, typed or kept)
            try:
                here = is_loopback(connection.base_url)
                findings = await examine(client, connection.model, trial.show_check, local=here)
            finally:
                await client.close()
        except AppError as error:
            trial.end(str(error))
            return
        self.details.offer_models(list(findings.models))
        trial.finish(findings)


def _about(connection: Connection) -> str:
    model = connection.model or "the first model it lists"
    return f"{model}, from the environment" if connection.id == ENVIRONMENT else model


async def show(app: Controller, window: QWidget) -> None:
    """Open the dialog and wait until it is closed. It is made and painted in three turns of the
    loop: in one they take 60 to 100 ms."""
    details = Details()
    await asyncio.sleep(PAUSE_SECONDS)
    dialog = ConnectionsDialog(window, app, details)
    await asyncio.sleep(PAUSE_SECONDS)
    await dialogs.ask(dialog)
