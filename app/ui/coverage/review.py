"""The card of records that a model wrote: one key per decision; it only tells what was decided."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.domain.records import Message
from app.domain.wording import number
from app.generation.generator import STRATEGY as SCRIPT
from app.tools.reviewing import Review, ReviewItem
from app.ui import kit
from app.ui.coverage.figures import figures, tile
from app.ui.kit.buttons import Kind
from app.ui.parts import Badge, BadgeCell, Cell, NumberCell, PlainCell

BARS = (0.5, 0.8, 0.9, 0.95)  # scores from which all can be accepted at once
TURN_SHOWN = 1_500
COLUMNS = (kit.Column("Record"), kit.Column("Topic", 110), kit.Column("Score", 116, right=True))
WAITING, REFUSED = 0, 1
KEYS = ("A", "E", "R")


class GeneratedCard(QFrame):
    """`accepted` and `rejected` carry ids, `accepted_from` the least score, `edited` an id and its
    present text; `anew` asks for others in place of the refused."""

    accepted = Signal(list)
    accepted_from = Signal(float)
    rejected = Signal(list)
    edited = Signal(int, str)
    anew = Signal()

    def __init__(self, keys_for: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._pages: tuple[Sequence[ReviewItem], Sequence[ReviewItem]] = ((), ())
        self.left, self.facts = Badge("", "info"), kit.label("", "small", "muted")
        self.sides = kit.Segments(("Waiting", "Refused"))
        self.sides.chosen.connect(lambda _: self._show_side())
        self.all = kit.drop_button("Accept all", small=True, tip="Into the training split")
        self.others = kit.button("Write others…", self.anew.emit, small=True)
        self.others.setToolTip("Others in place of these; you say what was wrong")
        head = kit.row(
            kit.label("Review", "h2"), self.left, (self.facts, 1), self.all, self.others, self.sides
        )
        self.table = kit.Table("Records to review", COLUMNS, row_height=30)
        self.table.setMinimumHeight(220)
        self.table.picked.connect(lambda _: self._show_item())
        self.reasons = kit.label("", "small", "muted", wrap=True)
        self.detail = QVBoxLayout()
        self.detail.setSpacing(8)
        self.accept = self._action("Accept", "A", "primary")
        self.edit = self._action("Edit…", "E")
        self.reject = self._action("Reject", "R")
        keys = kit.row(self.accept, self.edit, self.reject, None, gap=6)
        side = kit.frame(kit.column(self.detail, None, keys, gap=8, margin=12), "sunken")
        self.figures = QHBoxLayout()
        self.figures.setSpacing(6)
        lists = kit.column((self.table, 1), self.reasons, gap=4)
        both = kit.row((lists, 3), (side, 2), gap=12)
        self.setLayout(kit.column(head, self.figures, both, margin=14))
        for key in KEYS:
            shortcut = QShortcut(QKeySequence(key), keys_for)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda key=key: self.press(key))

    @property
    def shown(self) -> ReviewItem | None:
        """The record in front."""
        items, row = self._pages[self.sides.selected], self.table.currentIndex().row()
        return items[row] if 0 <= row < len(items) else None

    def show_review(self, waiting: Review, refused: Review) -> None:
        """What waits and what was refused; the place in the list stays."""
        self._pages = (waiting.items, refused.items)
        word = f"{waiting.total:,} wait" if waiting.total else "none waits"
        self.left.show_text(word, "info" if waiting.total else "muted")
        before, after = number(waiting.balance), number(waiting.balance_after)
        self.facts.setText(f"Balance {before}, {after} with all of them" if waiting.total else "")
        told = [f"{n:,} {reason.replace('_', ' ')}" for reason, n in waiting.refused.items()]
        self.reasons.setText(f"Refused: {', '.join(told)}." if told else "Nothing was refused.")
        diversity = waiting.last.diversity if waiting.last else None
        kit.clear(self.figures)
        for figure in figures(diversity) if diversity else ():
            self.figures.addWidget(tile(figure), 1)
        entries = [kit.Entry(f"All {waiting.total:,}", lambda: self.accepted_from.emit(0.0))]
        for bar in BARS:
            fits = sum(item.score >= bar for item in waiting.items)
            words = f"From score {bar:.2f} ({fits:,})"
            entries.append(kit.Entry(words, partial(self.accepted_from.emit, bar)))
        kit.set_entries(self.all, entries)
        if not waiting.total and refused.total:
            self.sides.select(REFUSED)
        elif not refused.total:
            self.sides.select(WAITING)
        self._show_side()

    def start_over(self) -> None:
        """Nothing is to be reviewed: what was listed may be of another dataset."""
        self.hide()
        self._pages = ((), ())

    def press(self, key: str) -> None:
        """What a key does: A accepts, E edits, R rejects the record in front."""
        item = self.shown
        if item is None or not self.isVisible():
            return
        if key == "E":
            said = [m.text for m in item.messages if m.role == "user"]
            self.edited.emit(item.id, said[-1] if said else item.preview)
        elif self.sides.selected == WAITING:
            (self.accepted if key == "A" else self.rejected).emit([item.id])

    def _action(self, words: str, key: str, kind: Kind = "") -> QWidget:
        made = kit.button(words, lambda: self.press(key), kind=kind, small=True)
        made.setToolTip(f"Key {key}")
        return made

    def _show_side(self) -> None:
        waits = self.sides.selected == WAITING
        title = "Score" if waits else "Reason"
        self.table.model().setHeaderData(2, Qt.Orientation.Horizontal, title)
        self.table.show_rows([_row(item) for item in self._pages[self.sides.selected]])
        if self.table.currentIndex().row() < 0 and self.table.row_count:
            self.table.selectRow(0)
        self.all.setVisible(waits and bool(self._pages[WAITING]))
        self.others.setVisible(not waits and bool(self._pages[REFUSED]))
        self._show_item()

    def _show_item(self) -> None:
        kit.clear(self.detail)
        item = self.shown
        waits = self.sides.selected == WAITING
        for widget in (self.accept, self.reject):
            widget.setVisible(waits)
            widget.setEnabled(item is not None)
        self.edit.setEnabled(item is not None and bool(item.messages))
        if item is None:
            words = "Nothing waits here." if waits else "Nothing was refused."
            self.detail.addWidget(kit.label(words, "body", "muted", wrap=True))
            return
        if item.why:
            self.detail.addWidget(kit.banner("warn", f"{item.why[:1].upper()}{item.why[1:]}"))
        for message in item.messages or [Message(role="user", content=item.preview)]:
            self._add_turn(message)
        if item.reference is not None:
            self._add_text("Reference", str(item.reference))
        self.detail.addWidget(kit.label(_origin(item), "small", "muted", wrap=True))

    def _add_turn(self, message: Message) -> None:
        calls = [str(call.get("function", "")) for call in message.tool_calls or ()]
        self._add_text(message.role.capitalize(), "\n".join([message.text, *calls]).strip())

    def _add_text(self, name: str, text: str) -> None:
        shown = text[:TURN_SHOWN] + ("…" if len(text) > TURN_SHOWN else "")
        self.detail.addWidget(kit.label(name, "small", "faint"))
        self.detail.addWidget(kit.Prose(shown, name))


def _row(item: ReviewItem) -> list[Cell | str]:
    topic = item.topic.rsplit(" › ", 1)[-1]
    last: Cell = NumberCell(f"{item.score:.2f}")
    if item.reason:
        last = BadgeCell(item.reason.replace("_", " "), "warn")
    return [PlainCell(item.preview), PlainCell(topic, "muted"), last]


def _origin(item: ReviewItem) -> str:
    """«few shot by gpt, prompt few_shot/1, from records 3 and 9; nearest record 0.71»."""
    said = f"{item.strategy.replace('_', ' ').capitalize()} by {item.model or 'the model'}"
    if item.strategy == SCRIPT:
        said = f"By your generator, {item.prompt_version}"
    elif item.prompt_version:
        said += f", prompt {item.prompt_version}"
    if item.parents:
        said += f", from record {', '.join(f'{p:,}' for p in item.parents[:4])}"
    if item.nearest is not None:
        said += f". Likeness to the nearest record {item.nearest:.2f}"
    return said + "."
