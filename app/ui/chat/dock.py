"""The assistant's dock: the conversation, its cards and questions, and the line to write in."""

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from app import settings as app_settings
from app.agent.assistant import Assistant
from app.agent.entries import Busy, CardAsked, Entry, Question, Queued, Said, Show, Spent, Waits
from app.agent.quick import quick_actions
from app.agent.watch import Watch
from app.errors import AppError, DeclinedError, Stopped, StoreError
from app.jobs import Job
from app.store.events import ChatChanged, RunChanged
from app.tools.session import Session
from app.ui import dialogs, kit
from app.ui.actions import Actions
from app.ui.again import Again
from app.ui.bridge import Bridge
from app.ui.chat import links
from app.ui.chat.finding import Finding
from app.ui.chat.foot import Foot
from app.ui.chat.head import Head
from app.ui.chat.hooks import Hooks
from app.ui.chat.list import ChatList
from app.ui.controller import Controller

log = logging.getLogger(__name__)
FIRST, READ = 60, 1_000  # rows of a conversation read at its opening, and when the top is reached
QUIET = (ChatChanged, RunChanged)  # many of them, and none moves the workflow


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
        self._first, self._rows = 0, FIRST  # the oldest row that is shown, how many were read
        self._reopened = False
        self._around = Again(app.jobs, self._read_around)
        app.clients.on_change.append(self._around.ask)
        self._bridge = Bridge()
        self._make()
        self._connect()
        self._enter(app.session)

    def _make(self) -> None:
        self.hooks = self._make_hooks()
        self.head = Head(search=lambda: self.finding.open(), hide=self.hide_asked.emit)
        self.finding = Finding(self.app.jobs, self.assistant, self.hooks)
        self.list, self.foot = ChatList(self.hooks), Foot()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.list)
        self.pages.addWidget(self.finding.page)
        self.setLayout(kit.column(self.head, self.finding.line, (self.pages, 1), self.foot, gap=0))

    def _make_hooks(self) -> Hooks:
        says = self.assistant
        return Hooks(
            expires=says.approvals.expires,
            stop=says.stop,
            choose=says.choose,
            answer=says.answer,
            approve=says.approvals.answer,
            resend=says.resend,
            regenerate=says.regenerate,
            follow=self._follow,
            go=self.go.emit,
            use_topics=lambda *given: self.app.jobs.start(self._use_topics(*given)),
            earlier=lambda: self.app.jobs.start(self._read_earlier()),
        )

    def _connect(self) -> None:
        self.foot.sent.connect(self.assistant.send)
        self.foot.stopped.connect(self.assistant.stop)
        self.head.agent_chosen.connect(self._choose_agent)
        self.head.connections_asked.connect(lambda: self.go.emit("connections", {}))
        self.finding.shown.connect(lambda on: self.pages.setCurrentIndex(1 if on else 0))
        self.finding.closed.connect(self.focus_input)
        for keys, on in (("Ctrl+L", self.focus_input), ("Ctrl+F", self.finding.open)):
            shortcut = QShortcut(QKeySequence(keys), self)
            whole = keys == "Ctrl+L"
            context = Qt.ShortcutContext
            shortcut.setContext(
                context.WindowShortcut if whole else context.WidgetWithChildrenShortcut
            )
            shortcut.activated.connect(on)
        self._bridge.changed.connect(self._on_events)
        self.app.approve = self.assistant.approve
        self.app.on_session.append(self._enter)
        unsubscribe = self.app.jobs.subscribe(self._on_job)
        self.destroyed.connect(unsubscribe)

    @property
    def input(self) -> QWidget:
        """Where a message is written."""
        return self.foot.input

    def show_sees(self, words: str) -> None:
        """What the user looks at now."""
        self.assistant.page = words
        self.foot.show_sees(words)

    def focus_input(self) -> None:
        """Put the cursor where a message is written."""
        self.foot.input.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """A dialog was closed, of the settings or connections perhaps: show who speaks now."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._around.ask()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.assistant.busy:
            self.assistant.stop()
        else:
            super().keyPressEvent(event)

    def _enter(self, session: Session | None) -> None:
        """Another dataset is open, or none: its conversation takes the place of the one before."""
        self.assistant.turn_to(session)
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._bridge.detach()
        self.list.clear()
        self.finding.close()
        self._around.ask()
        if session is None:
            self.foot.show_quick([])
            self.assistant.begin("welcome")
        else:
            self._bridge.attach(session.store)
            self.app.jobs.start(self._read(session))

    async def _read(self, session: Session) -> None:
        """The newest of the stored conversation, then the opening."""
        rows = await self.assistant.history_rows(FIRST)
        if session is not self.assistant.session:
            return
        self._rows, self._reopened = FIRST, False
        self._show_rows(rows)
        said = [entry.text for _, entry in rows if isinstance(entry, Said)]
        self.foot.input.last = said[-1] if said else ""
        self._watch = Watch(self.assistant, session)
        if self.app.settings.openings:
            self.assistant.begin("opened")

    async def _read_earlier(self) -> None:
        """What came before. What is newer is read again: an edit since may have withdrawn some."""
        session = self.assistant.session
        self._rows += READ
        rows = await self.assistant.history_rows(self._rows)
        if session is self.assistant.session:
            self._show_rows([each for each in rows if each[0] < self._first])

    def _show_rows(self, rows: list[tuple[int, Entry]]) -> None:
        """Add them above what is shown. The newest question of all can still be answered."""
        found = [entry for _, entry in rows]
        self._first = rows[0][0] if rows else 0
        questions = [entry for entry in found if isinstance(entry, Question)]
        if questions and not self._reopened:
            self._reopened = True
            self.assistant.reopen(questions[-1])
        self.list.show_history(found, more=self._first > 1)

    async def _read_around(self) -> None:
        """Who speaks, what was spent, and what can be asked at this step."""
        agents = await self.assistant.agents()
        session = self.assistant.session
        self.head.show_speaker(self.assistant.speaker, agents, self.app.settings.agent)
        try:
            usage = await self.assistant.spent()
            quick = await quick_actions(session) if session is not None else []
        except StoreError as error:
            if session is self.assistant.session:
                raise
            log.info("the dataset was closed meanwhile: %s", error)
            return
        if session is self.assistant.session:
            self.foot.show_spent(usage, connected=self.assistant.speaker is not None)
            self.foot.show_quick(quick)

    def _heard(self, entry: Entry) -> None:
        if not isinstance(entry, Waits):
            self.foot.wait.end()
        match entry:
            case Busy():
                self.foot.show_busy(entry.on)
                if not entry.on:
                    self.list.end_replies()
                    self._around.ask()
            case Waits():
                self.foot.wait.begin(entry)
            case Spent():
                self.list.add(entry)
                self._around.ask()
            case Show():
                self._show(entry)
            case Queued(on=False):
                self.list.add(entry)
                self.foot.give_back(entry.text)
            case _:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        self.list.add(entry)
        if isinstance(entry, Said):
            self.foot.input.last = entry.text
            self.finding.close()
        elif isinstance(entry, CardAsked):
            self.finding.close()
            self._bring(entry)

    def _show(self, entry: Show) -> None:
        if entry.panel == "open_file":
            self.app.jobs.start(Actions(self.app, self.window()).open_file())
        else:
            self.go.emit(entry.panel, entry.target)

    def _bring(self, asked: CardAsked) -> None:
        """A card waits: unfold, scroll to it, and take the focus unless a message is being written."""
        self.attention.emit()
        card = self.list.card(asked.key)
        if card is None:
            return
        self.list.reveal(card)
        if not (self.foot.input.hasFocus() and self.foot.input.text()):
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, url: QUrl) -> None:
        """A link of the assistant's words: a place of the app is gone to, any other asks first."""
        place = links.place_of(url)
        if place is not None:
            self.go.emit(*place)
        else:
            self.app.jobs.start(links.ask(self.window(), url))

    def _choose_agent(self, name: str) -> None:
        self.app.settings.agent = name
        app_settings.save(self.app.home, self.app.settings)
        self._around.ask()

    async def _use_topics(
        self, key: str, nodes: list[dict[str, Any]], done: Callable[[bool], object]
    ) -> None:
        """As the topics panel does it: the user's own call, and the views follow its events."""
        used, session = False, self.assistant.session
        try:
            await self.app.call("apply_topic_hierarchy", hierarchy=nodes)
            used = True
            if session is self.assistant.session:
                self.assistant.note_used(key)
        except (DeclinedError, Stopped) as quiet:
            log.info("%s", quiet)
        except AppError as error:
            await dialogs.tell(self.window(), "The topics were not used", str(error))
        finally:
            done(used)

    def _on_events(self, events: list[Any]) -> None:
        if any(not isinstance(event, QUIET) for event in events):
            self._around.ask()

    def _on_job(self, job: Job) -> None:
        session = self.assistant.session
        if job.dataset_id and (session is None or job.dataset_id != session.dataset_id):
            return
        detached = job.stop_hook is not None or job.name.startswith("Training run")
        self.list.show_job(job, own=bool(self.assistant.calling) and not detached)
        if not job.active:
            self._around.ask()
