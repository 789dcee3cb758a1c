"""The bar above the record list: search, topic, issues and states; it only tells what was chosen."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from app.store.filters import ANY_ISSUE
from app.store.records import RecordFilter
from app.ui import kit
from app.ui.records.model import plain_code
from app.ui.records.snapshot import RecordsSnapshot
from app.ui.theme import theme

SEARCH_AFTER_MS = 200  # after the last key
NARROW = 400  # under this the search has a line of its own
STATES = ("valid", "issues", "review", "uncategorised", "ids")


class FilterBar(QWidget):
    """`chosen` carries the whole filter."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._spec = RecordFilter()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_AFTER_MS)
        self._timer.timeout.connect(self._search_now)
        self.search = kit.search_box("Search records", lambda _: self._timer.start())
        self.topics = kit.combo("Topic", ["All topics"], self._choose_topic)
        self._leaves: list[tuple[int, ...] | None] = [None]
        self.topics.setMinimumWidth(theme().px(118))
        self.issues = kit.drop_button("All", icon="funnel")
        self.issues.setAccessibleName("Issues")
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(12, 10, 12, 8)
        self._line.setSpacing(8)
        self._line.addWidget(self.search, 1)
        self._line.addLayout(kit.row((self.topics, 1), self.issues), 0)

    def show_snapshot(self, snapshot: RecordsSnapshot) -> None:
        """The choices there are, with their counts, and the ones made."""
        self._spec = snapshot.view.spec
        if not self._timer.isActive() and self.search.text().split() != self._spec.text.split():
            was = self.search.blockSignals(True)
            self.search.setText(self._spec.text)
            self.search.blockSignals(was)
        self.search.setPlaceholderText(f"Search {snapshot.stats.records:,} records")
        self._show_topics(snapshot)
        self._show_issues(snapshot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < theme().px(NARROW)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._line.setDirection(down if narrow else across)

    def _show_topics(self, snapshot: RecordsSnapshot) -> None:
        names, self._leaves = ["All topics"], [None]
        for topic in snapshot.topics:
            names.append("   " * (len(topic.path) - 1) + topic.name)
            self._leaves.append(topic.leaves)
        self.topics.clear()
        self.topics.addItems(names)
        self.topics.setEnabled(len(names) > 1)
        self.topics.setToolTip("" if len(names) > 1 else "There are no topics yet")
        wanted = self._spec.topic_ids
        self.topics.setCurrentIndex(self._leaves.index(wanted) if wanted in self._leaves else 0)

    def _show_issues(self, snapshot: RecordsSnapshot) -> None:
        stats, spec = snapshot.stats, self._spec
        issues = stats.invalid + stats.warned
        kit.set_entries(
            self.issues,
            [
                self._entry("All records", stats.records, lambda s: not _narrowed(s)),
                kit.Entry(),
                self._entry("Any issue", issues, lambda s: s.issues == ANY_ISSUE, issues=ANY_ISSUE),
                self._entry("Invalid", stats.invalid, lambda s: s.valid is False, valid=False),
                *(
                    self._entry(
                        plain_code(code), n, lambda s, c=(code,): s.issues == c, issues=(code,)
                    )
                    for code, n in stats.issues.items()
                ),
                kit.Entry(),
                self._entry("In review", stats.review, lambda s: s.review, review=True),
                self._entry(
                    "Uncategorised",
                    stats.valid - stats.categorised,
                    lambda s: s.uncategorised,
                    uncategorised=True,
                ),
            ],
        )
        self.issues.setText(state_words(spec, issues))

    def _entry(
        self, words: str, count: int, chosen: Callable[..., bool], **values: object
    ) -> kit.Entry:
        kept = RecordFilter(text=self._spec.text, topic_ids=self._spec.topic_ids)
        spec = kept.model_copy(update=values)
        return kit.Entry(
            f"{words}  {count:,}",
            lambda: self.chosen.emit(spec),
            checked=chosen(self._spec),
            enabled=bool(count) or not values,
        )

    def _choose_topic(self, index: int) -> None:
        leaves = self._leaves[index]
        self.chosen.emit(self._spec.model_copy(update={"topic_ids": leaves}))

    def _search_now(self) -> None:
        self.chosen.emit(self._spec.model_copy(update={"text": self.search.text().strip()}))


def _narrowed(spec: RecordFilter) -> bool:
    return any(getattr(spec, name) not in (None, False, ()) for name in STATES)


def state_words(spec: RecordFilter, issues: int) -> str:
    """What the issues button says: the choice, or how many issues there are."""
    if len(spec.issues) == 1:
        return plain_code(spec.issues[0]).capitalize()
    if spec.valid is False:
        return "Invalid"
    if spec.review:
        return "In review"
    if spec.uncategorised:
        return "Uncategorised"
    if spec.ids is not None:
        return f"Chosen {len(spec.ids):,}"
    return "With issues" if spec.issues else f"Issues {issues:,}"
