"""Records: the list of a dataset's records and the conversation of the one looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget

from app.domain.records import Message
from app.store import records
from app.store.events import RecordsChanged, SettingsChanged, TopicsChanged
from app.store.records import RecordFilter, Sort
from app.ui import dialogs, kit
from app.ui.outlook import OutlookCard
from app.ui.panel import Panel
from app.ui.records.conversation import Conversation
from app.ui.records.export import write_jsonl
from app.ui.records.listing import RecordList, first_after
from app.ui.records.snapshot import RecordsSnapshot, View, read_detail, read_snapshot, view_of
from app.ui.theme import theme


class RecordsPanel(Panel):
    """The list asks the store for a page when it is looked at; every change is a tool call."""

    events = (RecordsChanged, TopicsChanged, SettingsChanged)
    title = "Records"

    def build(self) -> None:
        self.view = View()
        self.snapshot: RecordsSnapshot | None = None
        self._dataset = ""
        self._outlook_of: tuple[str, dict[str, Any]] = ("", {})
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.bring = kit.button(
            "Import",
            self._import,
            icon="file-plus",
            tip="Open another file as a dataset of its own",
        )
        self.export = kit.button(
            "Export", self._export, kind="ghost", icon="export", tip="Write the listed records"
        )
        words = kit.column(kit.label("Records", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.bring, self.export))
        self.outlook = OutlookCard()
        self.outlook.opened.connect(self.reload)
        self.column.addWidget(self.outlook)
        self.list, self.conversation = RecordList(), Conversation()
        self.stack = QStackedWidget()
        self.stack.addWidget(self._splitter())
        self.stack.addWidget(
            kit.empty(
                "file-plus",
                "No dataset is open. Open a file of chat records.",
                kit.button("Open a file", self._import, kind="primary"),
            )
        )
        self.column.addWidget(self.stack, 1)
        self._connect()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self._dataset = ""
            self.show_nothing()
            return
        if session.dataset_id != self._dataset:
            self._dataset, self.view = session.dataset_id, View()
            self.conversation.close_edit()
        self.show_snapshot(await session.store.read(read_snapshot, self.view))
        await self._read_outlook()

    async def _read_outlook(self) -> None:
        """Read the outlook when it is seen and the records are not those it was read for."""
        stats = self.snapshot.stats if self.snapshot else None
        told = {
            "categorised",
            "confirmed",
            "review",
        }  # of topics, which the outlook does not speak of
        state = (self._dataset, stats.model_dump(exclude=told) if stats else {})
        if self.outlook.wants_reading and state != self._outlook_of:
            self.outlook.show_outlook(await self.app.call("outlook"))
            self._outlook_of = state

    def show_snapshot(self, snapshot: RecordsSnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        self.snapshot, self.view = snapshot, snapshot.view
        self.stack.setCurrentIndex(0)
        self.facts.setText(snapshot.facts)
        self.export.setEnabled(bool(snapshot.ids))
        self.outlook.setVisible(bool(snapshot.stats.records))
        self.outlook.settle(begun=snapshot.begun)
        self.list.show_snapshot(snapshot)
        self.conversation.show_detail(snapshot.detail)

    def show_nothing(self) -> None:
        """No dataset is open."""
        self.snapshot = None
        self.facts.setText("")
        self.outlook.hide()
        self.export.setEnabled(False)
        self.stack.setCurrentIndex(1)

    def point_at(self, target: dict[str, Any]) -> None:
        """See `snapshot.view_of` for what can be pointed at."""
        known = self.snapshot.topics if self.snapshot else ()
        self.view = view_of(target, known)
        if self.app.session is not None:
            self._dataset = self.app.session.dataset_id
        self.reload()

    def sees(self) -> str:
        if self.view.shown is None:
            return "Records"
        return f"Records, record {self.view.shown:,}"

    def _splitter(self) -> QSplitter:
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self.conversation)
        self.list.setMinimumWidth(theme().px(300))
        self.conversation.setMinimumWidth(theme().px(240))
        splitter.setStretchFactor(0, 17)
        splitter.setStretchFactor(1, 10)
        splitter.setSizes([theme().px(510), theme().px(300)])
        splitter.setMinimumHeight(380)
        return splitter

    def _connect(self) -> None:
        listed = self.list
        listed.model.wanted.connect(lambda page: self.app.jobs.start(self._load(page)))
        listed.picked.connect(lambda record_id: self.act(self._look_at(record_id)))
        listed.filtered.connect(self._filter)
        listed.sorted_by.connect(self._sort)
        listed.topic_chosen.connect(lambda topic: self.act(self._set_topic(topic)))
        listed.delete_asked.connect(lambda: self.act(self._delete()))
        self.conversation.stepped.connect(listed.move_by)
        self.conversation.saved.connect(lambda *edit: self.act(self._save(*edit)))
        for keys, on in (
            ("Alt+Up", lambda: listed.move_by(-1)),
            ("Alt+Down", lambda: listed.move_by(1)),
            ("Ctrl+E", self.conversation.start_edit),
            ("Ctrl+F", listed.filters.search.setFocus),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(on)

    async def _load(self, page: int) -> None:
        if (session := self.app.session) is None:
            return
        model = self.list.model
        edition = model.edition
        model.fill(await session.store.read(records.rows, model.page(page)), page, edition=edition)

    async def _look_at(self, record_id: int) -> None:
        if self.conversation.changed and not await self._leave_edit():
            self.list.select(self.list.model.row_of(self.view.shown))
            return
        self.view = replace(self.view, shown=record_id)
        if (session := self.app.session) is None:
            return
        detail = await session.store.read(read_detail, record_id)
        if self.view.shown == record_id:  # the user may have moved on meanwhile
            self.conversation.show_detail(detail)
            self.sees_changed.emit()

    async def _leave_edit(self) -> bool:
        title = "Discard the changes to this record?"
        left = await dialogs.confirm(
            self, title, "The text was changed and not saved.", yes="Discard", kind="danger"
        )
        if left:
            self.conversation.close_edit()
        return left

    def _filter(self, spec: RecordFilter) -> None:
        self.view = replace(self.view, spec=spec)
        self.reload()

    def _sort(self, sort: Sort, descending: bool) -> None:
        self.view = replace(self.view, sort=sort, descending=descending)
        self.reload()

    async def _save(self, record_id: int, messages: list[Message]) -> None:
        plain = [message.model_dump(exclude_none=True) for message in messages]
        await self.app.call("update_record", record_id=record_id, updates={"messages": plain})
        self.conversation.close_edit()
        self.reload()

    async def _set_topic(self, topic: int | None) -> None:
        chosen = self.list.selected_ids()
        await self.app.call("assign_topic", record_ids=chosen, topic="" if topic is None else topic)

    async def _delete(self) -> None:
        gone = self.list.selected_ids()
        if not gone:
            return
        after = first_after(self.list.model.ids, set(gone))
        await self.app.call("delete_records", record_ids=gone)
        self.view = replace(self.view, shown=after)
        self.reload()

    def _import(self) -> None:
        self.act(self._import_file(), button=self.bring)

    async def _import_file(self) -> None:
        if (path := await dialogs.open_file(self)) is not None:
            report: Any = await self.app.import_file(path)
            await self.app.open(report.dataset)

    def _export(self) -> None:
        self.act(self._export_file(), button=self.export)

    async def _export_file(self) -> None:
        session, snapshot = self.app.session, self.snapshot
        if session is None or snapshot is None:
            return
        path = await dialogs.save_file(self, "Export records", name="records.jsonl")
        if path is not None:
            await session.store.read(write_jsonl, snapshot.ids, Path(path))
