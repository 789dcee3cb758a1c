"""The edits one can make in the topic tree: one table feeds its keys, its menu and its buttons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.ui import kit
from app.ui.theme import theme
from app.ui.topics.cells import COLOR_NAMES
from app.ui.topics.lines import Line

# What must be selected: nothing; one topic; one leaf; leaves only; any; two or more.
Needs = Literal["", "one", "leaf", "leaves", "some", "several"]
NEEDED: dict[Needs, str] = {
    "one": "select one topic",
    "leaf": "select one topic without subtopics",
    "leaves": "select topics without subtopics",
    "some": "select a topic",
    "several": "select two or more topics",
}


@dataclass(frozen=True)
class Edit:
    """`keys` as Qt writes them; `group` begins anew where the menu has a rule."""

    name: str
    words: str
    keys: str = ""
    needs: Needs = ""
    icon: str = ""
    group: int = 0


EDITS = (
    Edit("add", "Add a topic beside…", "Return", icon="plus"),
    Edit("add_below", "Add a topic below…", "Ctrl+Return", "one"),
    Edit("add_list", "Add a list of topics…", "Ctrl+Shift+V"),
    Edit("rename", "Rename", "F2", "one", "pencil-simple", 1),
    Edit("describe", "Describe…", "Ctrl+D", "one", group=1),
    Edit("target", "Target…", "Ctrl+T", "leaves", "target", 1),
    Edit("lock", "Lock or unlock", "Ctrl+Shift+K", "some", "lock-simple", 1),
    Edit("merge", "Merge", "Ctrl+M", "several", "git-merge", 2),
    Edit("split", "Split…", "Ctrl+Shift+M", "leaf", "git-branch", 2),
    Edit("cut", "Cut", "Ctrl+X", "some", group=3),
    Edit("paste", "Paste", "Ctrl+V", group=3),
    Edit("uncut", "Cancel the cut", "Esc", group=3),
    Edit("up", "Move up", "Alt+Up", "some", group=3),
    Edit("down", "Move down", "Alt+Down", "some", group=3),
    Edit("indent", "Move below the topic above", "Alt+Right", "some", group=3),
    Edit("outdent", "Move out of its group", "Alt+Left", "some", group=3),
    Edit("delete", "Delete", "Del", "some", "trash", 4),
    Edit("all", "Select all", "Ctrl+A", group=5),
    Edit("unfold", "Open all groups", "Ctrl+Shift+Right", group=5),
    Edit("fold", "Close all groups", "Ctrl+Shift+Left", group=5),
    Edit("import", "Import topics…", group=6),
    Edit("export", "Export topics…", group=6),
)
VIEWING = ("all", "unfold", "fold")  # what can be done with a proposal, which cannot be edited
BUTTONS = ("add", "rename", "merge", "split", "delete")


class EditActions:
    """An action for each edit and each colour, on the tree; `do` has what each name does."""

    def __init__(
        self, tree: QWidget, do: Mapping[str, Callable[[], object]], color: Callable[[int], object]
    ) -> None:
        self.by_name = {edit.name: _action(tree, edit, do[edit.name]) for edit in EDITS}
        self.colors = [
            _keyed(tree, QAction(name.capitalize(), tree), f"Alt+{n}", partial(color, n))
            for n, name in enumerate(COLOR_NAMES)
        ]
        self.menu = QMenu(tree)
        self.menu.setToolTipsVisible(True)
        self._color_menu = QMenu("Colour", self.menu)
        self._fill_menu()
        self.menu.aboutToShow.connect(self._tint)

    def show_selected(self, lines: list[Line], current: Line | None, *, editable: bool) -> None:
        """Switch each on or off by what is selected, and say what it needs."""
        met = fitting(lines)
        for edit in EDITS:
            action = self.by_name[edit.name]
            action.setEnabled((editable or edit.name in VIEWING) and edit.needs in met)
            why = "" if edit.needs in met else f": {NEEDED[edit.needs]}"
            action.setToolTip(f"{edit.words.rstrip('…')}{_keys(action)}{why}")
        for action in (*self.colors, self._color_menu.menuAction()):
            action.setEnabled(editable and bool(lines))
        merge = self.by_name["merge"]
        if merge.isEnabled():
            name = merged_into(lines, current).name
            merge.setToolTip(kit.tip(f"Merge the selected topics into “{name}”{_keys(merge)}"))

    def button(self, name: str) -> QToolButton:
        """An icon button for the edit, which follows it."""
        edit = next(edit for edit in EDITS if edit.name == name)
        action = self.by_name[name]
        widget = kit.tool_button(edit.icon, edit.words.rstrip("…"), action.trigger)
        action.changed.connect(partial(_follow, widget, action))
        return widget

    def _fill_menu(self) -> None:
        group = 0
        for edit in EDITS:
            if edit.group != group:
                self.menu.addSeparator()
                group = edit.group
            self.menu.addAction(self.by_name[edit.name])
            if edit.name == "lock":
                self.menu.addMenu(self._color_menu)
        self._color_menu.addActions(self.colors)

    def _tint(self) -> None:
        """The dots of the colours, in those of the theme in use."""
        for number, action in enumerate(self.colors[1:]):
            action.setIcon(dot(theme().category(number)))


def merged_into(lines: Sequence[Line], current: Line | None) -> Line:
    """Which of the selected topics the others are merged into: the one with the focus, which may
    have been taken out of the selection; then the first."""
    return next((ln for ln in lines if current is not None and ln.key == current.key), lines[0])


def fitting(lines: list[Line]) -> set[Needs]:
    """Which needs are met by what is selected."""
    leaves = bool(lines) and all(line.leaf for line in lines)
    met: dict[Needs, bool] = {
        "": True,
        "one": len(lines) == 1,
        "leaf": leaves and len(lines) == 1,
        "leaves": leaves,
        "some": bool(lines),
        "several": len(lines) > 1,
    }
    return {needs for needs, holds in met.items() if holds}


def dot(color: QColor, size: int = 12) -> QIcon:
    """A round icon of one colour."""
    picture = QPixmap(size * 2, size * 2)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(2, 2, size * 2 - 4, size * 2 - 4)
    return QIcon(picture)


def _action(tree: QWidget, edit: Edit, do: Callable[[], object]) -> QAction:
    return _keyed(tree, QAction(edit.words, tree), edit.keys, do)


def _keyed(tree: QWidget, action: QAction, keys: str, do: Callable[[], object]) -> QAction:
    """The keys work while the tree has the focus, not in an editor within it."""
    action.setShortcut(QKeySequence(keys))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.triggered.connect(lambda: do())
    tree.addAction(action)
    return action


def _keys(action: QAction) -> str:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f" ({keys})" if keys else ""


def _follow(widget: QToolButton, action: QAction) -> None:
    widget.setEnabled(action.isEnabled())
    widget.setToolTip(action.toolTip())
