"""The assistant's dock: the conversation, its cards and questions, and the line to write in.

This version has no language model behind it: what speaks here is the guide of app.agent.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.agent.assistant import Assistant
from app.agent.entries import Busy, CardAsked, Entry, Question, Show
from app.agent.watch import Watch
from app.jobs import Job
from app.tools.session import Session
from app.ui import kit
from app.ui.actions import Actions
from app.ui.chat_list import ChatList
from app.ui.controller import Controller
from app.ui.parts import Badge
from app.ui.theme import set_icon

GUIDED = (
    "Guided: fixed words, your numbers. No language model is connected, and this version cannot "
    "connect one yet."
)
PLACEHOLDER = "Ask, or type “what next?”"


class ChatDock(QWidget):
    """A Chat (see controller.py). It sets `app.approve`; `attention` asks to be unfolded."""

    go = Signal(str, dict)
    hide_asked = Signal()
    attention = Signal()

    def __init__(self, app: Controller) -> None:
        super().__init__()
        self.setObjectName("dock")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Assistant")
        self.app = app
        self.assistant = Assistant(app, self._heard)
        self._watch: Watch | None = None
        self._busy = False
        self.list = ChatList(self.assistant.stop)
        self.list.chosen.connect(self._choose)
        self.list.answered.connect(lambda key, yes: self.assistant.approvals.answer(key, yes=yes))
        self.setLayout(kit.column(self._head(), (self.list, 1), self._foot(), gap=0))
        focus = QShortcut(QKeySequence("Ctrl+L"), self)
        focus.setContext(Qt.ShortcutContext.WindowShortcut)
        focus.activated.connect(self.focus_input)
        app.approve = self.assistant.approve
        app.on_session.append(self._enter)
        self._unsubscribe = app.jobs.subscribe(self._on_job)
        self.destroyed.connect(self._unsubscribe)
        self._enter(app.session)

    def _head(self) -> QWidget:
        badge = Badge("Guided", "info")
        badge.setToolTip(GUIDED)
        badge.setAccessibleDescription(GUIDED)
        self.earlier = kit.tool_button(
            "clock-counter-clockwise", "Show earlier messages", self._show_earlier
        )
        hide = kit.tool_button("layout", "Hide assistant", self.hide_asked.emit)
        line = kit.row(kit.label("Assistant", "strong"), badge, None, self.earlier, hide, gap=8)
        line.setContentsMargins(16, 8, 8, 6)
        return kit.frame(line, "bar")

    def _foot(self) -> QWidget:
        self.input = kit.line_edit("Message to the assistant", placeholder=PLACEHOLDER)
        self.input.setMaxLength(4_000)
        self.input.returnPressed.connect(self._send)
        self.input.textChanged.connect(lambda text: self._show_button())
        self.send = kit.button("", self._press, kind="primary", icon="arrow-up")
        self._sees = kit.ElidedLabel("", "small", "faint")
        no_model = kit.label("No model", "small", "faint")
        no_model.setToolTip(GUIDED)
        no_model.setAccessibleDescription(GUIDED)
        eye = kit.IconLabel("eye", "text_3", 14)
        line = kit.row((self.input, 1), self.send, gap=8)
        below = kit.row(eye, (self._sees, 1), no_model, gap=6)
        self._show_button()
        return kit.frame(kit.column(line, below, gap=6, margin=(16, 8, 16, 10)), "bar")

    def show_sees(self, words: str) -> None:
        """What the user looks at now."""
        self._sees.show_text(f"Sees: {words}" if words else "")

    def focus_input(self) -> None:
        """Put the cursor where a message is written."""
        self.input.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._busy:
            self.assistant.stop()
        else:
            super().keyPressEvent(event)

    def _press(self) -> None:
        if self._busy and not self.input.text().strip():
            self.assistant.stop()
        else:
            self._send()

    def _send(self) -> None:
        text = self.input.text()
        self.input.clear()
        self.assistant.send(text)

    def _show_button(self) -> None:
        """Send; or Stop while a turn is under way and nothing is written."""
        stops = self._busy and not self.input.text().strip()
        set_icon(self.send, "stop" if stops else "arrow-up", "on_accent")
        self.send.setAccessibleName("Stop" if stops else "Send")
        self.send.setToolTip("Stop (Esc)" if stops else "Send (Return)")
        self.send.setEnabled(stops or bool(self.input.text().strip()))

    def _choose(self, question: Question, index: int) -> None:
        self.assistant.choose(question, index)

    def _enter(self, session: Session | None) -> None:
        """Another dataset is open, or none: its conversation takes the place of the one before."""
        self.assistant.turn_to(session)
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.list.clear()
        if session is None:
            self.assistant.begin("welcome")
        else:
            self.app.jobs.start(self._read(session))

    async def _read(self, session: Session) -> None:
        """The stored conversation, then the opening."""
        found = await self.assistant.history()
        if session is not self.assistant.session:
            return
        questions = [entry for entry in found if isinstance(entry, Question)]
        if questions:
            self.assistant.reopen(questions[-1])
        self.list.show_history(found, self.assistant.is_open)
        self._watch = Watch(self.assistant, session)
        if self.app.settings.openings:
            self.assistant.begin("opened")

    def _heard(self, entry: Entry) -> None:
        match entry:
            case Busy():
                self._busy = entry.on
                self._show_button()
            case Show(panel="open_file"):
                self.app.jobs.start(Actions(self.app, self.window()).open_file())
            case Show():
                self.go.emit(entry.panel, entry.target)
            case _:
                self.list.add(entry)
                if isinstance(entry, CardAsked):
                    self._bring(entry)

    def _bring(self, asked: CardAsked) -> None:
        """A card waits: unfold, scroll to it, and take the focus unless a message is being written."""
        self.attention.emit()
        card = self.list.card(asked.key)
        if card is None:
            return
        self.list.reveal(card)
        if not (self.input.hasFocus() and self.input.text()):
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_earlier(self) -> None:
        self.list.show_earlier()
        self.list.go_to_top()

    def _on_job(self, job: Job) -> None:
        session = self.assistant.session
        if job.dataset_id and (session is None or job.dataset_id != session.dataset_id):
            return
        detached = job.stop_hook is not None or job.name.startswith("Training run")
        self.list.show_job(job, own=bool(self.assistant.calling) and not detached)
