"""The card of a proposal that is not applied: what it would change, part by part, and the ways on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QVBoxLayout

from app.domain.topic_diff import DiffEntry
from app.domain.topics import TopicPath, leaves
from app.domain.wording import count
from app.tools.proposals import Proposal
from app.ui import kit
from app.ui.kit.table import fill_item
from app.ui.parts import Badge, CellDelegate, NumberCell, Tone
from app.ui.theme import theme

SHOWN = 6  # rows without scrolling; more would push the review out of sight
ID = Qt.ItemDataRole.UserRole + 1
MOST_SUB = 130  # pixels for what becomes of a topic
AROUND = 18  # pixels beside it


@dataclass(frozen=True)
class Change:
    """One part of a proposal: what kind, which topic, what becomes of it."""

    id: str
    icon: str
    color: str
    words: str
    sub: str


class ChangeList(QTreeView):
    """The parts with a check box each; Space checks the one with the focus. `checked` tells."""

    checked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Changes of the proposal")
        self._items = QStandardItemModel(0, 2, self)
        self._changes: tuple[Change, ...] = ()
        self.setModel(self._items)
        self.setItemDelegate(CellDelegate(self))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.header().hide()
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._items.itemChanged.connect(lambda _: self.checked.emit())

    def show_changes(self, changes: tuple[Change, ...]) -> None:
        """Replace the rows; what was not chosen stays so."""
        if changes != self._changes:
            left = {change.id for change in self._changes} - set(self.chosen())
            self._changes = changes
            self._fill(left)
        self.retheme()

    def retheme(self) -> None:
        """Icons and height by the theme in use."""
        blocked = self._items.blockSignals(True)
        for row, change in enumerate(self._changes):
            self._items.item(row, 0).setIcon(theme().icon(change.icon, change.color))
        self._items.blockSignals(blocked)
        metrics = QFontMetrics(theme().font("body", 400))
        widths = [metrics.horizontalAdvance(change.sub) for change in self._changes]
        self.setColumnWidth(1, min(theme().px(MOST_SUB), max(widths, default=0) + AROUND))
        self.setFixedHeight(theme().px(32) * min(SHOWN, len(self._changes)) + 2)
        self.viewport().update()

    def chosen(self) -> list[str]:
        """The ids of the checked parts."""
        items = [self._items.item(row, 0) for row in range(self._items.rowCount())]
        return [i.data(ID) for i in items if i.checkState() == Qt.CheckState.Checked]

    def check_all(self, on: bool) -> None:
        blocked = self._items.blockSignals(True)
        for row in range(self._items.rowCount()):
            self._items.item(row, 0).setCheckState(_state(on))
        self._items.blockSignals(blocked)
        self.viewport().update()
        self.checked.emit()

    def _fill(self, left: set[str]) -> None:
        blocked = self._items.blockSignals(True)
        self._items.setRowCount(0)
        self._items.blockSignals(blocked)
        for change in self._changes:
            item = QStandardItem(change.words)
            item.setData(change.id, ID)
            item.setCheckable(True)
            item.setCheckState(_state(change.id not in left))
            item.setToolTip(kit.tip(f"{change.words}: {change.sub}"))
            item.setAccessibleText(f"{change.words}: {change.sub}")
            self._items.appendRow([item, fill_item(NumberCell(change.sub, "muted"))])


class ProposalCard(QFrame):
    """`accepted` whole, `taken` with the ids of the chosen changes, `discarded`, and `compared`:
    show the proposal's tree beside its figures."""

    accepted = Signal()
    taken = Signal(list)
    discarded = Signal()
    compared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._parts = 0
        self.changes = ChangeList()
        self.changes.checked.connect(self._show_chosen)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        self.accept = kit.button("Accept", self.accepted.emit, kind="primary", small=True)
        self.take = kit.button("", lambda: self.taken.emit(self.changes.chosen()), small=True)
        self.discard = kit.button("Keep mine", self.discarded.emit, kind="ghost", small=True)
        self.discard.setToolTip("Drop the proposal; the topics stay as they are")
        self.compare = kit.button("Compare", self.compared.emit, kind="ghost", small=True)
        self.compare.setToolTip("Between the present and the proposed tree")
        self.check = kit.button("", self._check, kind="link", small=True)
        head = kit.row(kit.label("New proposal", "h2"), Badge("not applied", "info"), None)
        choice = kit.row(self.accept, self.take, None, self.check)
        others = kit.row(self.discard, self.compare, None)
        parts = (head, self.changes, self.body, choice, others)
        self.setLayout(kit.column(*parts, gap=8, margin=14))

    def show_proposal(self, proposal: Proposal, *, has_topics: bool, confirmed: int) -> None:
        """Draw what applying it would do."""
        kit.clear(self.body)
        parts = changes(proposal) if has_topics else ()
        self.changes.show_changes(parts)
        self.changes.setVisible(bool(parts))
        for words in sentences(proposal, has_topics=has_topics, confirmed=confirmed):
            self.body.addWidget(kit.label(words, "small", "muted", wrap=True))
        if proposal.note:
            tone: Tone = "muted" if proposal.english else "warn"
            self.body.addWidget(kit.label(proposal.note, "small", tone, wrap=True))
        self.compare.setVisible(has_topics)
        self.discard.setText("Keep mine" if has_topics else "Discard")
        self.setAccessibleName(f"New proposal, not applied: {proposal.diff.summary}")
        self._parts = len(parts)
        self._show_chosen()

    def _show_chosen(self) -> None:
        several, chosen = self._parts > 1, len(self.changes.chosen())
        self.accept.setText("Accept all" if several else "Accept")
        self.take.setVisible(several)
        self.check.setVisible(several)
        self.take.setText(f"Accept {chosen:,} chosen")
        self.take.setEnabled(0 < chosen < self._parts)
        self.take.setToolTip("" if self.take.isEnabled() else "Check some of the changes, not all")
        self.check.setText("All" if chosen < self._parts else "None")
        self.check.setAccessibleName(f"Check {self.check.text().lower()}")

    def _check(self) -> None:
        self.changes.check_all(len(self.changes.chosen()) < self._parts)


