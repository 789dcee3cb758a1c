"""Things side by side where there is room for it, one below the other where there is not."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QSizePolicy, QWidget

from app.ui.theme import theme

SIDE_BY_SIDE = QBoxLayout.Direction.LeftToRight
STACKED = QBoxLayout.Direction.TopToBottom


class Reflow(QWidget):
    """`pieces` are (widget, share of the width); under `least` pixels of width they are stacked."""

    def __init__(
        self, pieces: Sequence[tuple[QWidget, int]], *, least: int = 720, gap: int = 12
    ) -> None:
        super().__init__()
        self._least = least
        self._box = QBoxLayout(SIDE_BY_SIDE, self)
        self._box.setSpacing(gap)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        for widget, share in pieces:
            self._box.addWidget(widget, share)

    @property
    def stacked(self) -> bool:
        return self._box.direction() == STACKED

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest piece: what stands side by side must not keep it from stacking."""
        pieces = [item.widget() for i in range(self._box.count()) if (item := self._box.itemAt(i))]
        widths = [piece.minimumSizeHint().width() for piece in pieces if piece is not None]
        return QSize(max(widths, default=0), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < theme().px(self._least)
        self._box.setDirection(STACKED if narrow else SIDE_BY_SIDE)


class Tiles(QWidget):
    """Equal cells in as many columns as have room, from `most` down to one, always a full grid."""

    def __init__(
        self, cells: Sequence[QWidget], *, least: int, most: int = 4, gap: int = 12
    ) -> None:
        super().__init__()
        self.cells, self._least, self._most = tuple(cells), least, most
        self._grid = QGridLayout(self)
        self._grid.setSpacing(gap)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        self._lay_out(most)

    @property
    def columns(self) -> int:
        return self._columns

    def minimumSizeHint(self) -> QSize:
        """One column wide, or it could not shrink to fewer."""
        return QSize(theme().px(self._least), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        gap = self._grid.spacing()
        room = (event.size().width() + gap) // (theme().px(self._least) + gap)
        fits = [n for n in range(1, self._most + 1) if n <= room and not len(self.cells) % n]
        self._lay_out(max(fits, default=1))

    def _lay_out(self, columns: int) -> None:
        if columns == self._columns:
            return
        for index in range(self._columns):
            self._grid.setColumnStretch(index, 0)
        self._columns = columns
        for index, cell in enumerate(self.cells):
            self._grid.removeWidget(cell)
            self._grid.addWidget(cell, *divmod(index, columns), Qt.AlignmentFlag(0))
        for index in range(columns):
            self._grid.setColumnStretch(index, 1)
