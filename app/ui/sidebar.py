"""The left side: the datasets, the open one's health and goal, and where the words come from."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from app.llm.address import host_of, is_loopback
from app.llm.connections import Connection
from app.store.library import DatasetInfo
from app.store.records import RecordStats
from app.ui import kit
from app.ui.datasets.model import DatasetModel
from app.ui.datasets.view import LineView, sort_button
from app.ui.parts.bars import StackBar
from app.ui.parts.paint import Tone

SEARCH_FROM = 7  # datasets: fewer are all seen at once
HEALTH: tuple[tuple[str, str, str, Tone], ...] = (
    ("Valid", "check-circle", "good", "good"),
    ("Near duplicates", "warning", "warn_text", "warn"),
    ("Duplicates", "copy", "text_3", "muted"),
    ("Invalid", "x-circle", "bad_text", "bad"),
)


class Sidebar(QWidget):
    """Shows what it is given; asks by signals."""

    open_asked = Signal()
    asked = Signal(str, str)  # a verb of `datasets.view.VERBS`, and a dataset's id
    issues_asked = Signal()
    goal_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dock")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Datasets")
        plus = kit.tool_button("plus", "Open a file", self.open_asked.emit)
        self.datasets = DatasetModel()
        self.list = LineView(self.datasets)
        self.list.asked.connect(self.asked)
        self.search = kit.search_box("Search datasets", self.datasets.search)
        self.sort = sort_button(self.datasets)
        title = kit.label("Datasets", "strong")
        head = kit.row(title, None, self.sort, plus, margin=(10, 0, 2, 0))
        self._nothing = self._make_nothing()
        self._health, self._goal = (
            HealthView(self.issues_asked.emit),
            GoalView(self.goal_asked.emit),
        )
        self._about = kit.holder(kit.column(self._health, 6, kit.rule(), 6, self._goal, gap=0))
        self._about.hide()
        foot = self._make_foot()
        self.setLayout(
            kit.column(
                head,
                self.search,
                self._nothing,
                (self.list, 1000),
                self._about,
                None,
                kit.rule(),
                foot,
                gap=6,
                margin=(8, 10, 8, 10),
            )
        )

    def _make_foot(self) -> QWidget:
        self._model = kit.ElidedLabel("", "small")
        self._place = kit.ElidedLabel("", "small", "faint")
        words = kit.holder(kit.column(self._model, self._place, gap=0))
        icon = kit.IconLabel("desktop-tower", "text_3")
        foot = QWidget()
        foot.setLayout(kit.row(icon, (words, 1), margin=(10, 0, 4, 0)))
        self.show_connection(None)
        return foot

    def show_connection(self, connection: Connection | None) -> None:
        """Which model answers, and whether anything leaves this computer."""
        self._model.show_text(_called(connection) if connection else "No model connected")
        away = "" if connection is None else connection.base_url
        here = not away or is_loopback(away)
        self._place.show_text("All on this computer" if here else f"Excerpts go to {host_of(away)}")

    def show_datasets(self, infos: Sequence[DatasetInfo], selected: str) -> None:
        self.datasets.show_infos(infos, selected)
        many = len(infos) >= SEARCH_FROM
        self.search.setVisible(many)
        self.sort.setVisible(many)
        self._nothing.setVisible(not infos)
        self.list.setVisible(bool(infos))

    def _make_nothing(self) -> QWidget:
        words = kit.label("Open a file or try the sample.", "small", "muted", wrap=True)
        nothing = kit.label("None yet", "body", "muted")
        place = QWidget()
        place.setLayout(kit.column(nothing, words, gap=2, margin=(10, 4, 10, 8)))
        return place

    def show_about(self, stats: RecordStats, goal: str) -> None:
        """Health and goal of the open dataset."""
        self._health.show_stats(stats)
        self._goal.show_goal(goal)
        self._about.show()

    def hide_about(self) -> None:
        self._about.hide()


def _called(connection: Connection) -> str:
    return f"{connection.model}, {connection.name}" if connection.model else connection.name


class HealthView(QWidget):
    """Valid, near duplicates, duplicates, invalid: a bar and four lines that add up to all."""

    def __init__(self, on_issues: Callable[[], object]) -> None:
        super().__init__()
        self._total = kit.label("", "small", "muted")
        self._bar = StackBar()
        self._counts = [kit.label("", "small", "muted") for _ in HEALTH]
        lines = [
            kit.row(kit.IconLabel(icon, color, 14), kit.label(name, "small"), None, count)
            for (name, icon, color, _), count in zip(HEALTH, self._counts, strict=True)
        ]
        self.issues = kit.button("View issues", on_issues, small=True)
        title = kit.row(kit.label("Health", "strong"), None, self._total)
        buttons = kit.row(self.issues, None, margin=(0, 4, 0, 0))
        self.setLayout(
            kit.column(
                kit.rule(), 2, title, self._bar, 2, *lines, buttons, gap=6, margin=(8, 0, 8, 0)
            )
        )

    def show_stats(self, stats: RecordStats) -> None:
        counts = health_counts(stats)
        parts = (counts[0] - counts[1], *counts[1:])
        self._total.setText(f"{stats.records:,} records")
        self._bar.show_parts(
            [(name, part, tone) for (name, _, _, tone), part in zip(HEALTH, parts, strict=True)]
        )
        for widget, count in zip(self._counts, counts, strict=True):
            widget.setText(f"{count:,}")
        self.issues.setEnabled(sum(counts[1:]) > 0)
        self.issues.setToolTip("" if sum(counts[1:]) else "No record has an issue")


class GoalView(QWidget):
    """What the model should do well, and the pencil to change it."""

    def __init__(self, on_edit: Callable[[], object]) -> None:
        super().__init__()
        self.edit = kit.tool_button("pencil-simple", "Edit the goal", on_edit)
        self._text = kit.label("", "small", "muted", wrap=True)
        title = kit.row(kit.label("Goal", "strong"), None, self.edit)
        self.setLayout(kit.column(title, self._text, gap=2, margin=(10, 0, 10, 6)))

    def show_goal(self, goal: str) -> None:
        self._text.setText(goal or "Not said yet: what should the model do well?")


def health_counts(stats: RecordStats) -> tuple[int, int, int, int]:
    """Valid, near duplicates among them, exact duplicates, invalid for other reasons; as HEALTH.

    An exact duplicate is invalid by that reason, a near duplicate is valid with a warning.
    """
    exact = min(stats.duplicates, stats.invalid)
    return stats.valid, min(stats.near_duplicates, stats.valid), exact, stats.invalid - exact
