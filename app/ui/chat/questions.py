"""Questions that wait for the user: one option, several, yes or no, or words of their own."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from app.agent.entries import Question
from app.ui import kit
from app.ui.chat.composer import Composer
from app.ui.theme import set_icon

BESIDE = 12  # characters: two answers this short stand side by side
ROOM, BOX = 26, 22  # pixels of an option that its words do not get
JOINED = "; "  # between several options, as the assistant takes them apart


class OptionButton(QPushButton):
    """A full-width choice whose words wrap, long ones too."""

    def __init__(self, text: str, on: Callable[[], object]) -> None:
        super().__init__(text.replace("&", "&&"))
        self.words, self._room = text, ROOM
        self.setProperty("option", True)
        self.setProperty("compact", True)
        self.setCheckable(True)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: on())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._wrap()

    def show_box(self) -> None:
        """A box before the words, ticked or not: one of several that may be taken."""
        set_icon(self, *(("check-square", "accent_text") if self.isChecked() else ("square",)))
        self._room = ROOM + BOX
        self._wrap()

    def retheme(self) -> None:
        self._wrap()

    def _wrap(self) -> None:
        """Break the words at the button's width; QPushButton itself never wraps."""
        layout = QTextLayout(self.words, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        lines = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(40, self.width() - self._room))
            start, length = line.textStart(), line.textLength()
            lines.append(self.words[start : start + length].strip())
        layout.endLayout()
        self.setText("\n".join(lines).replace("&", "&&"))
        self.setFixedHeight(self.sizeHint().height())


class QuestionCard(QFrame):
    """`chosen` tells the index of an option, `written` words or several options, once.

    The keys 1 to 9 take or tick an option, arrows move between them. Retired when a newer one came.
    """

    chosen = Signal(int)
    written = Signal(str)

    def __init__(self, question: Question, *, is_open: bool = True) -> None:
        super().__init__()
        self.question = question
        self.setProperty("role", "card")
        self.setAccessibleName(f"Question: {question.text}")
        self.title = kit.Prose(question.text, "Question", role="strong")
        self.options = [self._option(n, o.label) for n, o in enumerate(question.options)]
        self.answer = Composer("Your answer", placeholder="Your answer")
        self.done = kit.button("Done", self._done, kind="primary", small=True)
        self.given = kit.Prose("", "Answer")
        self._passed = kit.label("passed over", "small", "faint")
        pieces = (self.title, self._answers(), self.given, self._passed)
        self.setLayout(kit.column(*pieces, gap=6, margin=(12, 10, 12, 12)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._show_form()
        if not question.is_open or not is_open:
            self.settle(question.chosen, question.answer)

    def settle(self, index: int | None, answer: str = "") -> None:
        """Keep what was answered, or that the question was passed over; take no more clicks."""
        taken = set(answer.split(JOINED)) if index is None else set()
        several = self.question.form == "multiselect" and bool(answer)
        for number, option in enumerate(self.options):
            kept = number == index or (several and option.words in taken)
            option.setVisible(kept)
            option.setChecked(kept)
            option.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            option.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.answer.hide()
        self.done.hide()
        own = answer if index is None and not (several and any(self._kept())) else ""
        self.given.show_text(own)
        self.given.setVisible(bool(own))
        self._passed.setVisible(index is None and not answer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_1
        if 0 <= number < min(9, len(self.options)) and self.options[number].focusPolicy():
            self.options[number].click()
        else:
            super().keyPressEvent(event)

    def _option(self, number: int, label: str) -> OptionButton:
        several = self.question.form == "multiselect"
        do = self._count if several else partial(self.chosen.emit, number)
        button = OptionButton(label, do)
        if several:
            button.show_box()
            button.toggled.connect(lambda _: button.show_box())
        if number < 9:
            button.setAccessibleDescription(f"Key {number + 1}")
        return button

    def _answers(self) -> QWidget:
        """The options in a column, two short ones in a row; below them where words are written."""
        short = len(self.options) == 2 and all(len(o.words) <= BESIDE for o in self.options)
        options = (kit.row if short else kit.column)(*((o, 1) for o in self.options), gap=6)
        return kit.holder(kit.column(options, self.answer, kit.row(None, self.done), gap=6))

    def _show_form(self) -> None:
        form = self.question.form
        self.given.hide()
        self._passed.hide()
        self.answer.setVisible(form == "text")
        self.done.setVisible(form != "select")
        self.done.setText("Send" if form == "text" else "Done")
        self.done.setEnabled(False)
        self.answer.submitted.connect(lambda text: self.written.emit(text.strip()))
        self.answer.changed.connect(lambda: self.done.setEnabled(bool(self.answer.text().strip())))

    def _count(self) -> None:
        self.done.setEnabled(any(self._kept()))

    def _kept(self) -> list[str]:
        return [option.words for option in self.options if option.isChecked()]

    def _done(self) -> None:
        if self.question.form == "text":
            self.answer.submit()
        else:
            self.written.emit(JOINED.join(self._kept()))
