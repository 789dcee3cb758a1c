"""The list of datasets that is pointed at: click or Return opens, F2 renames, Delete asks, a menu."""

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QScrollArea, QToolButton, QWidget

from app.store.library import DatasetInfo
from app.ui import kit
from app.ui.datasets.delegates import CARD_WIDTH, CardDelegate, DatasetDelegate, LineDelegate
from app.ui.datasets.model import INFO, SORTS, DatasetModel, Index
from app.ui.theme import theme

MAX_COLUMNS = 3
# verb, words of the menu, key
VERBS: tuple[tuple[str, str, str], ...] = (
    ("open", "Open", "Return"),
    ("rename", "Rename", "F2"),
    ("duplicate", "Duplicate", "Ctrl+D"),
    ("folder", "Show its folder", ""),
    ("", "", ""),
    ("reset", "Reset pipeline…", ""),
    ("delete", "Delete…", "Del"),
)


class DatasetView(QListView):
    """`asked` tells a verb of VERBS and the dataset's id; renaming happens here, in place."""

    asked = Signal(str, str)

    def __init__(self, name: str, model: DatasetModel) -> None:
        super().__init__()
        self.setObjectName("datasets")
        self.setAccessibleName(name)
        self.datasets = model
        self.setModel(model)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        model.modelReset.connect(self._fit)
        model.modelAboutToBeReset.connect(self._keep_current)
        model.modelReset.connect(self._find_current)
        self._current = ""

    def ask(self, verb: str, info: DatasetInfo) -> None:
        """Do what the menu's line does."""
        if verb == "rename":
            self.start_rename(info.id)
        else:
            self.asked.emit(verb, info.id)

    def start_rename(self, dataset_id: str) -> None:
        """Edit the name where it stands."""
        index = self.model().index(self.datasets.row_of(dataset_id), 0)
        self.setCurrentIndex(index)
        self.edit(index)

    def menu_for(self, info: DatasetInfo) -> QMenu:
        """What can be done with a dataset."""
        menu = QMenu(self)
        menu.setAccessibleName(f"More for {info.name}")
        for verb, words, keys in VERBS:
            if not verb:
                menu.addSeparator()
                continue
            action = menu.addAction(f"{words}\t{keys}" if keys else words)
            action.setData(verb)
            action.triggered.connect(lambda _=False, verb=verb: self.ask(verb, info))
        return menu

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            return
        if self._delegate().more_rect(QRectF(self.visualRect(index))).contains(event.position()):
            self._open_menu(index, event.globalPosition().toPoint())
        else:
            self.asked.emit("open", index.data(INFO).id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).center()
            self._open_menu(index, self.mapToGlobal(place) if by_key else event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        verb = _verb_of(event)
        if verb and index.isValid() and self.state() != self.State.EditingState:
            self.ask(verb, index.data(INFO))
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        _bring_into_view(self, self.visualRect(current).center())

    def retheme(self) -> None:
        self.doItemsLayout()
        self._fit()

    def _open_menu(self, index: QModelIndex, place: QPoint) -> None:
        self.setCurrentIndex(index)
        menu = self.menu_for(index.data(INFO))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _delegate(self) -> DatasetDelegate:
        delegate = self.itemDelegate()
        assert isinstance(delegate, DatasetDelegate)
        return delegate

    def _keep_current(self) -> None:
        index = self.currentIndex()
        self._current = index.data(INFO).id if index.isValid() else ""

    def _find_current(self) -> None:
        row = self.datasets.row_of(self._current)
        if row >= 0:
            self.setCurrentIndex(self.model().index(row, 0))

    def _fit(self) -> None:
        """Be as tall as the content, where the place around scrolls."""


class CardView(DatasetView):
    """Cards in a grid of up to three columns, as tall as they need: the page scrolls."""

    def __init__(self, model: DatasetModel) -> None:
        super().__init__("Datasets", model)
        self._cards = CardDelegate(self)
        self.setItemDelegate(self._cards)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        width = self.viewport().width()
        self._cards.columns = max(1, min(MAX_COLUMNS, width // theme().px(CARD_WIDTH)))
        cell = self._cards.cell()
        self.setGridSize(cell)
        rows = -(-self.datasets.rowCount() // self._cards.columns)
        self.setFixedHeight(max(1, rows * cell.height()))


class LineView(DatasetView):
    """Lines below each other; takes no more height than they need, and scrolls."""

    def __init__(self, model: DatasetModel) -> None:
        super().__init__("Datasets", model)
        self.setItemDelegate(LineDelegate(self))
        self.setUniformItemSizes(True)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.maximumHeight())

    def _fit(self) -> None:
        height = self.itemDelegate().sizeHint(None, QModelIndex()).height()  # type: ignore[arg-type]
        self.setMaximumHeight(max(1, self.datasets.rowCount() * height))
        self.updateGeometry()


def sort_button(model: DatasetModel) -> QToolButton:
    """A small button with the orders a list can have."""
    entries = [(words, partial(model.sort_by, index)) for index, (words, _) in enumerate(SORTS)]
    return kit.menu_button("sort-ascending", "Sort the datasets", entries)


def _verb_of(event: QKeyEvent) -> str:
    control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
    match event.key():
        case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
            return "open"
        case Qt.Key.Key_Delete:
            return "delete"
        case Qt.Key.Key_D if control:
            return "duplicate"
    return ""


def _bring_into_view(view: QWidget, place: QPoint) -> None:
    """Scroll the page around the view, which does not scroll itself."""
    outer = view.parentWidget()
    while outer is not None and not isinstance(outer, QScrollArea):
        outer = outer.parentWidget()
    page = outer.widget() if outer is not None else None
    if outer is not None and page is not None and view.isVisible():
        spot = view.mapTo(page, place)
        outer.ensureVisible(spot.x(), spot.y(), 20, 70)
