"""The scrolling list of a conversation: a widget per entry, the newest at the foot."""

from functools import partial
from typing import TypeVar

from PySide6.QtWidgets import QWidget

from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Choice,
    Entry,
    Message,
    Piece,
    Question,
    Queued,
    Said,
    ToolDone,
    ToolStarted,
    Withdrawn,
    settled,
)
from app.jobs import Job
from app.ui import kit
from app.ui.chat.cards import ApprovalCard
from app.ui.chat.hooks import Hooks
from app.ui.chat.messages import MessageView, QueuedView, SaidView
from app.ui.chat.questions import QuestionCard
from app.ui.chat.rows import RunningRow, ToolRow
from app.ui.chat.scroller import Scroller
from app.ui.chat.spoken import Spoken
from app.ui.chat.tree import TreeCard
from app.ui.chat.views import answered_row, still
from app.ui.chat.words import Words

W = TypeVar("W", bound=QWidget)
SHOWN = 30  # entries shown at first, and each time the top is reached


class ChatList(Scroller):
    """Draws entries; what their buttons ask for goes to the hooks. Where it is not `live`, nothing can be
    answered, edited or used."""

    def __init__(self, hooks: Hooks, *, live: bool = True) -> None:
        super().__init__()
        self.hooks, self._live = hooks, live
        self._forget()
        self.top_reached.connect(self.show_earlier)

    def _forget(self) -> None:
        self._earlier: list[Entry] = []
        self._has_more = False
        self._rows: dict[str, QWidget] = {}
        self._jobs: dict[int, RunningRow] = {}
        self._queued: dict[str, QueuedView] = {}
        self._replies: dict[str, MessageView] = {}
        self._asking: QuestionCard | None = None
        self._tree: TreeCard | None = None
        self._newest_said: Entry | None = None
        self._again: MessageView | None = None  # whose answer can be asked for anew

    def clear(self) -> None:
        """Another conversation: nothing of this one stays."""
        self.empty()
        self._forget()
        self.more.hide()

    def show_history(self, found: list[Entry], *, more: bool = False) -> None:
        """The stored conversation, or what was before all that is shown: its newest entries, from the
        foot up; the others when they are wanted. `more`: there are still older ones."""
        self._earlier, self._has_more = list(found), more
        self._bring()

    def show_earlier(self) -> bool:
        """One more page of what was said before, above what is shown; the view stays put. False where
        there is none, or one is on its way."""
        if self.filling or not (self._earlier or self._has_more):
            return False
        if self._earlier:
            self._bring()
        else:
            self._has_more = False  # until they come it is not asked for again
            self.hooks.earlier()
        return True

    def _bring(self) -> None:
        page, self._earlier = self._earlier[-SHOWN:], self._earlier[:-SHOWN]
        self.more.setVisible(bool(self._earlier) or self._has_more)
        self.bring(*(partial(self._old, entry) for entry in reversed(page)))

    def _old(self, entry: Entry) -> QWidget | None:
        """A stored entry. Of the questions only the newest may be open, of the trees too."""
        if isinstance(entry, Question) and self._asking is None and self._live:
            self._asking = self._card_of(entry)
            return self._asking
        view = still(entry, self.hooks)
        if isinstance(view, TreeCard):
            self._keep_tree(view, newer=False)
        if isinstance(entry, Said | Message) and self._newest_said is None:
            self._newest_said = entry
            if isinstance(entry, Message) and entry.reply and self._live:
                self._offer_again(view)
        return view

    def add(self, entry: Entry) -> None:
        """Show an entry at the foot, or let it change the one it belongs to."""
        match entry:
            case Choice():
                self._settle(entry)
            case ToolStarted():
                self._rows[entry.key] = self._append(RunningRow(entry.tool, self.hooks.stop))
            case CardAsked():
                self._ask(entry)
            case ToolDone() | CardAnswered() if entry.key in self._rows:
                self._replace(entry)
            case Question():
                self._question(entry)
            case Piece() | Message() if entry.reply in self._replies:
                self._go_on(entry)
            case Piece():
                self._begin(entry)
            case Queued():
                self._queue(entry)
            case Said():
                self._said(entry)
            case Withdrawn():
                self._withdraw(entry)
            case _:
                self._add_still(entry)

    def _add_still(self, entry: Entry) -> None:
        view = still(entry, self.hooks)
        if view is None:
            return
        if isinstance(view, TreeCard):
            self._keep_tree(view, newer=True)
        self._append(view)
        if isinstance(entry, Message):
            self._newest_said = entry
            if entry.reply:
                self._offer_again(view)

    def _keep_tree(self, view: TreeCard, *, newer: bool) -> None:
        """One list of topics can be edited at a time, the newest; none where nothing is live."""
        old = self._tree if newer else view if self._tree is not None else None
        if old is not None:
            old.retire("A newer list took its place.")
        elif not self._live:
            view.retire("As it was proposed.")
        if newer or self._tree is None:
            self._tree = view

    def _begin(self, piece: Piece) -> None:
        """The first words of a reply."""
        view = MessageView(Message(text="", reply=piece.reply), self.hooks.follow)
        self._replies[piece.reply] = self._append(view)
        view.add(piece.text)

    def _go_on(self, entry: Piece | Message) -> None:
        view = self._replies[entry.reply]
        if isinstance(entry, Piece):
            view.add(entry.text)
        else:
            view.end(entry)
            del self._replies[entry.reply]
            self._offer_again(view)

    def _offer_again(self, view: QWidget | None) -> None:
        if self._again is not None:
            self._again.offer_again(None)
        self._again = view if isinstance(view, MessageView) else None
        if self._again is not None:
            self._again.offer_again(self.hooks.regenerate)

    def _said(self, said: Said) -> None:
        if (queued := self._queued.pop(said.key, None)) is not None:
            self.drop(queued)
        self.follow()
        self._offer_again(None)
        self._newest_said = said
        if not said.answers:
            self._append(SaidView(said, self.hooks.resend))

    def _queue(self, queued: Queued) -> None:
        if queued.on:
            view = self._queued[queued.key] = QueuedView(queued.text)
            self.follow()
            self.append(view)
        elif (gone := self._queued.pop(queued.key, None)) is not None:
            self.drop(gone)

    def _withdraw(self, entry: Withdrawn) -> None:
        """Drop what was said from that message on; what tools did since stays told."""
        self._offer_again(None)
        views = self.views
        keys = [view.key if isinstance(view, SaidView) else "" for view in views]
        start = keys.index(entry.key) if entry.key in keys else 0
        if not start and entry.key not in keys[:1]:
            kept = settled([*((0, e) for e in self._earlier), (0, entry)])
            self._earlier = [e for _, e in kept]
        for view in views[start:]:
            if not isinstance(view, ToolRow | RunningRow | ApprovalCard | QueuedView):
                self.drop(view)
        self._replies.clear()

    def show_job(self, job: Job, *, own: bool) -> None:
        """A job's progress: in the row of the tool that runs it (`own`), else in one of its own."""
        running = [row for row in self._rows.values() if isinstance(row, RunningRow)]
        if job.id not in self._jobs and own and running:
            running[-1].show_job(job)
        elif not job.active:
            if (gone := self._jobs.pop(job.id, None)) is not None:
                self.drop(gone)
        else:
            if job.id not in self._jobs:
                row = RunningRow(job.name, job.stop)
                self._jobs[job.id] = self.append(row, above=len(self._queued))
            self._jobs[job.id].show_job(job)

    def _card_of(self, question: Question) -> QuestionCard:
        view = QuestionCard(question, is_open=question.is_open)
        view.chosen.connect(lambda index: self.hooks.choose(view.question, index))
        view.written.connect(lambda text: self.hooks.answer(view.question, text))
        self._rows[question.key] = view
        return view

    def _question(self, question: Question) -> None:
        if self._asking is not None and self._asking.question.is_open:
            self._asking.settle(None)
        self._asking = self._append(self._card_of(question))

    def _settle(self, choice: Choice) -> None:
        view = self._rows.get(choice.key)
        if isinstance(view, QuestionCard):
            self.follow()
            view.settle(choice.index, choice.answer)
            given = {"chosen": choice.index, "answer": choice.answer}
            view.question = view.question.model_copy(update=given)

    def _ask(self, asked: CardAsked) -> None:
        view = ApprovalCard(asked.card, expires=self.hooks.expires)
        view.answered.connect(lambda yes: self.hooks.approve(asked.key, yes=yes))
        view.allowed.connect(lambda: self.hooks.approve(asked.key, yes=True, always=True))
        self._rows[asked.key] = view
        self.follow()
        self._append(view)

    def end_replies(self) -> None:
        """The turn is over: a reply of which no word came leaves nothing behind."""
        for view in self._replies.values():
            if not view.text.strip():
                self.drop(view)
        self._replies.clear()

    def show_place(self, entry: Entry, words: str) -> None:
        """Mark the piece that shows this entry and the words in it, and go there once it is drawn."""
        text, key = getattr(entry, "text", ""), getattr(entry, "key", "")
        for view in self.views:
            if isinstance(view, SaidView) and view.key != key:
                continue  # the same words said another time
            if isinstance(view, Spoken) and view.text == text:
                if all(part.is_whole for part in view.findChildren(Words)):
                    self.go_to(view.mark(words))
                else:
                    kit.in_turn(self, partial(self.show_place, entry, words))
            elif isinstance(view, QuestionCard) and view.question.key == key:
                kit.restyle(view, selected=True)
                self.go_to(view)

    def card(self, key: str) -> ApprovalCard | None:
        view = self._rows.get(key)
        return view if isinstance(view, ApprovalCard) else None

    def _replace(self, entry: ToolDone | CardAnswered) -> None:
        old = self._rows.pop(entry.key)
        self.replace(old, ToolRow(entry if isinstance(entry, ToolDone) else answered_row(entry)))

    def _append(self, view: W) -> W:
        """At the foot, above the rows of jobs that go on by themselves and what waits its turn."""
        below = [*self._jobs.values(), *self._queued.values()]
        return self.append(view, above=sum(row is not view for row in below))