def changes(proposal: Proposal) -> tuple[Change, ...]:
    """Each change that can be taken or left, the most telling first."""
    sizes = {path: len(node.record_ids) for path, node in leaves(proposal.hierarchy)}
    return tuple(_change(entry, sizes) for entry in proposal.diff.entries)


def _change(entry: DiffEntry, sizes: Mapping[TopicPath, int]) -> Change:
    old, new = entry.old or (), entry.new or ()
    match entry.kind:
        case "added":
            sub = count(sizes[new], "record") if sizes.get(new) else "new"
            return Change(entry.id, "plus", "good_text", new[-1], sub)
        case "renamed":
            words = f"{old[-1]} to {new[-1]}"
            return Change(entry.id, "arrow-right", "accent_text", words, "renamed")
        case "moved":
            sub = f"moved to {new[-2] if len(new) > 1 else 'the top'}"
            return Change(entry.id, "arrow-right", "accent_text", new[-1], sub)
        case "removed":
            return Change(entry.id, "minus", "bad_text", old[-1], "removed")


def sentences(proposal: Proposal, *, has_topics: bool, confirmed: int) -> list[str]:
    """What the lines do not say."""
    said = []
    if not has_topics:
        ways = "Accept" if proposal.k is None else "Accept, or change how many"
        said.append(f"{count(proposal.leaves, 'topic')}, shown at the left. {ways}.")
    elif proposal.diff.empty:
        said.append("The same topics as now.")
    else:
        said.append(f"In all: {proposal.diff.summary}.")
    if has_topics and proposal.diff.removed:
        said.append("Records of removed topics are placed again.")
    if confirmed:
        said.append(f"Confirmed by you: {count(confirmed, 'record')}, kept where the topic stays.")
    return said


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked


class ExamplesCard(QFrame):
    """The selected topic with the words of its surest records."""

    def __init__(self, on_records: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.title = kit.label("", "h2", wrap=True)
        self.count = Badge("")
        self.about = kit.label("", "body", "muted", wrap=True)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        self.records = kit.button("Show all", on_records, kind="link", small=True)
        self.records.setToolTip("Show its records in the record list")
        head = kit.row((self.title, 1), self.count, self.records)
        self.setLayout(kit.column(head, self.about, self.body, None, gap=6, margin=14))

    def show_topic(
        self, name: str, size: int, examples: tuple[str, ...], *, about: str, thin: bool
    ) -> None:
        """A topic, its size and typical records."""
        self.title.setText(name)
        self.count.show_text(count(size, "record"), "warn" if thin else "muted")
        self.about.setText(about)
        self.about.setVisible(bool(about))
        kit.clear(self.body)
        for text in examples:
            short = text if len(text) <= 300 else text[:299] + "…"
            prose = kit.Prose(f"“{short}”", "Typical record")
            self.body.addWidget(prose)
        if not examples:
            words = "Select a topic in it to see typical records." if size else "No records yet."
            self.body.addWidget(kit.label(words, "body", "muted", wrap=True))
