"""The scrolling list of a conversation: a widget per entry, the newest at the foot."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Choice,
    Entry,
    Message,
    Question,
    Said,
    ToolDone,
    ToolStarted,
)
from app.jobs import Job
from app.ui import kit
from app.ui.chat_cards import ApprovalCard, QuestionCard
from app.ui.chat_parts import MessageView, RunningRow, SaidView, ToolRow

W = TypeVar("W", bound=QWidget)
SHOWN = 30  # entries shown at first; the rest at a click, so that a long history opens at once
SLICE = 2  # widgets made at a time (about 5 ms each), so that the window never stalls
NEAR_FOOT = 48  # pixels from the end within which new entries are followed


class ChatList(QWidget):
    """Draws entries; `chosen(question, index)` and `answered(key, yes)` carry the clicks."""

    chosen = Signal(object, int)
    answered = Signal(str, bool)

    def __init__(self, stop: Callable[[], object]) -> None:
        super().__init__()
        self._stop = stop
        self._earlier: list[Entry] = []
        self._rows: dict[str, QWidget] = {}
        self._jobs: dict[int, RunningRow] = {}
        self._asking: QuestionCard | None = None
        self._follow = True
        self._work: deque[Callable[[], None]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._do_some)
        self._more = kit.button("Show earlier", self.show_earlier, kind="ghost", small=True)
        self._more.hide()
        self._column = QVBoxLayout()
        self._column.setSpacing(12)
        self._column.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        inner.setLayout(kit.column(self._more, self._column, None, gap=12, margin=(16, 10, 16, 8)))
        self.area = kit.scroll(inner)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setLayout(kit.column(self.area, gap=0))
        bar = self.area.verticalScrollBar()
        bar.rangeChanged.connect(lambda low, high: self._stay())
        bar.valueChanged.connect(self._scrolled)

    def clear(self) -> None:
        """Another conversation: nothing of this one stays."""
        self._work.clear()
        self._timer.stop()
        kit.clear(self._column)
        self._earlier, self._rows, self._jobs, self._asking = [], {}, {}, None
        self._more.hide()
        self._follow = True

    @property
    def filling(self) -> bool:
        """Whether entries are still being brought in."""
        return bool(self._work)

    def show_history(self, found: list[Entry], is_open: Callable[[Question], bool]) -> None:
        """The stored conversation: its newest entries, in slices; the others at a click."""
        self._earlier, newest = found[:-SHOWN], found[-SHOWN:]
        self._more.setVisible(bool(self._earlier))
        self._in_slices([partial(self._add, entry) for entry in newest])
        self._in_slices([partial(self._retire, is_open)])

    def show_earlier(self) -> None:
        """One more page of what was said before, above what is shown; the view stays put."""
        self._earlier, page = self._earlier[:-SHOWN], self._earlier[-SHOWN:]
        self._more.setVisible(bool(self._earlier))
        self._in_slices([partial(self._prepend, entry) for entry in reversed(page)])

    def go_to_top(self) -> None:
        """Show the oldest entry there is on the list, once all are there."""
        bar = self.area.verticalScrollBar()
        self._in_slices([lambda: QTimer.singleShot(0, self, lambda: bar.setValue(0))])

    def _in_slices(self, work: list[Callable[[], None]]) -> None:
        self._work.extend(work)
        if self._work:
            self._timer.start()

    def _do_some(self) -> None:
        for _ in range(min(SLICE, len(self._work))):
            self._work.popleft()()
        if not self._work:
            self._timer.stop()

    def _retire(self, is_open: Callable[[Question], bool]) -> None:
        if self._asking is not None and not is_open(self._asking.question):
            self._asking.settle(self._asking.question.chosen)

    def _prepend(self, entry: Entry) -> None:
        if (view := self._still(entry)) is None:
            return
        bar = self.area.verticalScrollBar()
        below, self._follow = bar.maximum() - bar.value(), False
        self._column.insertWidget(0, view)
        view.show()
        QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - below))

    def add(self, entry: Entry) -> None:
        """Show an entry at the foot, after what is still being brought in."""
        if self._work:
            self._in_slices([partial(self._add, entry)])
        else:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        """Show an entry at the foot, or let it change the one it belongs to."""
        match entry:
            case Choice():
                self._settle(entry)
            case ToolStarted():
                self._rows[entry.key] = self._append(RunningRow(entry.tool, self._stop))
            case CardAsked():
                self._ask(entry)
            case ToolDone() | CardAnswered() if entry.key in self._rows:
                self._replace(entry)
            case Question():
                self._question(entry)
            case Said():
                self._follow = True
                self._append(SaidView(entry.text))
            case _:
                if (view := self._still(entry)) is not None:
                    self._append(view)

    def show_job(self, job: Job, *, own: bool) -> None:
        """A job's progress: in the row of the tool that runs it (`own`), else in one of its own."""
        running = [row for row in self._rows.values() if isinstance(row, RunningRow)]
        if job.id not in self._jobs and own and running:
            running[-1].show_job(job)
        elif not job.active:
            if (gone := self._jobs.pop(job.id, None)) is not None:
                self._drop(gone)
        else:
            if job.id not in self._jobs:
                self._jobs[job.id] = self._append(RunningRow(job.name, job.stop))
            self._jobs[job.id].show_job(job)

    def _still(self, entry: Entry) -> QWidget | None:
        """An entry that only shows."""
        match entry:
            case Message():
                return MessageView(entry.text)
            case Said():
                return SaidView(entry.text)
            case ToolDone():
                return ToolRow(entry)
            case Question():
                return QuestionCard(entry, is_open=False)
            case CardAnswered():
                return ToolRow(_answer_row(entry))
        return None

    def _question(self, question: Question) -> None:
        if self._asking is not None:
            self._asking.settle(self._asking.question.chosen)
        view = QuestionCard(question, is_open=question.chosen is None)
        view.chosen.connect(lambda index: self.chosen.emit(question, index))
        self._rows[question.key] = self._asking = view
        self._append(view)

    def _settle(self, choice: Choice) -> None:
        view = self._rows.get(choice.key)
        self._follow = True
        if isinstance(view, QuestionCard):
            view.settle(choice.index)
            view.question = view.question.model_copy(update={"chosen": choice.index})

    def _ask(self, asked: CardAsked) -> None:
        view = ApprovalCard(asked.card)
        view.answered.connect(lambda yes: self.answered.emit(asked.key, yes))
        self._rows[asked.key] = view
        self._follow = True
        self._append(view)

    def card(self, key: str) -> ApprovalCard | None:
        view = self._rows.get(key)
        return view if isinstance(view, ApprovalCard) else None

    def reveal(self, widget: QWidget) -> None:
        """Scroll so that the whole widget is seen, once it has its place."""
        QTimer.singleShot(0, widget, lambda: self.area.ensureWidgetVisible(widget, 0, 16))

    def _replace(self, entry: ToolDone | CardAnswered) -> None:
        old = self._rows.pop(entry.key)
        new = ToolRow(entry if isinstance(entry, ToolDone) else _answer_row(entry))
        self._column.replaceWidget(old, new)
        old.hide()
        old.deleteLater()
        new.show()

    def _append(self, view: W) -> W:
        """At the foot, above the rows of jobs that go on by themselves."""
        standing = sum(row is not view for row in self._jobs.values())
        self._column.insertWidget(self._column.count() - standing, view)
        view.show()
        return view

    def _drop(self, view: QWidget) -> None:
        self._column.removeWidget(view)
        view.hide()
        view.deleteLater()

    def _stay(self) -> None:
        """The list grew: keep its foot in sight where the user was there."""
        if self._follow:
            bar = self.area.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _scrolled(self, value: int) -> None:
        self._follow = self.area.verticalScrollBar().maximum() - value <= NEAR_FOOT


def _answer_row(answered: CardAnswered) -> ToolDone:
    """A card that was answered, as one folded line."""
    card = answered.card
    facts = "\n".join(f"{label}: {value}" for label, value in card.rows)
    return ToolDone(
        key=answered.key,
        tool=card.title,
        result="approved" if answered.yes else "not now",
        tone="good" if answered.yes else "warn",
        details="\n".join(part for part in (card.title, facts, card.warning, card.note) if part),
    )
