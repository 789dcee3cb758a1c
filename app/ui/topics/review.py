"""The review queue: one uncertain record at a time, one key per decision; it only tells the choice."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.ui import kit
from app.ui.kit.text import Role
from app.ui.parts import Badge, MiniBar
from app.ui.theme import theme
from app.ui.topics.snapshot import OPTIONS, Review

TEXT_SHOWN = 1_500
BAR_FROM = 280  # pixels; under this an option has no room for its bar


class Option(QPushButton):
    """A topic to choose: its key, name and probability."""

    def __init__(self, key: str, name: str, probability: float, *, first: bool) -> None:
        super().__init__()
        self.setProperty("option", True)
        self.setAccessibleName(f"{key}: {name}, probability {probability:.2f}")
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._name = name
        self._words = kit.label(name, "strong" if first else "body")
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = MiniBar(probability, width=64)
        figure = kit.label(f"{probability:.2f}", "small", "muted")
        badge = Badge(key, "accent" if first else "muted")
        row = kit.row(badge, (self._words, 1), self._bar, figure, gap=8, margin=(8, 0, 10, 0))
        self.setLayout(row)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(34))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short the name matters more than the bar."""
        super().resizeEvent(event)
        wide = event.size().width() >= theme().px(BAR_FROM)
        self._bar.setVisible(wide)
        room = event.size().width() - theme().px(162 if wide else 90)
        metrics = self._words.fontMetrics()
        self._words.setText(metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room))


class ReviewCard(QFrame):
    """`decided` carries the record's id and the topic's id, None for "fits none"."""

    decided = Signal(int, object)

    def __init__(self, keys_for: QWidget, *, large: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._queue: list[Review] = []
        self._skipped: set[int] = set()
        self._busy: int | None = None
        self._large = large
        self.left = Badge("", "warn")
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        head = kit.row(
            kit.label("Review", "h2"),
            self.left,
            None,
            kit.label("least certain first", "small", "faint"),
        )
        self.setLayout(kit.column(head, self.body, None, gap=8, margin=16 if large else 14))
        for key in [*map(str, range(OPTIONS + 1)), "S"]:
            shortcut = QShortcut(QKeySequence(key), keys_for)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda key=key: self.press(key))

    @property
    def shown(self) -> Review | None:
        """The record in front."""
        return self._queue[0] if self._queue else None

    def show_queue(self, queue: Sequence[Review], left: int) -> None:
        """The queue as the store has it; skipped records come last."""
        self._busy = None
        later = [item for item in queue if item.record_id in self._skipped]
        self._queue = [item for item in queue if item.record_id not in self._skipped] + later
        self.left.show_text(f"{left:,} left" if left else "none left", "warn" if left else "good")
        self._draw()

    def press(self, key: str) -> None:
        """What a key does: 1 to 3 chooses, 0 fits none, S skips."""
        item = self.shown
        if item is None or self._busy == item.record_id:
            return
        if key == "S":
            self._skipped.add(item.record_id)
            self._queue = [*self._queue[1:], item]
            self._draw()
        elif key == "0":
            self._decide(item, None)
        elif int(key) <= len(item.options):
            self._decide(item, item.options[int(key) - 1][0])

    def _decide(self, item: Review, topic: int | None) -> None:
        self._busy = item.record_id  # a second press waits for the store's answer
        self.decided.emit(item.record_id, topic)

    def release(self) -> None:
        """The decision failed: the record can be decided again."""
        self._busy = None

    def _draw(self) -> None:
        kit.clear(self.body)
        if (item := self.shown) is None:
            words = "No record is uncertain. Nothing to review."
            self.body.addWidget(kit.label(words, "body", "muted", wrap=True))
            return
        text = item.text[:TEXT_SHOWN] + ("…" if len(item.text) > TEXT_SHOWN else "")
        role: Role = "h2" if self._large else "body"
        self.body.addWidget(kit.Prose(f"“{text}”", f"Record {item.record_id}", role=role))
        for place, (_, name, probability) in enumerate(item.options):
            option = Option(str(place + 1), name, probability, first=place == 0)
            option.clicked.connect(lambda _=False, key=str(place + 1): self.press(key))
            self.body.addWidget(option)
        none = kit.button("Fits none", lambda: self.press("0"), kind="ghost", small=True)
        skip = kit.button("Skip", lambda: self.press("S"), kind="ghost", small=True)
        none.setToolTip("Leave it uncategorised (0)")
        skip.setToolTip("Look at it later (S)")
        keys = kit.row(Badge("0"), none, Badge("S"), skip, None, Badge("Ctrl Z"), gap=4)
        keys.addWidget(kit.label("undo", "small", "muted"))
        self.body.addLayout(keys)
