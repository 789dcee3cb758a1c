"""The review queue: one uncertain record at a time, one key per decision; it only tells the choice."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.ui import kit
from app.ui.kit.text import Role
from app.ui.parts import Badge, MiniBar
from app.ui.theme import theme
from app.ui.topics.queue import Queue, Review
from app.ui.topics.topic_search import TopicSearch

TEXT_SHOWN = 1_500
BAR_FROM = 280  # pixels; under this an option has no room for its bar
RECENT = 3  # topics chosen before that are offered again
PREVIEWS = 5  # of the records alike
REMEMBERED = 20  # decisions whose record comes to the front when it is undone
ALIKE_TIP = "Uncertain too, the same likely topic, nearly the same words. All of it is one undo."
FIT_TIP = "Two numbers: how probable the topic is among all topics, and how well any of them fits."


class Option(QPushButton):
    """A topic to choose: its key, name and probability, None for one chosen before."""

    def __init__(self, key: str, name: str, probability: float | None, *, first: bool) -> None:
        super().__init__()
        self.setProperty("option", True)
        known = probability is not None
        said = f"probability {probability:.2f}" if known else "chosen before"
        self.setAccessibleName(f"{key}: {name}, {said}")
        self.setToolTip(kit.tip(name))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._name, self._known = name, known
        self._words = kit.label(name, "strong" if first else "body")
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = MiniBar(probability or 0.0, width=64)
        figure = kit.label(f"{probability:.2f}" if known else "before", "small", "muted")
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
        wide = self._known and event.size().width() >= theme().px(BAR_FROM)
        self._bar.setVisible(wide)
        room = event.size().width() - theme().px(162 if wide else 100)
        metrics = self._words.fontMetrics()
        self._words.setText(metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room))


class ReviewCard(QFrame):
    """`decided` carries the ids of the records and the topic's id, None for "fits none"; `look_at`
    the ids of records to see whole. The keys are heard in all of `keys_for`; without it in the card
    alone, as beside a tree in which letters and digits are typed too."""

    decided = Signal(tuple, object)
    look_at = Signal(tuple)

    def __init__(self, keys_for: QWidget | None = None, *, large: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._queue: list[Review] = []
        self._drawn: object = None
        self._skipped: set[int] = set()
        self._decided: list[int] = []
        self._recent: list[int] = []
        self._busy: int | None = None
        self._large = large
        self.left = Badge("", "warn")
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self._names: dict[int, str] = {}
        self.alike = kit.option("", checkable=True)
        self.alike.setToolTip(kit.tip(ALIKE_TIP))
        self.alike.toggled.connect(self._show_alike)
        self.previews = kit.column(gap=2)
        self.search = TopicSearch()
        self.search.chosen.connect(self._found)
        self.keys = self._key_row()
        head = kit.row(
            kit.label("Review", "h2"),
            self.left,
            None,
            kit.label("least certain first", "small", "faint"),
        )
        below = (self.alike, self.previews, self.search, self.keys)
        margin = 16 if large else 14
        self.setLayout(kit.column(head, self.body, *below, None, gap=8, margin=margin))
        for key in [*map(str, range(10)), "S", "A", "/"]:
            shortcut = QShortcut(QKeySequence(key), keys_for or self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda key=key: self.press(key))

    @property
    def shown(self) -> Review | None:
        """The record in front."""
        return self._queue[0] if self._queue else None

    @property
    def wanted(self) -> tuple[int, ...]:
        """Records to have in the queue whatever their probability: the one in front, which stays
        while it is looked at, and those decided last, should a decision be undone."""
        return (*([self._queue[0].record_id] if self._queue else []), *self._decided)

    def show_queue(self, queue: Queue) -> None:
        """The queue as the store has it: first what was undone, then what is in front already; skipped
        records come last."""
        before = self.shown.record_id if self.shown else None

        def place(item: Review) -> int:
            if item.record_id in self._decided:
                return 0
            return 3 if item.record_id in self._skipped else 1 if item.record_id == before else 2

        self._queue = sorted(queue.items, key=place)
        undone = {item.record_id for item in self._queue}.intersection(self._decided)
        self._decided = [i for i in self._decided if i not in undone]
        if self._busy in undone:
            self._busy = None
        left = queue.left
        self.left.show_text(f"{left:,} left" if left else "none left", "warn" if left else "good")
        self.search.show_topics(queue.leaves)
        self._names = dict(queue.leaves)
        self._recent = [t for t in self._recent if t in self._names]
        self._draw()

    def press(self, key: str) -> None:
        """What a key does: 1 to 9 chooses, 0 fits none, S skips, A takes those alike along."""
        item = self.shown
        if item is None or self._busy == item.record_id:
            return
        if key == "S":
            self._skipped.add(item.record_id)
            self._queue = [*self._queue[1:], item]
            self._draw()
        elif key == "A":
            if item.like:
                self.alike.setChecked(not self.alike.isChecked())
        elif key == "/":
            self.search.setFocus()
        elif key == "0":
            self._decide(item, None)
        elif int(key) <= len(options := self._options(item)):
            self._decide(item, options[int(key) - 1][0])

    def start_over(self) -> None:
        """Another dataset is open, where the same ids are other records."""
        self._skipped.clear()
        self._queue, self._decided, self._recent = [], [], []
        self._busy = self._drawn = None
        self.search.clear()

    def done(self, record_ids: Sequence[int]) -> None:
        """The decision is stored: if it is undone, its record comes to the front again."""
        self._decided = [*self._decided, *record_ids[:1]][-REMEMBERED:]
        self.alike.setChecked(False)

    def release(self) -> None:
        """The decision failed: the record can be decided again."""
        self._busy = None

    def _options(self, item: Review) -> list[tuple[int, str, float | None]]:
        """The likeliest topics, then what was chosen before."""
        likely: list[tuple[int, str, float | None]] = list(item.options)
        known = {topic for topic, *_ in likely}
        room = RECENT if self._large else 0
        more = [t for t in self._recent if t not in known][:room]
        return [*likely, *((t, self._names[t].rsplit(" › ", 1)[-1], None) for t in more)]

    def _found(self, topic_id: int) -> None:
        self.setFocus()  # so that the keys are heard again
        if (item := self.shown) is not None and self._busy != item.record_id:
            self._decide(item, topic_id)

    def _decide(self, item: Review, topic: int | None) -> None:
        self._busy = item.record_id  # a second press waits for the store's answer
        if topic is not None:
            self._recent = [topic, *(t for t in self._recent if t != topic)]
        like = [record_id for record_id, _ in item.like] if self.alike.isChecked() else []
        self.decided.emit((item.record_id, *like), topic)

    def _draw(self) -> None:
        """Nothing moves where what is shown stays the same."""
        item = self.shown
        drawn = (item, self._options(item) if item else None)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if any(option.hasFocus() for option in self.findChildren(Option)):
            self.setFocus()  # else the next in line would hear the keys
        kit.clear(self.body)
        for widget in (self.search, self.keys):
            widget.setVisible(item is not None)
        self.alike.setChecked(False)
        self.alike.setVisible(item is not None and bool(item.like))
        if item is None:
            words = "No record is uncertain. Nothing to review."
            self.body.addWidget(kit.label(words, "body", "muted", wrap=True))
            return
        text = item.text[:TEXT_SHOWN] + ("…" if len(item.text) > TEXT_SHOWN else "")
        role: Role = "h2" if self._large else "body"
        self.body.addWidget(kit.Prose(f"“{text}”", f"Record {item.record_id}", role=role))
        self.body.addWidget(_facts(item))
        for place, (_, name, probability) in enumerate(self._options(item)):
            option = Option(str(place + 1), name, probability, first=place == 0)
            option.clicked.connect(lambda _=False, key=str(place + 1): self.press(key))
            self.body.addWidget(option)
        self.alike.setText(f"Same for the {len(item.like)} like it  ( A )")

    def _show_alike(self, chosen: bool) -> None:
        """The records that a decision would take along, before it is made."""
        kit.clear(self.previews)
        like = self.shown.like if chosen and self.shown else ()
        for record_id, text in like[:PREVIEWS]:
            line = kit.ElidedLabel(f"{record_id}: {text}", "small", "muted")
            self.previews.addWidget(line)
        if len(like) > PREVIEWS:
            more = kit.button(
                f"and {len(like) - PREVIEWS} more",
                lambda: self.look_at.emit(tuple(record_id for record_id, _ in like)),
                kind="link",
                small=True,
                tip="See them all in the record list",
            )
            self.previews.addWidget(more)

    def _key_row(self) -> QWidget:
        none = kit.button("Fits none", lambda: self.press("0"), kind="ghost", small=True)
        skip = kit.button("Skip", lambda: self.press("S"), kind="ghost", small=True)
        none.setToolTip("Leave it uncategorised (0)")
        skip.setToolTip("Look at it later (S)")
        keys = kit.row(Badge("0"), none, Badge("S"), skip, None, Badge("Ctrl Z"), gap=4)
        keys.addWidget(kit.label("undo", "small", "muted"))
        return kit.holder(keys)


def _facts(item: Review) -> QWidget:
    """Both confidences, in one line."""
    probability = item.options[0][2] if item.options else 0.0
    fit = "" if item.fit is None else f" · fit to any {item.fit:.2f}"
    line = kit.label(f"Probability {probability:.2f}{fit}", "small", "muted", wrap=True)
    line.setToolTip(kit.tip(FIT_TIP))
    return line
