"""The card with the topic tree: how fine, stored or proposed, the search, what fits no topic."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from app.domain.thresholds import DEFAULTS
from app.domain.topics import MAX_LEAVES
from app.ui import kit
from app.ui.parts import Badge
from app.ui.topics.commands import BUTTONS, EditActions
from app.ui.topics.finding import Finding
from app.ui.topics.lines import Key, Lines, matching, narrowed
from app.ui.topics.snapshot import TopicsSnapshot
from app.ui.topics.tree import TopicTree

RECUT_AFTER_MS = 250  # after the slider's last move
FIND_AFTER_MS = 60  # after the last letter, so that a quick hand waits for no tree in between
LEAST = 2


class TopicPane(QFrame):
    """`recut` carries the number of topics wished for; `shown` that another tree is looked at.

    `edit` gives it what the edits do; before that it only shows.
    """

    recut = Signal(int)
    shown = Signal()

    def __init__(self, propose: QWidget, start: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.snapshot = TopicsSnapshot()
        self.actions_: EditActions | None = None
        self._found: list[Key] = []
        self.slider = kit.slider("Granularity", LEAST, LEAST + 1, value=LEAST)
        self._recut_later = self._timer(RECUT_AFTER_MS)
        self._recut_later.timeout.connect(lambda: self.recut.emit(self.slider.value()))
        self.slider.valueChanged.connect(self._slide)
        self.many = kit.label("", "strong")
        self.views = kit.Segments(("Current", "Proposed"))
        self.views.chosen.connect(lambda _: self._draw())
        self.tree = TopicTree()
        self.tree.picked.connect(self._show_picked)
        self.tree.refused.connect(self._show_refusal)
        self.tree.customContextMenuRequested.connect(self._open_menu)
        self.finding = Finding()
        self._find_later = self._timer(FIND_AFTER_MS)
        self._find_later.timeout.connect(self._find)
        self.finding.changed.connect(self._find_later.start)
        self.finding.stepped.connect(self.step)
        self.finding.left.connect(self.tree.setFocus)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.tree)
        words = "No topics yet. Find them in the data, or start from something of your own."
        self.stack.addWidget(kit.empty("tree-structure", words, propose, start))
        nothing = "No topic has these words in its name."
        clear = kit.button("Clear the search", self.finding.box.clear)
        self.stack.addWidget(kit.empty("magnifying-glass", nothing, clear))
        top, foot = self._make_slider(), self._make_foot()
        self.setLayout(kit.column(top, self._make_bar(), (self.stack, 1), foot, gap=0))

    @property
    def proposed(self) -> bool:
        """Whether the proposal's tree is looked at, not the stored one."""
        snapshot = self.snapshot
        if snapshot.proposal is None:
            return False
        return not snapshot.lines or self.views.selected == 1

    @property
    def lines(self) -> Lines:
        """All lines of the tree that is looked at, also those a search hides."""
        return self.snapshot.arranged_proposal if self.proposed else self.snapshot.arranged

    def edit(
        self, do: Mapping[str, Callable[[], object]], color: Callable[[int], object]
    ) -> EditActions:
        """Make the actions and their buttons."""
        self.actions_ = actions = EditActions(self.tree, do, color)
        more = kit.tool_button("dots-three", "More edits", self._open_menu_below)
        self.more = more
        self.buttons = {name: actions.button(name) for name in BUTTONS}
        self.edits.setLayout(kit.row(*self.buttons.values(), more, gap=0))
        return actions

    def show_snapshot(self, snapshot: TopicsSnapshot) -> None:
        if snapshot.proposal is None:
            self.views.select(0)
        self.snapshot = snapshot
        self._draw()

    def start_over(self) -> None:
        """Another dataset is open: nothing of this one is to be asked for or edited any more."""
        self._recut_later.stop()
        self._find_later.stop()
        self.tree.start_over()
        self._show_picked()

    def compare(self) -> None:
        """Between the stored and the proposed tree."""
        self.views.select(1 - self.views.selected)
        self._draw()

    def step(self, by: int) -> None:
        """To the next topic that was found, or the one before; around at the ends."""
        if self._find_later.isActive():
            self._find_later.stop()
            self._find()
        if not self._found:
            return
        line = self.tree.current()
        at = self._found.index(line.key) if line is not None and line.key in self._found else None
        first = 0 if by > 0 else len(self._found) - 1
        self.tree.pick(self._found[first if at is None else (at + by) % len(self._found)])

    def _timer(self, milliseconds: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        return timer

    def _make_slider(self) -> QWidget:
        fewer, more = kit.label("Fewer", "small", "muted"), kit.label("More", "small", "muted")
        line = kit.row(fewer, (self.slider, 1), more, self.many, gap=10, margin=(16, 12, 16, 10))
        self.fineness = kit.holder(kit.column(line, kit.rule(), gap=0))
        return self.fineness

    def _make_bar(self) -> QWidget:
        self.edits = QWidget()
        find = kit.row((self.finding, 1), self.edits, gap=4)
        lines = kit.column(kit.row(self.views, None), find, gap=6)
        self.bar = kit.holder(lines)
        lines.setContentsMargins(10, 8, 8, 4)
        return self.bar

    def _make_foot(self) -> QWidget:
        self.lost = Badge("Uncategorised 0", "muted")
        self.lost_share = kit.label("", "small", "muted")
        self.tick = kit.label("", "small", "faint")
        self.refusal = kit.label("", "small", "bad", wrap=True)
        self.refusal.hide()
        line = kit.row(self.lost, self.lost_share, None, self.tick)
        lines = kit.column(line, self.refusal, gap=2, margin=(16, 7, 16, 8))
        self.foot = kit.holder(kit.column(kit.rule(), lines, gap=0))
        return self.foot

    def _draw(self) -> None:
        snapshot, proposed = self.snapshot, self.proposed
        both = snapshot.proposal is not None and bool(snapshot.lines)
        self.views.setVisible(both)
        self.edits.setVisible(not proposed)
        self.bar.setVisible(bool(self.lines))
        self.foot.setVisible(bool(self.lines))
        self._show_slider()
        self._show_lost()
        self._draw_tree()
        self.shown.emit()

    def _draw_tree(self) -> None:
        lines, text = self.lines, self.finding.text
        self._found = matching(lines, text) if text else []
        seen = narrowed(lines, self._found) if text else lines
        self.stack.setCurrentIndex(1 if not lines else 2 if text and not self._found else 0)
        self.tree.show_lines(
            seen,
            self.snapshot.tree,
            editable=not self.proposed,
            scored=self.snapshot.scored and not self.proposed,
            searched=text,
        )
        self._show_picked()

    def _find(self) -> None:
        """Narrow the tree to what is searched for, and go to the first."""
        self._draw_tree()
        line = self.tree.current()
        if self._found and (line is None or line.key not in self._found):
            self.tree.pick(self._found[0])
        elif line is not None:
            self.tree.pick(line.key)

    def _show_slider(self) -> None:
        proposal = self.snapshot.proposal
        can = proposal is not None and proposal.k is not None and self.proposed
        self.fineness.setVisible(can)
        if proposal is None or proposal.k is None:
            return
        if not self.slider.isSliderDown() and not self._recut_later.isActive():
            blocked = self.slider.blockSignals(True)
            self.slider.setRange(LEAST, max(LEAST + 1, min(proposal.finest or LEAST, MAX_LEAVES)))
            self.slider.setValue(proposal.k)
            self.slider.blockSignals(blocked)
            self.many.setText(f"{proposal.k} topics")

    def _slide(self, value: int) -> None:
        self.many.setText(f"{value} topics")
        self.slider.setAccessibleDescription(f"{value} topics")
        self._recut_later.start()

    def _show_lost(self) -> None:
        snapshot = self.snapshot
        goals = any(line.goal is not None for line in snapshot.arranged.by_key.values())
        self.tick.setVisible(goals and not self.proposed)
        self.tick.setText("tick = share wanted" if snapshot.own_targets else "tick = even share")
        if self.proposed:
            self.lost.show_text("not applied", "info")
            self.lost_share.setText("Records stay as they are")
            return
        n, valid = snapshot.uncategorised, snapshot.stats.valid
        share = n / valid if valid else 0.0
        high = share > DEFAULTS.uncategorised
        self.lost.show_text(f"Uncategorised {n:,}", "warn" if high else "muted")
        self.lost_share.setText(f"{share * 100:.1f} % fit no topic")

    def _show_refusal(self, why: str) -> None:
        self.refusal.setVisible(bool(why))
        self.refusal.setText(why)

    def _show_picked(self) -> None:
        line = self.tree.current()
        found = self._found
        place = found.index(line.key) + 1 if line is not None and line.key in found else 0
        if not self._find_later.isActive():  # else what is searched for was not looked up yet
            self.finding.show_count(place, len(found))
        if self.actions_ is not None:
            self.actions_.show_selected(self.tree.selected(), line, editable=not self.proposed)

    def _open_menu(self, place: QPoint) -> None:
        if self.actions_ is not None:
            self.actions_.menu.popup(self.tree.viewport().mapToGlobal(place))

    def _open_menu_below(self) -> None:
        if self.actions_ is not None:
            self.actions_.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
