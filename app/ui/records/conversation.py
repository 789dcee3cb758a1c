"""The record at the right: its turns, how it came, its history, its issues; edited in place."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QTextEdit, QVBoxLayout, QWidget

from app.domain.search_words import Terms, terms_of
from app.domain.thresholds import DEFAULTS
from app.ui import kit
from app.ui.parts import Badge, Tone
from app.ui.records.compare import Comparison, comparison_items
from app.ui.records.editing import EditForm
from app.ui.records.fixes import Offer, issue_box, offer_box
from app.ui.records.history import History, history_items
from app.ui.records.snapshot import Detail
from app.ui.records.turns import turn, value
from app.ui.records.words import mark

Maker = Callable[[], QWidget]
TURNS_SHOWN = 60  # the newest; the earlier ones are laid out on demand
AT_ONCE = 1  # turns made before anything is painted
VIEWS = ("turns", "compare", "history")


class Conversation(QFrame):
    """`show_detail` draws a record; `saved` carries its id and what changed, as `update_record` takes
    it. The other signals ask for what only the panel can do; it answers with a `show_` function.

    While an edit is open the same record is not drawn again, so that no refresh takes the words away.
    """

    stepped = Signal(int)
    saved = Signal(int, dict)
    view_asked = Signal(str, int)  # "compare" or "history" of a record
    check_asked = Signal(object)  # the turns of a long text that is being edited
    fix_asked = Signal(str, bool)  # a fix, and whether for all records like this
    twins_asked = Signal()
    undo_asked = Signal(object)  # a RecordChange
    offer_taken = Signal(object)
    markdown_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.detail: Detail | None = None
        self.form: EditForm | None = None
        self.markdown = True
        self._terms = Terms()
        self._offers: tuple[int, tuple[Offer, ...]] = (0, ())
        self._make_head()
        body = QWidget()
        self.body = QVBoxLayout(body)
        self.body.setSpacing(10)
        self.body.setContentsMargins(0, 0, 6, 8)
        self._top, self._seeks = 0, False
        self.area, self._content = kit.scroll(body), body
        self.save = kit.button("Save", self._save, kind="primary", small=True, tip="Ctrl+Return")
        cancel = kit.button("Cancel", self.cancel_edit, small=True, tip="Esc")
        self.foot = kit.holder(kit.row(self.save, cancel, None))
        self.foot.hide()
        self.offers = kit.Refill(gap=8)
        self.setLayout(
            kit.column(
                self._head, self.chips, self.sure, self._views, self.offers, (self.area, 1), self.foot,
                gap=10, margin=(16, 10, 10, 12),
            )
        )  # fmt: skip

    @property
    def editing(self) -> bool:
        return self.form is not None

    @property
    def changed(self) -> bool:
        """Whether words would be lost."""
        return self.form is not None and self.form.changed

    @property
    def view(self) -> str:
        return VIEWS[self.segments.selected]

    def show_detail(self, detail: Detail | None) -> None:
        same = detail and self.detail and detail.record.id == self.detail.record.id
        if same and (self.editing or detail == self.detail):
            return
        self._top = self.area.verticalScrollBar().value() if same else 0
        self._seeks = not same
        self.detail = detail
        self._draw()

    def show_words(self, text: str) -> None:
        """Mark the words of a search in whatever is shown, now and for the records to come."""
        terms = terms_of(text)
        if terms != self._terms:
            self._terms = terms
            self._mark()

    def show_view(self, view: str) -> None:
        """Turns, the comparison with the original, or the history."""
        if not self.editing and view != self.view:
            self.segments.select(VIEWS.index(view))
            self._choose_view()

    def show_comparison(self, found: Comparison) -> None:
        """The answer to `view_asked`; dropped when the user has moved on."""
        if self._awaits("compare", found.record_id):
            self._fill([partial(_same, item) for item in comparison_items(found)])

    def show_history(self, found: History) -> None:
        """The answer to `view_asked`; dropped when the user has moved on."""
        if self._awaits("history", found.record_id):
            self._fill(
                [partial(_same, item) for item in history_items(found, self.undo_asked.emit)]
            )

    def show_offers(self, record_id: int, offers: Sequence[Offer]) -> None:
        """Where else the edit just stored applies; until another record is shown."""
        self._offers = (record_id, tuple(offers))
        self._draw_offers()

    def use_markdown(self, on: bool) -> None:
        """Draw texts as Markdown, or as they are written."""
        self.markdown = on
        self.plain.setChecked(not on)
        if not self.editing and self.view == "turns":
            self._top = self.area.verticalScrollBar().value()
            self._draw()

    def start_edit(self) -> None:
        """Open the words of every turn; the last user turn has the focus."""
        if self.detail is None or self.editing:
            return
        self._empty()
        self.segments.select(0)
        self.form = EditForm(self.detail.record)
        self.form.state_changed.connect(self._show_state)
        self.form.check_asked.connect(self.check_asked)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        self._show_foot(True)
        if (turn_form := self.form.focus_last_user()) is not None:
            self.area.ensureWidgetVisible(turn_form)

    def cancel_edit(self) -> None:
        """Show the record as it is stored."""
        self._draw()

    def close_edit(self) -> None:
        """The edit is stored: the next `show_detail` draws."""
        self.form = None
        self.detail = None

    def texts(self) -> list[QTextEdit]:
        """The texts that are shown; what was taken out of the layout goes only later."""
        body = self._content
        return [v for v in body.findChildren(QTextEdit) if v.isVisibleTo(body)]

    def open_fixes(self) -> None:
        """Open the menu of fixes, where the record has one."""
        for button in self.area.findChildren(QPushButton):
            if button.property("fixes") and button.isVisible():
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
                button.showMenu()

    def retheme(self) -> None:
        """Marks keep the colours they were made with, and follow once the texts are drawn anew."""
        QTimer.singleShot(0, self, self._mark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.editing and event.key() == Qt.Key.Key_Escape:
            self.cancel_edit()
        elif self.editing and control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    def _make_head(self) -> None:
        self.title = kit.label("Record", "h2")
        self.previous = kit.tool_button(
            "caret-left", "Previous record (Alt+Up)", lambda: self.stepped.emit(-1)
        )
        self.next = kit.tool_button(
            "caret-right", "Next record (Alt+Down)", lambda: self.stepped.emit(1)
        )
        self.edit = kit.tool_button("pencil-simple", "Edit the text (Ctrl+E)", self.start_edit)
        self._head = kit.row((self.title, 1), self.previous, self.next, self.edit, gap=4)
        self.chips = kit.row(gap=6)
        self.sure = kit.label("", "small", "muted")
        self.segments = kit.Segments(("Turns", "Compare", "History"))
        self.segments.setAccessibleName("What is shown of the record")
        self.segments.setToolTip("Turns, compare with the original (Ctrl+D), history (Ctrl+H)")
        self.segments.chosen.connect(self._choose_view)
        self.plain = kit.tool_button("text-t", "Text as it is written, not as Markdown (Ctrl+M)")
        self.plain.setCheckable(True)
        self.plain.clicked.connect(self._choose_markdown)
        self._views = kit.holder(kit.row(self.segments, None, self.plain, gap=4))

    def _choose_markdown(self) -> None:
        self.use_markdown(not self.markdown)
        self.markdown_chosen.emit(self.markdown)

    def _choose_view(self) -> None:
        self._top = 0
        self._draw()

    def _awaits(self, view: str, record_id: int) -> bool:
        shown = self.detail is not None and self.detail.record.id == record_id
        return shown and self.view == view and not self.editing

    def _save(self) -> None:
        if self.detail is None or self.form is None or not self.form.changed:
            self.cancel_edit()
        elif self.form.can_save:
            self.saved.emit(self.detail.record.id, self.form.updates())

    def _show_state(self) -> None:
        self.save.setEnabled(self.form is not None and self.form.can_save)

    def _show_foot(self, editing: bool) -> None:
        self.foot.setVisible(editing)
        self._views.setVisible(not editing and self.detail is not None)
        self._show_state()
        for button in (self.previous, self.next, self.edit):
            button.setEnabled(not editing and self.detail is not None)

    def _draw(self) -> None:
        self.form = None
        self._empty()
        kit.clear(self.chips)
        self.sure.setText(sure_of(self.detail) if self.detail else "")
        self.sure.setVisible(bool(self.sure.text()))
        self._show_foot(False)
        self._draw_offers()
        if self.detail is None:
            self.title.setText("No record")
            return
        record = self.detail.record
        self.title.setText(f"Record {record.id:,}")
        for words, tone in chips_of(self.detail):
            self.chips.addWidget(Badge(words, tone))
        self.chips.addStretch(1)
        self.body.addStretch(1)
        self.plain.setEnabled(self.view == "turns")
        if self.view == "turns":
            self._draw_turns(self.detail)
        else:
            self.view_asked.emit(self.view, record.id)

    def _draw_turns(self, detail: Detail) -> None:
        """Only the newest turns at first."""
        record = detail.record
        issues = issue_box(record, self.fix_asked.emit, self.twins_asked.emit)
        early = record.messages[:-TURNS_SHOWN]
        makers: list[Maker] = [partial(_same, issues)] if issues else []
        if early:
            makers.append(partial(self._more, detail))
        later = record.messages[len(early) :]
        makers += [partial(turn, message, markdown=self.markdown) for message in later]
        self._fill([*makers, *kept_makers(detail, markdown=self.markdown)])

    def _more(self, detail: Detail) -> QWidget:
        early = detail.record.messages[:-TURNS_SHOWN]
        more = kit.button(f"Show {len(early):,} earlier turns", kind="link", small=True)

        def show_all() -> None:
            more.hide()
            makers = [partial(turn, message, markdown=self.markdown) for message in early]
            self._lay_out(makers, at=self.body.indexOf(more))

        more.clicked.connect(show_all)
        return more

    def _fill(self, makers: Sequence[Maker]) -> None:
        """Lay these out above the spring at the end, in place of what stands there."""
        self._empty()
        self.body.addStretch(1)
        self._lay_out(makers)

    def _empty(self) -> None:
        kit.forget(self._content)
        kit.clear(self.body)

    def _lay_out(self, makers: Sequence[Maker], *, at: int = 0) -> None:
        """Insert these from a place in the body on; what was still to be made is dropped."""
        kit.forget(self._content)
        works = [partial(self._insert, place, make) for place, make in enumerate(makers, at)]
        for work in works[:AT_ONCE]:
            work()
        kit.in_turn(self._content, *works[AT_ONCE:], self._settle)

    def _insert(self, place: int, make: Maker) -> None:
        widget = make()
        self.body.insertWidget(place, widget)
        self._mark_in(widget)

    def _settle(self) -> None:
        """Once it is laid out: to where the user was, or to the first word searched for."""
        if self._top:
            self.area.verticalScrollBar().setValue(self._top)
        elif self._seeks and self._terms:
            self._seeks = False
            marked = (view for view in self.texts() if view.extraSelections())
            if (first := next(marked, None)) is not None:
                self.area.ensureWidgetVisible(first)

    def _mark(self) -> None:
        for view in self.texts():
            if view.isReadOnly():
                mark(view, self._terms)

    def _mark_in(self, widget: QWidget) -> None:
        if self._terms:
            for view in widget.findChildren(QTextEdit):
                mark(view, self._terms)

    def _draw_offers(self) -> None:
        record_id, offers = self._offers
        shown = offers if self._awaits("turns", record_id) else ()
        dismiss = partial(self.show_offers, 0, ())
        self.offers.show_items(*(offer_box(o, self.offer_taken.emit, dismiss) for o in shown))


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
    elif record.topic_source == "model":
        said.append(("by a model", "info"))
    elif record.topic_source == "label":
        said.append(("by its label", "info"))
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


def sure_of(detail: Detail) -> str:
    """Both confidences in the topic; empty where the user decided or nothing was found."""
    record = detail.record
    if record.fit is None or record.probability is None:
        return ""
    return f"Probability {record.probability:.2f} · fit to any topic {record.fit:.2f}"


def kept_makers(detail: Detail, *, markdown: bool) -> list[Maker]:
    """What stands below the turns: reference, other fields, recorded reply, tools."""
    record = detail.record
    kept: list[Maker] = []
    if record.reference is not None:
        kept.append(partial(value, "Reference", "good", record.reference))
    others = {k: v for k, v in record.extra.items() if k != "reference"}
    kept += [partial(value, name[:60], "muted", field) for name, field in others.items()]
    if record.reply is not None:
        kept.append(partial(turn, record.reply, "Recorded reply", markdown=markdown))
    if kept:
        said = "Kept for the grader, not shown to the model"
        kept = [kit.rule, partial(kit.label, said, "small", "faint", wrap=True), *kept]
    if record.tools:
        tools = list(record.tools)
        name = f"Tools offered: {len(tools)}"
        kept.append(partial(kit.Fold, name, lambda: value("Tools", "muted", tools)))
    return kept


def _same(widget: QWidget) -> QWidget:
    return widget
