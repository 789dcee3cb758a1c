"""Records: the list of a dataset's records and the conversation of the one looked at."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget

from app.domain.query import QueryError
from app.errors import ToolError
from app.store import scans
from app.store.events import (
    RecordsChanged,
    ResultsChanged,
    SearchChanged,
    SettingsChanged,
    TopicsChanged,
)
from app.store.scans import Sensitive
from app.tools.scan import summary
from app.ui import dialogs, geometry, kit
from app.ui.again import Again
from app.ui.datasets.bad_lines import show_bad_lines
from app.ui.datasets.importing import Importing
from app.ui.outlook import OutlookCard
from app.ui.panel import Panel
from app.ui.records import columns, sensitive
from app.ui.records.acts import Acts
from app.ui.records.conversation import Conversation
from app.ui.records.handling import RecordActions
from app.ui.records.listing import RecordList
from app.ui.records.pages import PageLoader
from app.ui.records.snapshot import (
    Around,
    Listing,
    Order,
    View,
    read_around,
    read_detail,
    read_first,
    read_names,
    read_order,
    read_spec,
    view_of,
)
from app.ui.theme import theme

LOOK_AGAIN_MS = 3_000  # at a search while its index is being made
OF_TOPICS = {"categorised", "confirmed", "review"}  # which the outlook does not speak of


class RecordsPanel(Panel):
    """The list asks the store for a page when it is looked at; every change is a tool call."""

    events = (RecordsChanged, TopicsChanged, SettingsChanged, SearchChanged, ResultsChanged)
    title = "Records"

    def build(self) -> None:
        self.view, self.around, self.found = View(), Around(), Sensitive()
        self.listing: Listing | None = None  # as it was read last
        self._dataset = ""
        self._outlook_of: tuple[str, dict[str, Any]] = ("", {})
        self._kept = geometry.memory(self.app.home)
        self._rest = Again(self.app.jobs, self._read_rest)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(LOOK_AGAIN_MS)
        self._again.timeout.connect(self.reload)
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
        self.bad_lines = kit.button(
            "View bad lines",
            lambda: self.app.jobs.start(show_bad_lines(self.app, self)),
            kind="ghost",
            icon="list-bullets",
            tip="The lines of the file that could not be read, each with its reason",
        )
        self.bad_lines.hide()
        words = kit.column(kit.label("Records", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.bad_lines, self.bring, self.export))
        self.outlook = OutlookCard()
        self.outlook.opened.connect(self.reload)
        self.column.addWidget(self.outlook)
        self.list, self.conversation = RecordList(), Conversation()
        self.pages = PageLoader(self.app, self.list.model)
        self.acts = Acts(self.app, self.list, self)
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
        self._add_keys()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self._dataset = ""
            self.show_nothing()
            return
        if session.dataset_id != self._dataset:
            self._start_on(session.dataset_id, View())
        view, store = self.view, session.store
        self._show_names(await store.glance(read_names))
        try:
            spec = await store.glance(read_spec, view)
        except (QueryError, ToolError) as error:
            self.list.show_view(view, self.list.model.shown)
            self.list.filters.show_error(error)
            return
        scores = "score" in self.list.model.shown
        read = await store.glance(read_first, view, spec, self._wanted(), scores=scores)
        if view.list == self.view.list:  # else the user asked for another meanwhile
            await self._show_listing(read)
            self._rest.ask()

    async def _read_rest(self) -> None:
        """The order of a long list, then what stands around it; both may take a second."""
        if (session := self.app.session) is None or (listing := self.listing) is None:
            return
        if listing.ids is None:
            whole = await session.store.read(read_order, listing, self._wanted())
            if self.listing is listing:
                await self._show_listing(whole)
        around = await session.store.read(read_around)
        found = await session.store.read(scans.sensitive)
        if self.app.session is session:
            self.found = found
            self.list.filters.show_sensitive(found)
            self.show_around(around)
            await self._read_outlook()

    async def _read_outlook(self) -> None:
        """Read the outlook when it is seen and the records are not those it was read for."""
        state = (self._dataset, self.around.stats.model_dump(exclude=OF_TOPICS))
        if self.outlook.wants_reading and state != self._outlook_of:
            self.outlook.show_outlook(await self.app.call("outlook"))
            self._outlook_of = state

    def _start_on(self, dataset_id: str, view: View) -> None:
        """Another dataset: its own columns, nothing of the one before."""
        self._dataset, self.view, self.around, self.listing = dataset_id, view, Around(), None
        self.found = Sensitive()
        self.list.filters.show_sensitive(self.found)
        self.list.show_view(view, columns.remembered(self._kept, dataset_id))
        self.conversation.close_edit()

    def _wanted(self) -> frozenset[int]:
        shown = self.view.shown
        return self.list.kept_ids() | (frozenset() if shown is None else {shown})

    def _show_names(self, names: Around) -> None:
        """Topics and facts as they are; the counts stay those of the last reading."""
        self.show_around(
            replace(self.around, facts=names.facts, rejected=names.rejected, topics=names.topics),
            counted=False,
        )

    async def _show_listing(self, listing: Listing) -> None:
        """Draw the list as far as it is read, and the record looked at."""
        self.listing = listing
        self.stack.setCurrentIndex(0)
        known = listing.ids is not None
        self.acts.ordered.set() if known else self.acts.ordered.clear()
        first = listing.first.rows[0].id if listing.first.rows else None
        shown = self.view.shown
        if shown is None or (known and shown not in listing.places):
            shown = first
        self.view = replace(self.view, shown=shown)
        self.list.show_view(self.view, self.list.model.shown)
        self.list.show_listing(listing, shown)
        self.export.setEnabled(listing.total > 0)
        if listing.share < 1:
            self._again.start()
        await self._show_detail(shown)

    async def _show_detail(self, shown: int | None) -> None:
        session = self.app.session
        if session is None:
            return
        detail = None
        if shown is not None:
            detail = await session.store.glance(read_detail, shown)
        if self.view.shown == shown:  # the user may have moved on meanwhile
            self.conversation.show_words(self.listing.spec.text if self.listing else "")
            self.conversation.show_detail(detail)
            self.sees_changed.emit()

    def show_around(self, around: Around, *, counted: bool = True) -> None:
        """Draw the facts, the counts and the names; nothing is read."""
        self.around = around
        self.facts.setText(". ".join(filter(None, (around.facts, summary(self.found)))))
        self.bad_lines.setVisible(around.rejected > 0)
        self.list.show_around(around)
        if counted:
            self.outlook.setVisible(bool(around.stats.records))
            self.outlook.settle(begun=around.begun)

    def show_nothing(self) -> None:
        """No dataset is open."""
        self.listing = None
        self.facts.setText("")
        self.bad_lines.hide()
        self.outlook.hide()
        self.export.setEnabled(False)
        self.stack.setCurrentIndex(1)

    def point_at(self, target: dict[str, Any]) -> None:
        """See `snapshot.view_of` for what can be pointed at."""
        view = view_of(target, self.around.topics)
        session = self.app.session
        if session is not None and session.dataset_id != self._dataset:
            self._start_on(session.dataset_id, view)
        self.view = view
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
        listed, foot, acts = self.list, self.list.foot, self.acts
        listed.picked.connect(lambda record_id: self.act(self._look_at(record_id)))
        listed.filters.chosen.connect(self._filter)
        listed.filters.all_asked.connect(self._show_all)
        listed.filters.scan_asked.connect(lambda: self.act(sensitive.scan(self.app, self)))
        listed.table.sorted_by.connect(self._sort)
        listed.table.delete_asked.connect(lambda: self.act(self._delete()))
        foot.sorted_by.connect(self._sort)
        foot.columns_chosen.connect(self._choose_columns)
        foot.topic_chosen.connect(lambda topic: self.act(acts.set_topic(topic)))
        foot.split_chosen.connect(lambda split: self.act(acts.set_split(split)))
        foot.tag_asked.connect(lambda: self.act(acts.add_tag()))
        foot.untag_chosen.connect(lambda tag: self.act(acts.remove_tag(tag)))
        foot.delete_asked.connect(lambda: self.act(self._delete()))
        foot.export_asked.connect(lambda: self.act(acts.export(selected=True)))
        foot.variants_asked.connect(lambda: self.act(self._write_variants()))
        foot.jump_asked.connect(lambda: self.act(acts.jump()))
        self.conversation.stepped.connect(listed.move_by)
        self.record_actions = RecordActions(self, self.conversation)

    def _add_keys(self) -> None:
        for keys, on in (
            ("Alt+Up", lambda: self.list.move_by(-1)),
            ("Alt+Down", lambda: self.list.move_by(1)),
            ("Ctrl+F", self._focus_line),
            ("Ctrl+G", lambda: self.act(self.acts.jump())),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(on)

    def _focus_line(self) -> None:
        self.list.filters.line.setFocus()
        self.list.filters.line.selectAll()

    async def _look_at(self, record_id: int) -> None:
        if self.conversation.changed and not await self._leave_edit():
            self.list.table.select(self.list.model.row_of(self.view.shown))
            return
        self.view = replace(self.view, shown=record_id)
        await self._show_detail(record_id)

    async def _leave_edit(self) -> bool:
        title = "Discard the changes to this record?"
        left = await dialogs.confirm(
            self, title, "The text was changed and not saved.", yes="Discard", kind="danger"
        )
        if left:
            self.conversation.close_edit()
        return left

    def _filter(self, line: str) -> None:
        if line.split() != self.view.line.split() or self.list.filters.wrong:
            self.view = replace(self.view, line=line, shown=self._kept_in_view())
            self.reload()

    def _show_all(self) -> None:
        self.view = View(shown=self.view.shown)
        self.reload()

    def _sort(self, sort: Order, descending: bool) -> None:
        shown = self._kept_in_view()
        self.view = replace(self.view, sort=sort, descending=descending, shown=shown)
        self.reload()

    def _kept_in_view(self) -> int | None:
        """Another list begins at its top; only a record with unsaved changes stays."""
        return self.view.shown if self.conversation.changed else None

    def _choose_columns(self, shown: tuple[str, ...]) -> None:
        columns.remember(self._kept, self._dataset, shown)
        scores = "score" in shown and "score" not in self.list.model.shown
        self.list.show_view(self.view, shown)
        if scores:
            self.list.model.read_again()

    async def _delete(self) -> None:
        after = await self.acts.delete()
        self.view = replace(self.view, shown=after)
        self.reload()

    async def _write_variants(self) -> None:
        await self.acts.write_variants()
        self.go.emit("coverage_generation", {})

    def _import(self) -> None:
        self.act(self._import_file(), button=self.bring)

    async def _import_file(self) -> None:
        files = await dialogs.open_files(self, "Open chat records")
        await Importing(self.app, self).bring(files, into_open=True)

    def _export(self) -> None:
        self.act(self.acts.export(selected=False), button=self.export)
