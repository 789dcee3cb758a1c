"""A proposed hierarchy in the conversation: renamed, grown, cut, moved, used once."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.agent.entries import TreeShown
from app.domain.topics import TopicNode
from app.ui.chat.tree import TreeCard

HIERARCHY: tuple[dict[str, Any], ...] = (
    {
        "name": "Cards",
        "description": "All of cards",
        "children": [
            {"name": "Lost", "record_ids": [1, 2, 3], "id": 7},
            {"name": "Stolen", "record_ids": [4]},
        ],
    },
    {"name": "Fees"},
)


def card(show: Any) -> TreeCard:
    made: TreeCard = show(TreeCard(TreeShown(title="3 topics", hierarchy=HIERARCHY)))
    return made


def item(view: TreeCard, *rows: int) -> QStandardItem:
    found = view.tree._model.item(rows[0])
    for row in rows[1:]:
        found = found.child(row)
    return found


def names(nodes: list[dict[str, Any]]) -> list[Any]:
    return [
        (node["name"], names(node["children"])) if node["children"] else node["name"]
        for node in nodes
    ]


def test_it_gives_back_what_it_was_given(show: Any) -> None:
    view = card(show)
    nodes = [TopicNode.model_validate(node) for node in view.tree.hierarchy()]
    assert nodes == [TopicNode.model_validate(node) for node in HIERARCHY]
    assert view.facts.text() == "3 topics"
    assert view.tree._model.item(0).child(0, 1).text() == "3"


def test_f2_renames_in_place_and_the_records_stay(show: Any, qtbot: QtBot) -> None:
    view = card(show)
    view.tree.setCurrentIndex(item(view, 0, 0).index())
    view.tree.setFocus()
    qtbot.keyClick(view.tree, Qt.Key.Key_F2)
    editor = view.tree.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Lost card")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()  # Qt takes the name a moment after the key
    first = view.tree.hierarchy()[0]["children"][0]
    assert first == {"name": "Lost card", "record_ids": [1, 2, 3], "id": 7, "children": []}


def test_topics_are_added_and_deleted(show: Any, qtbot: QtBot) -> None:
    view = card(show)
    view.tree.setCurrentIndex(item(view, 0, 0).index())
    view.add.click()
    assert names(view.tree.hierarchy()) == [("Cards", ["Lost", "New topic", "Stolen"]), "Fees"]
    assert view.facts.text() == "4 topics"
    view.tree.setCurrentIndex(item(view, 0, 1).index())
    view.delete.click()
    view.tree.setCurrentIndex(item(view, 1).index())
    qtbot.keyClick(view.tree, Qt.Key.Key_Delete)
    assert names(view.tree.hierarchy()) == [("Cards", ["Lost", "Stolen"])]


def test_a_topic_is_moved_with_all_below_it(show: Any) -> None:
    view = card(show)
    view.tree.move_topic(item(view, 0, 1), item(view, 1), on=True)
    assert names(view.tree.hierarchy()) == [("Cards", ["Lost"]), ("Fees", ["Stolen"])]
    view.tree.move_topic(item(view, 0), item(view, 1, 0), on=False)
    assert names(view.tree.hierarchy()) == [("Fees", [("Cards", ["Lost"]), "Stolen"])]
    view.tree.move_topic(item(view, 0), item(view, 0, 0, 0), on=True)  # below itself: nothing
    view.tree.move_topic(item(view, 0, 0), None, on=False)
    assert names(view.tree.hierarchy()) == [("Fees", ["Stolen"]), ("Cards", ["Lost"])]


def test_it_is_used_as_edited_and_then_only_read(show: Any, qtbot: QtBot) -> None:
    view, used = card(show), []
    view.used.connect(used.append)
    item(view, 1).setText("Charges")
    view.use.click()
    assert names(used[0]) == [("Cards", ["Lost", "Stolen"]), "Charges"]
    assert not view.use.isEnabled()
    view.settle(used=False)
    assert view.use.isEnabled()
    view.settle(used=True)
    assert view.tree.frozen
    assert view.use.isHidden()
    view.tree.setCurrentIndex(item(view, 1).index())
    qtbot.keyClick(view.tree, Qt.Key.Key_Delete)
    assert len(view.tree.hierarchy()) == 2
