"""PySide6 6.12.0 loses a reference to None in each of these calls and aborts after some thousand."""

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QStandardItemModel,
    QTextOption,
)
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTextBrowser,
    QWidget,
)

CALLS = 400
DRIFT = 0.05  # references per call; the fault is a whole one


def drift(call: Callable[[], object], calls: int = CALLS) -> float:
    """References to None won or lost per call."""
    call()
    before = sys.getrefcount(None)
    for _ in range(calls):
        call()
    return (sys.getrefcount(None) - before) / calls


def holds(call: Callable[[], object], calls: int = CALLS) -> bool:
    # Python 3.12 made None immortal: its count says nothing there, and the fault cannot bite.
    return sys.version_info >= (3, 12) or abs(drift(call, calls)) <= DRIFT


@pytest.mark.usefixtures("qapp")
def test_painter_calls_keep_none() -> None:
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    rect, color, flags = QRect(0, 0, 50, 20), QColor("#223344"), Qt.AlignmentFlag.AlignVCenter
    with QPainter(image) as painter:
        calls: dict[str, Callable[[], object]] = {
            "fillRect": lambda: painter.fillRect(rect, color),
            "setPen": lambda: painter.setPen(color),
            "setPen of a pen": lambda: painter.setPen(QPen(color)),
            "drawText": lambda: painter.drawText(rect, int(flags), "abc"),
            "drawText at a point": lambda: painter.drawText(QPoint(3, 3), "abc"),
            "drawText with options": lambda: painter.drawText(QRectF(rect), "abc", QTextOption()),
            "drawImage": lambda: painter.drawImage(0, 0, image),
            "save, restore": lambda: (painter.save(), painter.restore()),
        }
        lost = [name for name, call in calls.items() if not holds(call)]
    assert not lost


@pytest.mark.usefixtures("qapp")
def test_models_and_repaints_keep_none() -> None:
    class Delegate(QStyledItemDelegate):
        def paint(
            self,
            painter: QPainter,
            option: QStyleOptionViewItem,
            index: QModelIndex | QPersistentModelIndex,
        ) -> None:
            return

    class Painted(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            return

    model = QStandardItemModel(10, 2)
    view = QTableView()
    view.setModel(model)
    view.setItemDelegate(Delegate(view))
    view.resize(300, 200)
    widget = Painted()
    for shown in (view, widget):
        shown.show()
    QApplication.processEvents()
    index = model.index(0, 0)
    assert holds(lambda: index.data(Qt.ItemDataRole.DecorationRole))
    assert holds(lambda: view.viewport().repaint(), 50)
    assert holds(lambda: widget.repaint(), 50)
    assert holds(lambda: QApplication.processEvents(), 100)


@pytest.mark.usefixtures("qapp")
def test_text_calls_keep_none() -> None:
    browser, label = QTextBrowser(), QLabel()
    cursor = browser.textCursor()
    assert holds(lambda: cursor.insertText("a"))
    assert holds(lambda: browser.setMarkdown("a"), 50)
    assert holds(lambda: label.setText("a"))
