"""The topics panel in the real window, over a small tree with records, and hands to work it with."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.store import records, topics
from app.store.database import Tx
from app.ui.main_window import MainWindow
from app.ui.topics.lines import Key
from app.ui.topics.tree import TopicTree
from app.ui.topics_panel import TopicsPanel
from app.wiring import App
from tests.programs import add_dataset
from tests.ui.conftest import OpenApp, Until, drawn

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
HOMES = ["Lost"] * 3 + ["Stolen"] * 2 + ["Fees"] * 4 + ["Rates"] * 2


def row(number: int) -> dict[str, Any]:
    """A valid record: one question."""
    return {
        "messages": [{"role": "user", "content": f"question {number}"}],
        "preview": f"question {number}",
        "content_hash": f"h{number}",
        "split": "train",
        "tokens": 3,
        "valid": True,
        "issues": [],
    }


def read_all(tx: Tx) -> tuple[list[Any], list[Any]]:
    """Every topic, and where every record is."""
    placed = "SELECT id, topic_id, topic_source, probability, fit FROM record ORDER BY id"
    return topics.all_topics(tx), tx.sql(placed)


@dataclass
class Hands:
    """The window with the topics panel in front; `ids` are the topics' ids by name."""

    app: App
    window: MainWindow
    panel: TopicsPanel
    ids: dict[str, int]
    until: Until

    @property
    def tree(self) -> TopicTree:
        return self.panel.pane.tree

    def names(self) -> list[str]:
        """The tree as it is shown, from the top down, two spaces for each level."""
        shown: list[str] = []

        def add(parent: Any, depth: int) -> None:
            for at in range(self.tree.topics.rowCount(parent)):
                index = self.tree.topics.index(at, 0, parent)
                shown.append("  " * depth + index.data())
                add(index, depth + 1)

        add(self.tree.rootIndex(), 0)
        return shown

    async def shows(self, *names: str) -> None:
        """Wait until the tree shows this."""
        await self.until(lambda: self.names() == list(names))

    def at(self, name: str) -> QPoint:
        """The middle of a topic's row."""
        return self.tree.visualRect(self.index(name)).center()

    def index(self, name: str) -> Any:
        key = next(k for k, line in self.tree.topics.lines.by_key.items() if line.name == name)
        return self.tree.topics.index_of(key)

    def click(self, name: str, keys: Qt.KeyboardModifier = NONE) -> None:
        """Press and release the mouse on a topic's row."""
        left = Qt.MouseButton.LeftButton
        QTest.mouseClick(self.tree.viewport(), left, keys, self.at(name))

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
        """A key in the tree."""
        self.tree.setFocus()
        QTest.keyClick(self.tree, key, keys)

    def drag(self, target: QPoint) -> str:
        """What Qt sends to the tree while the selected topics are dragged to a place and dropped;
        empty, or the reason shown why they cannot go there. QDrag itself would block a test."""
        selected = self.tree.selectionModel().selectedRows(0)
        data = self.tree.topics.mimeData(selected)
        view, move = self.tree.viewport(), Qt.DropAction.MoveAction
        given = (move, data, Qt.MouseButton.LeftButton, NONE)
        QApplication.sendEvent(view, QDragEnterEvent(target, *given))
        moved = QDragMoveEvent(target, *given)
        QApplication.sendEvent(view, moved)
        refusal = self.panel.pane.refusal
        said = "" if refusal.isHidden() else refusal.text()
        ends = QDropEvent(QPointF(target), *given) if moved.isAccepted() else QDragLeaveEvent()
        QApplication.sendEvent(view, ends)
        assert refusal.isHidden()
        return said

    def edge(self, name: str, *, below: bool) -> QPoint:
        """Just at the upper or the lower edge of a row: between two topics."""
        rect = self.tree.visualRect(self.index(name))
        return QPoint(rect.center().x(), rect.bottom() if below else rect.top())

    async def back(self) -> None:
        """To the window, after a dialog."""
        self.window.activateWindow()
        await self.until(self.window.isActiveWindow)
        self.tree.setFocus()
        await self.until(self.tree.hasFocus)

    async def state(self) -> tuple[list[Any], list[Any]]:
        assert self.app.session is not None
        return await self.app.session.store.read(read_all)


def select(tree: TopicTree, keys: Sequence[Key]) -> None:
    """Select these without the mouse."""
    flags = QItemSelectionModel.SelectionFlag
    for key in keys:
        index = tree.topics.index_of(key)
        tree.selectionModel().select(index, flags.Select | flags.Rows)


async def placed(app: App) -> dict[str, int]:
    """Cards (Lost, Stolen), Money (Fees, Rates) and Other, most with records."""
    ids: dict[str, int] = {}
    for name, parent in (
        ("Cards", None), ("Lost", "Cards"), ("Stolen", "Cards"),
        ("Money", None), ("Fees", "Money"), ("Rates", "Money"), ("Other", None),
    ):  # fmt: skip
        above = None if parent is None else ids[parent]
        ids[name] = (await app.call("add_topic", name=name, parent_id=above)).topic_id
    rows = [
        {"id": i, "topic_id": ids[name], "probability": 0.9, "fit": 0.8, "alternatives": []}
        for i, name in enumerate(HOMES, 1)
    ]
    assert app.session is not None
    await app.session.store.write("Categorise", records.store_assignments, rows)
    return ids


OpenTopics = Callable[..., AbstractAsyncContextManager[Hands]]


@pytest.fixture
def open_topics(open_app: OpenApp, until: Until) -> OpenTopics:
    @asynccontextmanager
    async def open_it(rows: Sequence[dict[str, Any]] | None = None) -> AsyncIterator[Hands]:
        rows = [row(i) for i in range(1, 13)] if rows is None else rows
        async with open_app() as app:
            window = MainWindow(app)
            window.resize(1280, 800)
            window.show()
            window.activateWindow()
            await app.open(await add_dataset(app, rows, "Tickets"))
            ids = await placed(app)
            window.go("topics_config", {})
            await until(lambda: window.findChild(TopicsPanel))
            panel = window.findChild(TopicsPanel)
            assert isinstance(panel, TopicsPanel)
            hands = Hands(app, window, panel, ids, until)
            await until(lambda: len(hands.names()) == len(ids))
            await drawn()
            try:
                yield hands
                await app.jobs.wait()
            finally:
                window.closed = True
                window.close()
                window.deleteLater()

    return open_it


def shown_dialog(kind: type[QWidget]) -> Any:
    """The open dialog of this kind, None while there is none."""
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    return found[0] if found else None
