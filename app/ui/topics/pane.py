"""The card with the topic tree: how fine, stored or proposed, the edits, what fits no topic."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from app.domain.thresholds import DEFAULTS
from app.domain.topics import MAX_LEAVES
from app.ui import kit
from app.ui.parts import Badge
from app.ui.topics.snapshot import TopicsSnapshot
from app.ui.topics.tree import TopicTree

RECUT_AFTER_MS = 250  # after the slider's last move
LEAST = 2


class TopicPane(QFrame):
    """`recut` carries the number of topics wished for; `shown` that another tree is looked at."""

    recut = Signal(int)
    shown = Signal()
    add_asked = Signal()
    merge_asked = Signal()
    delete_asked = Signal()

    def __init__(self, propose: QWidget, start: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.snapshot = TopicsSnapshot()
        self.slider = kit.slider("Granularity", LEAST, LEAST + 1, value=LEAST)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(RECUT_AFTER_MS)
        self._timer.timeout.connect(lambda: self.recut.emit(self.slider.value()))
        self.slider.valueChanged.connect(self._slide)
        self.many = kit.label("", "strong")
        self.views = kit.Segments(("Current", "Proposed"))
        self.views.chosen.connect(lambda _: self._draw())
        self.tree = TopicTree()
        self.tree.picked.connect(self._show_edits)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.tree)
        words = "No topics yet. Find them in the data, or start from something of your own."
        self.stack.addWidget(kit.empty("tree-structure", words, propose, start))
        self.setLayout(
            kit.column(
                self._make_slider(), self._make_bar(), (self.stack, 1), self._make_foot(), gap=0
            )
        )

    @property
    def proposed(self) -> bool:
        """Whether the proposal's tree is looked at, not the stored one."""
        snapshot = self.snapshot
        if snapshot.proposal is None:
            return False
        return not snapshot.lines or self.views.selected == 1

    def show_snapshot(self, snapshot: TopicsSnapshot) -> None:
        if snapshot.proposal is None:
            self.views.select(0)
        self.snapshot = snapshot
        self._draw()

    def compare(self) -> None:
        """Between the stored and the proposed tree."""
        self.views.select(1 - self.views.selected)
        self._draw()

    def _make_slider(self) -> QWidget:
        fewer, more = kit.label("Fewer", "small", "muted"), kit.label("More", "small", "muted")
        line = kit.row(fewer, (self.slider, 1), more, self.many, gap=10, margin=(16, 12, 16, 10))
        self.fineness = kit.holder(kit.column(line, kit.rule(), gap=0))
        return self.fineness

    def _make_bar(self) -> QWidget:
        self.add = kit.tool_button("plus", "Add a topic", self.add_asked.emit)
        self.rename = kit.tool_button("pencil-simple", "Rename (F2)", self.tree.rename)
        self.merge = kit.tool_button("git-merge", "Merge", self.merge_asked.emit)
        self.move_to = kit.drop_button("Move to", kind="ghost", small=True)
        self.delete = kit.tool_button("trash", "Delete (Del)", self.delete_asked.emit)
        self.edits = kit.holder(
            kit.row(self.add, self.rename, self.merge, self.delete, self.move_to, gap=2)
        )
        lines = kit.column(kit.row(self.views, None), kit.row(self.edits, None), gap=4)
        self.bar = kit.holder(lines)
        lines.setContentsMargins(12, 8, 12, 0)
        return self.bar

    def _make_foot(self) -> QWidget:
        self.lost = Badge("Uncategorised 0", "muted")
        self.lost_share = kit.label("", "small", "muted")
        self.tick = kit.label("tick = even share", "small", "faint")
        line = kit.row(self.lost, self.lost_share, None, self.tick, margin=(16, 7, 16, 8))
        self.foot = kit.holder(kit.column(kit.rule(), line, gap=0))
        return self.foot

    def _draw(self) -> None:
        snapshot, proposed = self.snapshot, self.proposed
        both = snapshot.proposal is not None and bool(snapshot.lines)
        lines = snapshot.proposed if proposed else snapshot.lines
        self.stack.setCurrentIndex(0 if lines else 1)
        self.views.setVisible(both)
        self.edits.setVisible(not proposed)
        self.bar.setVisible(both or bool(snapshot.lines))
        self.foot.setVisible(bool(lines))
        self._show_slider()
        self._show_lost()
        self.tree.show_lines(lines, quota=snapshot.quota, editable=not proposed)
        self._show_edits()
        self.shown.emit()

    def _show_slider(self) -> None:
        proposal = self.snapshot.proposal
        can = proposal is not None and proposal.k is not None and self.proposed
        self.fineness.setVisible(can)
        if proposal is None or proposal.k is None:
            return
        if not self.slider.isSliderDown() and not self._timer.isActive():
            blocked = self.slider.blockSignals(True)
            self.slider.setRange(LEAST, max(LEAST + 1, min(proposal.finest or LEAST, MAX_LEAVES)))
            self.slider.setValue(proposal.k)
            self.slider.blockSignals(blocked)
            self.many.setText(f"{proposal.k} topics")

    def _slide(self, value: int) -> None:
        self.many.setText(f"{value} topics")
        self.slider.setAccessibleDescription(f"{value} topics")
        self._timer.start()

    def _show_lost(self) -> None:
        snapshot = self.snapshot
        self.tick.setVisible(not self.proposed)
        if self.proposed:
            self.lost.show_text("not applied", "info")
            self.lost_share.setText("Records stay as they are")
            return
        n, valid = snapshot.uncategorised, snapshot.stats.valid
        share = n / valid if valid else 0.0
        high = share > DEFAULTS.uncategorised
        self.lost.show_text(f"Uncategorised {n:,}", "warn" if high else "muted")
        self.lost_share.setText(f"{share * 100:.1f} % fit no topic")

    def _show_edits(self) -> None:
        chosen = self.tree.selected()
        into = self.tree.current()
        can_merge = len(chosen) > 1 and into is not None and all(line.leaf for line in chosen)
        self.rename.setEnabled(bool(chosen))
        self.delete.setEnabled(bool(chosen))
        self.merge.setEnabled(can_merge)
        tip = f"Merge the selected topics into “{into.name}”" if can_merge and into else ""
        self.merge.setToolTip(tip or "Merge: select two or more topics without subtopics")
        self.move_to.setEnabled(len(chosen) == 1)
