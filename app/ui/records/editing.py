"""The form in which a record's text is edited: turns, reply, reference; checked as one types."""

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.domain.fixes import Turns
from app.domain.records import Issue, Message, Record
from app.domain.validation import issues_of
from app.ui import kit
from app.ui.records.turn_form import ReferenceForm, TurnForm

CHECK_AFTER_MS = 250  # after the last key
ON_THE_LOOP = 200_000  # characters that are checked at once: about 2 ms
TURN = re.compile(r"\bturns? (\d+)(?: and (\d+))?", re.IGNORECASE)
QUOTED = re.compile(r"“[^”]*”")


class EditForm(QWidget):
    """`state_changed` tells when words, roles or turns are another thing than stored, and after each
    check; `check_asked` carries a text too long to be checked here: answer with `show_issues`."""

    state_changed = Signal()
    check_asked = Signal(object)

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_AFTER_MS)
        self._timer.timeout.connect(self.check)
        self.turns: list[TurnForm] = []
        self.reply: TurnForm | None = None
        self.reference = ReferenceForm(record.reference)
        self.reference.changed.connect(self._tell)
        self.general = kit.label("", "small", "bad", wrap=True, select=True)
        self.general.hide()
        self._places = QVBoxLayout()
        self._places.setSpacing(10)
        self._reply_place = QVBoxLayout()
        add = kit.button("Add a turn", self._add_last, kind="link", small=True, icon="plus")
        self._add_reply = kit.button(
            "Add a recorded reply", self._new_reply, kind="link", small=True, icon="plus"
        )
        kept = kit.label("Kept for the grader, not shown to the model", "small", "faint", wrap=True)
        self.setLayout(
            kit.column(
                self.general,
                self._places,
                kit.row(add, None),
                kit.rule(),
                kept,
                self._reply_place,
                kit.row(self._add_reply, None),
                self.reference,
                gap=10,
            )
        )
        for message in record.messages:
            self._put(TurnForm(message), len(self.turns))
        if record.reply is not None:
            self._put_reply(record.reply)
        self.issues: tuple[Issue, ...] = record.issues
        self.show_issues(None, list(record.issues))

    @property
    def changed(self) -> bool:
        """Whether there is anything to store."""
        return bool(self.updates())

    @property
    def can_save(self) -> bool:
        return self.changed and self.reference.valid

    def updates(self) -> dict[str, Any]:
        """What differs from the record, as `update_record` takes it."""
        now, was = self.state(), self._record
        found: dict[str, Any] = {}
        if now.messages != was.messages:
            found["messages"] = [m.model_dump(exclude_none=True) for m in now.messages]
        if now.reply != was.reply:
            found["reply"] = now.reply.model_dump(exclude_none=True) if now.reply else None
        if self.reference.valid and self.reference.value() != was.reference:
            found["reference"] = self.reference.value()
        return found

    def state(self) -> Turns:
        """The turns as they are written now."""
        reply = self.reply.edited() if self.reply else None
        return Turns(tuple(form.edited() for form in self.turns), reply)

    def check(self) -> None:
        """Find what speaks against the text: here, or elsewhere when it is long."""
        now = self.state()
        if sum(len(m.text) for m in now.messages) > ON_THE_LOOP:
            self.check_asked.emit(now)
        else:
            self.show_issues(now, issues_of(now.messages, reply=now.reply))

    def show_issues(self, of: Turns | None, issues: Sequence[Issue]) -> None:
        """Each reason under the turn it names; those of a text that was changed since are dropped."""
        if of is not None and of != self.state():
            return
        self.issues = tuple(issues)
        forms = [*self.turns, *([self.reply] if self.reply else [])]
        by_form: dict[int, list[Issue]] = {}
        general = []
        for issue in issues:
            place = place_of(issue, len(self.turns))
            if place is not None and place < len(forms):
                by_form.setdefault(place, []).append(issue)
            else:
                general.append(issue.text)
        for place, form in enumerate(forms):
            form.show_issues(by_form.get(place, []))
        self.general.setText("\n".join(general))
        self.general.setVisible(bool(general))
        self.state_changed.emit()

    def focus_last_user(self) -> TurnForm | None:
        """Put the cursor in the last user turn, or the first turn there is."""
        users = [form for form in self.turns if form.role == "user"]
        form = users[-1] if users else self.turns[0] if self.turns else None
        if form is not None:
            form.text.setFocus(Qt.FocusReason.OtherFocusReason)
        return form

    def _put(self, form: TurnForm, at: int) -> None:
        self.turns.insert(at, form)
        self._places.insertWidget(at, form)
        form.changed.connect(self._tell)
        form.removed.connect(lambda: self._remove(form))
        form.added.connect(lambda: self._add_below(form))
        self._number()

    def _put_reply(self, message: Message) -> None:
        self.reply = TurnForm(message, title="Recorded reply")
        self._reply_place.addWidget(self.reply)
        self.reply.changed.connect(self._tell)
        self.reply.removed.connect(self._remove_reply)
        self._add_reply.hide()

    def _add_last(self) -> None:
        self._add(len(self.turns))

    def _add_below(self, form: TurnForm) -> None:
        self._add(self.turns.index(form) + 1)

    def _add(self, at: int) -> None:
        above = self.turns[at - 1].role if at else ""
        form = TurnForm(Message(role="assistant" if above == "user" else "user", content=""))
        self._put(form, at)
        form.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self._tell()

    def _remove(self, form: TurnForm) -> None:
        at = self.turns.index(form)
        self.turns.remove(form)
        _drop(self._places, form)
        if self.turns:
            self.turns[min(at, len(self.turns) - 1)].text.setFocus()
        self._number()
        self._tell()

    def _new_reply(self) -> None:
        self._put_reply(Message(role="assistant", content=""))
        if self.reply is not None:
            self.reply.text.setFocus()
        self._tell()

    def _remove_reply(self) -> None:
        if self.reply is not None:
            _drop(self._reply_place, self.reply)
            self.reply = None
        self._add_reply.show()
        self._tell()

    def _number(self) -> None:
        for place, form in enumerate(self.turns, 1):
            form.number(place)

    def _tell(self) -> None:
        self._timer.start()
        self.state_changed.emit()


def place_of(issue: Issue, turns: int) -> int | None:
    """The turn an issue names, from 0; `turns` is the recorded reply. None for the whole record."""
    if issue.code == "last_not_user":
        return turns - 1 if turns else None
    named = TURN.search(QUOTED.sub("", issue.text))
    return int(named[2] or named[1]) - 1 if named else None


def _drop(layout: QBoxLayout, widget: QWidget) -> None:
    layout.removeWidget(widget)
    widget.hide()
    widget.deleteLater()
