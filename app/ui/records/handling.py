"""What the conversation asks for, done: reads and tool calls of one record; no widget is laid out."""

import asyncio
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from app.domain.edits import edits_between
from app.domain.fixes import Turns, turns_of
from app.domain.validation import issues_of
from app.store import record_history, records
from app.store.record_history import RecordChange
from app.tools.fixes import Fixed
from app.ui import dialogs
from app.ui.geometry import memory
from app.ui.panel import Panel
from app.ui.records.compare import read_comparison
from app.ui.records.conversation import Conversation
from app.ui.records.fixes import Offer, ask_fix, ask_removal, compared, worth_offering
from app.ui.records.history import read_history

MARKDOWN = "records/markdown"
MOST_OFFERS = 2  # beside each other more would hide the record


class RecordActions:
    """Connects a conversation with its panel's app; errors show as the panel's banner."""

    def __init__(self, panel: Panel, conversation: Conversation) -> None:
        self._panel, self._app, self._shown = panel, panel.app, conversation
        shown, act = conversation, panel.act
        shown.view_asked.connect(lambda view, record: act(self._read(view, record)))
        shown.saved.connect(lambda record, updates: act(self._save(record, updates)))
        shown.check_asked.connect(lambda turns: self._app.jobs.start(self._check(turns)))
        shown.fix_asked.connect(lambda name, every: act(self._fix(name, every=every)))
        shown.twins_asked.connect(lambda: act(self._remove_twins()))
        shown.undo_asked.connect(lambda change: act(self._undo(change)))
        shown.offer_taken.connect(lambda offer: act(self._take(offer)))
        shown.markdown_chosen.connect(lambda on: self._memory().setValue(MARKDOWN, on))
        shown.use_markdown(bool(self._memory().value(MARKDOWN, True, type=bool)))
        for keys, on in (
            ("Ctrl+E", shown.start_edit),
            ("Ctrl+D", lambda: self._switch("compare")),
            ("Ctrl+H", lambda: self._switch("history")),
            ("Ctrl+M", shown.plain.click),
            ("Ctrl+Shift+F", shown.open_fixes),
        ):
            shortcut = QShortcut(QKeySequence(keys), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(on)

    def _memory(self) -> Any:
        return memory(self._app.home)

    def _switch(self, view: str) -> None:
        """To a view, or back to the turns when it is shown."""
        self._shown.show_view("turns" if self._shown.view == view else view)

    @property
    def _store(self) -> Any:
        return self._app.session.store

    async def _read(self, view: str, record_id: int) -> None:
        if self._app.session is None:
            return
        if view == "compare":
            self._shown.show_comparison(await self._store.read(read_comparison, record_id))
        else:
            self._shown.show_history(await self._store.read(read_history, record_id))

    async def _save(self, record_id: int, updates: dict[str, Any]) -> None:
        """Store the edit, then look where else it applies."""
        detail = self._shown.detail
        await self._app.call("update_record", record_id=record_id, updates=updates)
        self._shown.close_edit()
        self._panel.reload()
        if detail is None or not {"messages", "reply"} & updates.keys():
            return
        now = await self._store.read(records.get, record_id)
        offers: list[Offer] = []
        for edit in edits_between(turns_of(detail.record), turns_of(now)):
            found = await self._preview("apply_edit", edit=edit.model_dump())
            offers.append(Offer(edit, found))
        self._shown.show_offers(record_id, worth_offering(offers)[:MOST_OFFERS])

    async def _check(self, turns: Turns) -> None:
        """Of a long text: in a thread, so that the window goes on."""
        found = await asyncio.to_thread(issues_of, turns.messages, reply=turns.reply)
        if self._shown.form is not None:
            self._shown.form.show_issues(turns, found)

    async def _fix(self, name: str, *, every: bool) -> None:
        """One record at once; all like it after a look at what would change."""
        if self._shown.detail is None:
            return
        if not every:
            record_id = self._shown.detail.record.id
            await self._app.call("fix_records", fix=name, record_ids=[record_id])
            return
        found = await self._preview("fix_records", fix=name, query="")
        if await self._wanted(found):
            await self._app.call("fix_records", fix=name, query="")

    async def _take(self, offer: Offer) -> None:
        if await self._wanted(offer.found):
            await self._app.call("apply_edit", edit=offer.edit.model_dump())
            self._shown.show_offers(0, ())

    async def _remove_twins(self) -> None:
        found = await self._app.call("remove_duplicates", preview=True)
        if await ask_removal(self._panel, found):
            await self._app.call("remove_duplicates")

    async def _undo(self, change: RecordChange) -> None:
        """A change of this record only is undone at once; one of many asks first."""
        if change.others:
            many = "1,000 or more" if change.others >= record_history.COUNTED else change.others
            text = f"It changed {many} other records too. They go back with this one."
            title = f"Undo “{change.info.label}”?"
            if not await dialogs.confirm(self._panel, title, text, yes="Undo for all"):
                return
        await self._app.call("undo", change_id=change.info.id)

    async def _preview(self, tool: str, **arguments: Any) -> Fixed:
        found: Fixed = await self._app.call(tool, preview=True, **arguments)
        return found

    async def _wanted(self, found: Fixed) -> bool:
        shown = await asyncio.to_thread(compared, found.previews)
        return await ask_fix(self._panel, found, shown)
