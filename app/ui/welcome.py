"""The first page: drop or open a file, try the sample, and the datasets of before as cards."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QWidget

from app.store.events import LibraryChanged
from app.store.library import DatasetInfo
from app.store.trash import DAYS_KEPT
from app.tools.base import Card
from app.ui import kit
from app.ui.chat.cards import ApprovalCard
from app.ui.datasets.model import SORTS, DatasetModel
from app.ui.datasets.view import CardView
from app.ui.panel import Panel
from app.ui.theme import theme

WHY = (
    (
        "chats-circle",
        "Bring prompts",
        "Each record is a question your model gets. Replies are not needed.",
    ),
    (
        "scales",
        "Say what is good",
        "A grader gives each answer 0 to 1. You test it before it counts.",
    ),
    (
        "gauge",
        "Check first",
        "A dry run tells whether training can work, before it costs hours.",
    ),
    (
        "trend-up",
        "See the proof",
        "Held-out prompts, intervals, and a comparison with plain prompting.",
    ),
)


class Welcome(Panel):
    """`file_asked` and `sample_asked` are answered by the window, as from the menus."""

    title = "Welcome"
    of_dataset = False
    events = (LibraryChanged,)
    file_asked = Signal()
    sample_asked = Signal()
    dataset_asked = Signal(str)
    connections_asked = Signal()

    def build(self) -> None:
        self.datasets = DatasetModel()
        self.search = kit.search_box("Search datasets", self.datasets.search)
        self.search.setFixedWidth(theme().px(180))
        self.sort = kit.combo("Sort by", [name for name, _ in SORTS], self.datasets.sort_by)
        self.sort.setFixedWidth(theme().px(120))
        self._recent = kit.holder(
            kit.row(kit.label("Recent", "h2"), None, self.search, self.sort, gap=8)
        )
        self.cards = CardView(self.datasets)
        self.question, self.gone, self.local = kit.Refill(), kit.Refill(), kit.Refill()
        self._nothing = kit.empty(
            "magnifying-glass",
            "No dataset has that name.",
            kit.button("Show all", self.search.clear),
        )
        self.drop = self._make_drop()
        self._connect()
        title = kit.label("Teach a model your task, and know that it learned", "display", wrap=True)
        words = "Bring chat records and a goal. No account, no key, nothing leaves this computer."
        self.column.addLayout(kit.column(title, kit.label(words, tone="muted", wrap=True), gap=4))
        self.column.addSpacing(4)
        self.column.addWidget(self.drop)
        self.column.addLayout(kit.row(*[(_why(*each), 1) for each in WHY], gap=12))
        self.column.addSpacing(4)
        for piece in (
            self.local,
            self._recent,
            self.question,
            self.gone,
            self.cards,
            self._nothing,
        ):
            self.column.addWidget(piece)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.cards.asked.connect(self.do)
        self.datasets.renamed.connect(lambda *names: self.act(self.app.library.rename(*names)))
        self.datasets.changed.connect(self._show)
        self.app.clients.on_change.append(self._show_local)
        self._show_local()

    def _make_drop(self) -> QFrame:
        head = kit.label("Drop a file of chat records here", "h2")
        words = "JSONL, JSON, CSV or Parquet, also as .gz or .zst. It stays on this computer."
        sub = kit.label(words, tone="muted", wrap=True)
        for label in (head, sub):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open = kit.button(
            "Open a file…", self.file_asked.emit, kind="primary", icon="folder-open"
        )
        self.sample = kit.button("Try the sample", self.sample_asked.emit, icon="play")
        buttons = kit.row(None, self.open, self.sample, None, gap=8, margin=(0, 8, 0, 0))
        icon = kit.row(None, kit.IconLabel("file-arrow-up", "accent_text", 32), None)
        return kit.frame(kit.column(icon, head, sub, buttons, gap=6, margin=40), "drop")

    def _show_local(self) -> None:
        """A model server found on this computer, while no model is connected."""
        found = [] if self.app.connections.all else self.app.clients.offered()
        names = " and ".join(each.preset.name for each in found)
        words = f"{names} {'answers' if len(found) == 1 else 'answer'} on this computer. "
        words += "Connect a model, and it can lead you through the steps."
        button = kit.button("Connections…", self.connections_asked.emit, small=True)
        self.local.show_items(*([kit.banner("info", words, button)] if found else []))

    def set_hot(self, hot: bool) -> None:
        """Show that a file held over the window would be taken."""
        kit.restyle(self.drop, hot=hot)

    async def refresh(self) -> None:
        session = self.app.session
        infos = await self.app.library.datasets()
        self.datasets.show_infos(infos, session.dataset_id if session else "")

    def _show(self) -> None:
        """Heads and empty states follow what the model has."""
        self._recent.setVisible(bool(self.datasets.infos))
        self.cards.setVisible(bool(self.datasets.found))
        self._nothing.setVisible(bool(self.datasets.infos) and not self.datasets.found)

    def do(self, verb: str, dataset_id: str) -> None:
        """What a card's menu or key asks, see `view.VERBS`; also called for the sidebar's list."""
        info = next((info for info in self.datasets.infos if info.id == dataset_id), None)
        if info is None:
            self.act(self._do_unknown(verb, dataset_id))
            return
        match verb:
            case "open":
                self.dataset_asked.emit(dataset_id)
            case "duplicate":
                self.act(self.duplicate(info))
            case "folder":
                folder = self.app.library.folder(dataset_id)
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
            case "delete":
                self._ask(delete_card(info), lambda: self.delete(info))
            case "reset":
                self._ask(reset_card(info), lambda: self.reset(info))

    async def _do_unknown(self, verb: str, dataset_id: str) -> None:
        """The page has not read the library yet."""
        await self.refresh()
        if self.datasets.row_of(dataset_id) >= 0:
            self.do(verb, dataset_id)

    def _ask(self, card: Card, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Show a card above the datasets; yes does the work."""

        def answered(yes: bool) -> None:
            self.question.show_items()
            if yes:
                self.act(work())

        asked = ApprovalCard(card)
        asked.answered.connect(answered)
        self.question.show_items(kit.row((asked, 1), (QWidget(), 1), gap=12))
        asked.yes.setFocus()

    async def duplicate(self, info: DatasetInfo) -> None:
        """Copy the data, not the runs; a large one takes a while, so it is a job."""
        library, name = self.app.library, f"{info.name} (copy)"
        await self.app.jobs.run(
            f"Duplicate {info.name}", lambda job: library.duplicate(info.id, name)
        )

    async def delete(self, info: DatasetInfo) -> None:
        """Move it to the trash, and offer to take it out again."""
        if self.app.session is not None and self.app.session.dataset_id == info.id:
            await self.app.close_dataset()
        await self.app.library.delete(info.id)
        words = f"“{info.name}” is in the trash. It stays there for {DAYS_KEPT} days."
        self.undo = kit.button("Undo", lambda: self.act(self.undelete(info.id)), small=True)
        close = kit.tool_button("x", "Dismiss", lambda: self.gone.show_items())
        self.gone.show_items(kit.banner("info", words, self.undo, close))

    async def undelete(self, dataset_id: str) -> None:
        await self.app.library.undelete(dataset_id)
        self.gone.show_items()

    async def reset(self, info: DatasetInfo) -> None:
        await self.app.open(info.id)
        await self.app.call("reset_pipeline")


def _why(icon: str, title: str, text: str) -> QFrame:
    picture = kit.row(kit.IconLabel(icon, "accent_text", 20), None)
    words = kit.label(text, "small", "muted", wrap=True)
    return kit.card(picture, kit.label(title, "strong"), words, None, gap=6, margin=14)


def delete_card(info: DatasetInfo) -> Card:
    """What deleting takes away, and for how long it can be taken back."""
    return Card(
        tool="delete_dataset",
        title=f"Delete “{info.name}”?",
        rows=[
            ("Deleted", f"{info.records:,} records, topics, grader, runs and models"),
            ("Trash", f"kept for {DAYS_KEPT} days"),
        ],
        verb="Delete",
        note="can be undone",
    )


def reset_card(info: DatasetInfo) -> Card:
    """As the tool's own card, from what the list knows: the dataset need not be open for it."""
    return Card(
        tool="reset_pipeline",
        title=f"Reset the pipeline of “{info.name}”?",
        rows=[
            ("Cleared", "topics, assignments and the grader"),
            ("Not counted any more", "all results up to now; they stay in the history"),
            ("Kept", f"{info.records:,} records, the goal, all runs and models"),
        ],
        verb="Reset",
        note="can be undone",
    )
