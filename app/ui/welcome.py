"""The first page: drop or open a file, try the sample, and the datasets of before as cards."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout

from app.store.events import LibraryChanged
from app.store.library import DatasetInfo
from app.store.trash import DAYS_KEPT
from app.ui import dialogs, kit
from app.ui.panel import Panel
from app.ui.parts.badge import Badge
from app.ui.parts.bars import StepDots
from app.ui.theme import theme

CARD_WIDTH = 250  # the least a dataset's card needs
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
SORTS: tuple[tuple[str, Callable[[DatasetInfo], object]], ...] = (
    ("Last opened", lambda info: -info.opened),
    ("Name", lambda info: info.name.casefold()),
    ("Step", lambda info: -info.steps.count("d")),
)


class Welcome(Panel):
    """`file_asked` and `sample_asked` are answered by the window, as from the menus."""

    title = "Welcome"
    events = (LibraryChanged,)
    file_asked = Signal()
    sample_asked = Signal()
    dataset_asked = Signal(str)

    def build(self) -> None:
        self._infos: list[DatasetInfo] = []
        self.search = kit.search_box("Search datasets", lambda text: self._show())
        self.search.setFixedWidth(theme().px(180))
        self.sort = kit.combo("Sort by", [name for name, _ in SORTS], lambda i: self._show())
        self.sort.setFixedWidth(theme().px(120))
        self._recent = kit.holder(
            kit.row(kit.label("Recent", "h2"), None, self.search, self.sort, gap=8)
        )
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        self.drop = self._make_drop()
        title = kit.label("Teach a model your task, and know that it learned", "display", wrap=True)
        words = "Bring chat records and a goal. No account, no key, nothing leaves this computer."
        self.column.addLayout(kit.column(title, kit.label(words, tone="muted", wrap=True), gap=4))
        self.column.addSpacing(4)
        self.column.addWidget(self.drop)
        self.column.addLayout(kit.row(*[(_why(*each), 1) for each in WHY], gap=12))
        self.column.addSpacing(4)
        self.column.addWidget(self._recent)
        self.column.addLayout(self._grid)
        self.column.addStretch(1)

    def _make_drop(self) -> QFrame:
        head = kit.label("Drop a file of chat records here", "h2")
        words = "JSONL or JSON, also as .gz. It stays on this computer."
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

    def set_hot(self, hot: bool) -> None:
        """Show that a file held over the window would be taken."""
        kit.restyle(self.drop, hot=hot)

    async def refresh(self) -> None:
        self._infos = await self.app.library.datasets()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns() != self._shown_columns:
            self._show()

    _shown_columns = 0

    def _columns(self) -> int:
        return max(1, min(3, (self.width() - 40) // theme().px(CARD_WIDTH)))

    def _show(self) -> None:
        kit.clear(self._grid)
        self._shown_columns = self._columns()
        self._recent.setVisible(bool(self._infos))
        infos = self.found()
        for index, info in enumerate(infos):
            card = DatasetCard(info, self)
            self._grid.addWidget(card, *divmod(index, self._shown_columns))
        for index in range(3):
            self._grid.setColumnStretch(index, 1 if index < self._shown_columns else 0)
        if self._infos and not infos:
            clear = kit.button("Show all", self.search.clear)
            self._grid.addWidget(
                kit.empty("magnifying-glass", "No dataset has that name.", clear), 0, 0
            )

    def found(self) -> Sequence[DatasetInfo]:
        """The datasets that match the search, in the chosen order."""
        typed = self.search.text().strip().casefold()
        key = SORTS[self.sort.currentIndex()][1]
        hits = [info for info in self._infos if typed in info.name.casefold()]
        return sorted(hits, key=key)  # type: ignore[arg-type]  # each key's values compare

    async def rename(self, info: DatasetInfo) -> None:
        if name := await dialogs.ask_text(self, "Rename", "Name of the dataset", text=info.name):
            await self.app.library.rename(info.id, name)

    async def duplicate(self, info: DatasetInfo) -> None:
        await self.app.library.duplicate(info.id, f"{info.name} (copy)")

    async def delete(self, info: DatasetInfo) -> None:
        what = f"{info.records:,} records, with all runs, models and caches."
        text = f"{what} It stays in the trash for {DAYS_KEPT} days."
        title = f"Delete “{info.name}”?"
        if not await dialogs.confirm(self, title, text, yes="Delete", kind="danger"):
            return
        if self.app.session is not None and self.app.session.dataset_id == info.id:
            await self.app.close_dataset()
        await self.app.library.delete(info.id)

    async def reset(self, info: DatasetInfo) -> None:
        text = "Topics, grader settings and results are cleared. The records stay."
        title = f"Reset the pipeline of “{info.name}”?"
        if await dialogs.confirm(self, title, text, yes="Reset"):
            await self.app.open(info.id)
            await self.app.call("reset_pipeline")


def _why(icon: str, title: str, text: str) -> QFrame:
    picture = kit.row(kit.IconLabel(icon, "accent_text", 20), None)
    words = kit.label(text, "small", "muted", wrap=True)
    return kit.card(picture, kit.label(title, "strong"), words, None, gap=6, margin=14)


class DatasetCard(kit.Clickable):
    """A dataset: name and menu, seven steps, state, size, when it was last opened."""

    def __init__(self, info: DatasetInfo, page: Welcome) -> None:
        super().__init__(f"Open {info.name}")
        self.setProperty("role", "card")
        self.info = info
        self.clicked.connect(lambda: page.dataset_asked.emit(info.id))
        menu = kit.menu_button(
            "dots-three",
            f"More for {info.name}",
            (
                ("Open", self.clicked.emit),
                ("Rename…", lambda: page.act(page.rename(info))),
                ("Duplicate", lambda: page.act(page.duplicate(info))),
                ("Reset pipeline…", lambda: page.act(page.reset(info))),
                ("Delete…", lambda: page.act(page.delete(info))),
            ),
        )
        done = f"{info.steps.count('d')} of {len(info.steps)} steps"
        size = kit.label(f"{info.records:,} · {when(info.opened)}", "small", "muted")
        words, tone = status(info)
        self.setLayout(
            kit.column(
                kit.row((kit.ElidedLabel(info.name, "strong"), 1), menu),
                kit.row(StepDots(info.steps), None, kit.label(done, "small", "muted")),
                kit.row(Badge(words, tone), None, size),  # type: ignore[arg-type]  # library's word
                gap=8,
                margin=(14, 8, 14, 14),
            )
        )


def status(info: DatasetInfo) -> tuple[str, str]:
    """The chip's words and tone: the library's, else from the counts."""
    if info.status:
        return info.status, info.tone
    if info.invalid:
        return f"{info.invalid:,} invalid", "bad"
    return "Ready to start", "muted"


def when(opened: float, today: date | None = None) -> str:
    """`today`, `yesterday`, `12 Nov`, `12 Nov 2025`, or `new` for one that was never opened."""
    if not opened:
        return "new"
    day, now = datetime.fromtimestamp(opened).date(), today or date.today()
    days = (now - day).days
    if days <= 1:
        return "today" if days <= 0 else "yesterday"
    words = f"{day.day} {day:%b}"
    return words if day.year == now.year else f"{words} {day.year}"
