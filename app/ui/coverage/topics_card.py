"""The card of the topics: table or map, every level, thin ones only; it only tells what is wanted."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QStackedWidget

from app.domain.treemap import Area
from app.domain.wording import number
from app.ui import kit
from app.ui.coverage.rows import TopicLevel, TopicRow
from app.ui.coverage.table import SORTS, TopicTable
from app.ui.coverage.treemap import TreeMap

TABLE, MAP = 0, 1
MAP_FOOT = (
    "Area: records. Colour: how much of its quota a topic has, the strongest all of it. "
    "Click, or Return, for the records."
)


class TopicsCard(QFrame):
    """`topic_opened` tells the id of a topic or group whose records are wanted."""

    topic_opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._levels: Sequence[TopicLevel] = ()
        self._foot = ""
        self.table, self.map = TopicTable(), TreeMap()
        for view in (self.table, self.map):
            view.topic_opened.connect(self.topic_opened)
        self.views = kit.Segments(("Table", "Map"))
        self.views.chosen.connect(lambda _: self._show_level())
        self.thin = QCheckBox("Thin only")
        self.thin.toggled.connect(lambda _: self._narrow())
        self.sorts = kit.drop_button("Sort", kind="ghost", small=True)
        kit.set_entries(self.sorts, [self._sort_entry(*each) for each in SORTS])
        self.search = kit.search_box("Find a topic", lambda _: self._narrow())
        self.search.setMinimumWidth(90)
        self.levels = kit.Segments(("Leaves",))
        self._level_place = QHBoxLayout()
        self._level_place.addWidget(self.levels)
        self.stack = QStackedWidget()
        self.stack.addWidget(kit.frame(kit.column((self.table, 1), margin=(5, 0, 5, 0)), "bar"))
        self.stack.addWidget(kit.frame(kit.column((self.map, 1), margin=(12, 2, 12, 8)), "bar"))
        self.foot = kit.label("", "small", "muted", wrap=True)
        title = kit.label("Topics", "h2")
        head = kit.row(
            title,
            (self.search, 1),
            self.thin,
            self.sorts,
            self._level_place,
            self.views,
            margin=(16, 10, 12, 6),
        )
        foot = kit.row((self.foot, 1), margin=(16, 7, 16, 9))
        self.setLayout(kit.column(head, (self.stack, 1), kit.rule(), foot, gap=0))

    def show_topics(
        self,
        levels: Sequence[TopicLevel],
        areas: Sequence[Area],
        by_id: Mapping[int, TopicRow],
        foot: str,
    ) -> None:
        """Replace what is shown; the level, the view and the filter stay."""
        if [level.title for level in levels] != [level.title for level in self._levels]:
            self._set_levels([level.title for level in levels])
        self._levels, self._foot = levels, foot
        self.map.show_tree(areas, by_id)
        self._show_level()

    def _set_levels(self, titles: Sequence[str]) -> None:
        kit.clear(self._level_place)
        self.levels = kit.Segments(titles)
        self.levels.chosen.connect(lambda _: self._show_level())
        self._level_place.addWidget(self.levels)

    def _show_level(self) -> None:
        view = self.views.selected
        self.stack.setCurrentIndex(view)
        for widget in (self.search, self.thin, self.sorts):
            widget.setVisible(view == TABLE)
        self.levels.setVisible(view == TABLE and len(self._levels) > 1)
        if not self._levels:
            return
        level = self._levels[self.levels.selected]
        self.table.show_topics(level.rows)
        self._show_foot(level)

    def _show_foot(self, level: TopicLevel) -> None:
        figures = (
            f"{level.title}: balance {number(level.balance)}, coverage {number(level.coverage)}. "
        )
        several = figures if len(self._levels) > 1 else ""
        found = f"{len(self.table.topics.rows):,} of {len(level.rows):,} shown. "
        part = found if len(self.table.topics.rows) < len(level.rows) else ""
        self.foot.setText(MAP_FOOT if self.views.selected == MAP else part + several + self._foot)

    def _narrow(self) -> None:
        self.table.topics.narrow(thin=self.thin.isChecked(), words=self.search.text())
        if self._levels:
            self._show_foot(self._levels[self.levels.selected])

    def _sort_entry(self, column: int, words: str, order: Qt.SortOrder) -> kit.Entry:
        return kit.Entry(words, lambda: self.table.topics.sort(column, order))
