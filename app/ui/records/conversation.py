"""The record at the right: its turns, what is kept for the grader, its issues; edited in place."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.domain.records import Message, Record
from app.domain.thresholds import DEFAULTS
from app.ui import kit
from app.ui.parts import Badge, Tone
from app.ui.records.snapshot import Detail
from app.ui.records.turns import TurnEditor, box, turn, value

TURNS_SHOWN = 60  # the newest; the earlier ones are laid out on demand


class Conversation(QFrame):
    """`show_detail` draws a record; `saved` carries its id and the edited messages.

    While an edit is open the same record is not drawn again, so that no refresh takes the words away.
    """

    stepped = Signal(int)
    saved = Signal(int, list)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.detail: Detail | None = None
        self._editors: list[TurnEditor] = []
        self.title = kit.label("Record", "h2")
        self.previous = kit.tool_button("caret-left", "Previous record (Alt+Up)", self._previous)
        self.next = kit.tool_button("caret-right", "Next record (Alt+Down)", self._next)
        self.edit = kit.tool_button("pencil-simple", "Edit the text (Ctrl+E)", self.start_edit)
        self.chips = kit.row(gap=6)
        body = QWidget()
        self.body = QVBoxLayout(body)
        self.body.setSpacing(10)
        self.body.setContentsMargins(0, 0, 6, 8)
        self.save = kit.button("Save", self._save, kind="primary", small=True, tip="Ctrl+Return")
        cancel = kit.button("Cancel", self.cancel_edit, small=True, tip="Esc")
        self.foot = kit.holder(kit.row(self.save, cancel, None))
        self.foot.hide()
        head = kit.row((self.title, 1), self.previous, self.next, self.edit, gap=4)
        self.area = kit.scroll(body)
        self.setLayout(
            kit.column(head, self.chips, (self.area, 1), self.foot, gap=10, margin=(16, 10, 10, 12))
        )

    @property
    def editing(self) -> bool:
        return bool(self._editors)

    @property
    def changed(self) -> bool:
        """Whether words would be lost."""
        return any(editor.changed for editor in self._editors)

    def show_detail(self, detail: Detail | None) -> None:
        same = detail and self.detail and detail.record.id == self.detail.record.id
        if same and (self.editing or detail == self.detail):
            return
        top = self.area.verticalScrollBar().value() if same else 0
        self.detail = detail
        self._draw()
        self.area.verticalScrollBar().setValue(top)

    def start_edit(self) -> None:
        """Open the words of every turn; the last user turn has the focus."""
        if self.detail is None or self.editing:
            return
        kit.clear(self.body)
        for message in self.detail.record.messages:
            editor = TurnEditor(message)
            self._editors.append(editor)
            self.body.addWidget(kit.label(editor.accessibleName(), "strong"))
            self.body.addWidget(editor)
        self.body.addStretch(1)
        self._show_foot(True)
        last = next((e for e in reversed(self._editors) if e.message.role == "user"), None)
        if last is not None:
            last.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(last)

    def cancel_edit(self) -> None:
        """Show the record as it is stored."""
        self._draw()

    def close_edit(self) -> None:
        """The edit is stored: the next `show_detail` draws."""
        self._editors = []
        self.detail = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.editing and event.key() == Qt.Key.Key_Escape:
            self.cancel_edit()
        elif self.editing and control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    def _previous(self) -> None:
        self.stepped.emit(-1)

    def _next(self) -> None:
        self.stepped.emit(1)

    def _save(self) -> None:
        if self.detail is None or not self.changed:
            self.cancel_edit()
            return
        messages: list[Message] = [editor.edited() for editor in self._editors]
        self.saved.emit(self.detail.record.id, messages)

    def _show_foot(self, editing: bool) -> None:
        self.foot.setVisible(editing)
        for button in (self.previous, self.next, self.edit):
            button.setEnabled(not editing and self.detail is not None)

    def _draw(self) -> None:
        self._editors = []
        kit.clear(self.body)
        kit.clear(self.chips)
        self._show_foot(False)
        if self.detail is None:
            self.title.setText("No record")
            return
        record = self.detail.record
        self.title.setText(f"Record {record.id:,}")
        for words, tone in chips_of(self.detail):
            self.chips.addWidget(Badge(words, tone))
        self.chips.addStretch(1)
        for widget in _body(self.detail):
            self.body.addWidget(widget)
        self._fold_early(record)
        self.body.addStretch(1)

    def _fold_early(self, record: Record) -> None:
        """Only the newest turns at first."""
        early = record.messages[:-TURNS_SHOWN]
        place = 1 if record.issues else 0
        turns = [turn(message) for message in record.messages[len(early) :]]
        for offset, widget in enumerate(turns):
            self.body.insertWidget(place + offset, widget)
        if not early:
            return
        more = kit.button(f"Show {len(early):,} earlier turns", kind="link", small=True)

        def show_all() -> None:
            more.hide()
            for offset, message in enumerate(early):
                self.body.insertWidget(place + offset, turn(message))

        more.clicked.connect(show_all)
        self.body.insertWidget(place, more)


def chips_of(detail: Detail) -> list[tuple[str, Tone]]:
    """Topic, probability (or who decided), split, and how it came."""
    record = detail.record
    said: list[tuple[str, Tone]] = []
    if detail.topic:
        leaf = detail.topic.rsplit(" › ", 1)[-1]
        said.append((leaf if len(leaf) <= 24 else leaf[:23] + "…", "accent"))
    elif record.valid:
        said.append(("uncategorised", "muted"))
    if record.topic_source == "user":
        said.append(("confirmed", "good"))
    elif record.probability is not None and detail.topic:
        sure = record.probability >= DEFAULTS.topic_high
        tone: Tone = (
            "good" if sure else "warn" if record.probability < DEFAULTS.topic_review else "muted"
        )
        said.append((f"{record.probability:.2f}", tone))
    if record.split:
        said.append((record.split, "muted"))
    if record.source != "imported":
        said.append((record.source, "info"))
    return said


def _body(detail: Detail) -> list[QWidget]:
    """All but the turns, which stand between the issues and the rest."""
    record = detail.record
    widgets: list[QWidget] = []
    if record.issues:
        tone: Tone = "warn" if record.valid else "bad"
        lines = [kit.label(issue.text, "small", wrap=True, select=True) for issue in record.issues]
        widgets.append(box("Worth a look" if record.valid else "Invalid", tone, *lines))
    kept: list[QWidget] = []
    if record.reference is not None:
        kept.append(value("Reference", "good", record.reference))
    others = {k: v for k, v in record.extra.items() if k != "reference"}
    kept += [value(name[:60], "muted", field) for name, field in others.items()]
    if record.reply is not None:
        kept.append(turn(record.reply, "Recorded reply"))
    if kept:
        said = "Kept for the grader, not shown to the model"
        widgets += [kit.rule(), kit.label(said, "small", "faint", wrap=True), *kept]
    if record.tools:
        widgets.append(kit.Fold(f"Tools offered: {len(record.tools)}", lambda: _tools(record)))
    return widgets


def _tools(record: Record) -> QWidget:
    return value("Tools", "muted", list(record.tools))
