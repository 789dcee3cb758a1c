"""Edits of the topic tree through the window, by mouse and keys; each is one undo."""

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QLabel, QLineEdit

from app.ui import dialogs
from app.ui.topics.asks import SplitDialog, TargetDialog
from tests.programs import add_dataset
from tests.ui.conftest import drawn
from tests.ui.topics.conftest import ALT, CTRL, SHIFT, OpenTopics, placed, row, shown_dialog

WHOLE = ("Cards", "  Lost", "  Stolen", "Money", "  Fees", "  Rates", "Other")
Keys = Qt.Key


async def test_several_topics_are_chosen_and_dragged_by_mouse(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.click("Lost", CTRL)
        assert not hands.drag(hands.edge("Other", below=False))
        await hands.shows("Cards", "  Stolen", "Money", "  Rates", "Lost", "Fees", "Other")
        assert [line.name for line in hands.tree.selected()] == ["Lost", "Fees"]
        await hands.app.call("undo")
        await hands.shows(*WHOLE)


async def test_a_drop_onto_a_group_and_onto_the_empty_ground(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Other")
        assert not hands.drag(hands.at("Cards"))
        await hands.shows("Cards", "  Lost", "  Stolen", "  Other", "Money", "  Fees", "  Rates")
        hands.click("Lost")
        ground = QPoint(40, hands.tree.viewport().height() - 4)
        assert not hands.drag(ground)
        await hands.until(lambda: hands.names()[-1] == "Lost")


async def test_a_place_where_topics_cannot_go_says_why(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        before = await hands.state()
        hands.click("Cards")
        assert "cannot be moved below itself" in hands.drag(hands.at("Lost"))
        hands.click("Other")
        assert not hands.drag(hands.at("Money"))
        await hands.until(lambda: "  Other" in hands.names())
        await hands.app.call("undo")
        await hands.shows(*WHOLE)
        assert await hands.state() == before


async def test_onto_a_topic_with_records_asks(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Rates")
        hands.drag(hands.at("Lost"))
        await hands.until(lambda: shown_dialog(dialogs.Question))
        shown_dialog(dialogs.Question).buttons[0].click()  # merge
        await hands.shows("Cards", "  Lost", "  Stolen", "Money", "  Fees", "Other")
        assert hands.panel.snapshot.arranged.by_key[hands.ids["Lost"]].records == 5


async def test_rename_in_place_by_f2_and_by_double_click(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.press(Keys.Key_F2)
        editor = hands.tree.findChild(QLineEdit, "")
        assert editor is not None
        assert editor.text() == "Fees"
        editor.setText("Charges")
        QTest.keyClick(editor, Keys.Key_Return)
        await hands.until(lambda: "  Charges" in hands.names())
        place = hands.at("Other")
        hands.click("Other")
        QTest.mouseDClick(hands.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert hands.tree.state() == hands.tree.State.EditingState


async def test_a_refused_name_leaves_the_old_one(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.tree.topics.setData(hands.index("Fees"), "Rates")
        await hands.until(lambda: "act" in hands.panel.errors)
        assert hands.names() == list(WHOLE)


async def test_keys_move_topics_within_and_between_groups(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Stolen")
        hands.press(Keys.Key_Up, ALT)
        await hands.until(lambda: hands.names()[1:3] == ["  Stolen", "  Lost"])
        hands.press(Keys.Key_Down, ALT)
        hands.press(Keys.Key_Up, ALT)  # at once: each goes on from where the last one ended
        hands.press(Keys.Key_Down, ALT)
        await hands.shows(*WHOLE)
        hands.press(Keys.Key_Left, ALT)
        await hands.shows("Cards", "  Lost", "Stolen", "Money", "  Fees", "  Rates", "Other")
        hands.press(Keys.Key_Right, ALT)
        await hands.shows(*WHOLE)


async def test_cut_and_paste(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.click("Rates", SHIFT)
        hands.press(Keys.Key_X, CTRL)
        assert hands.tree.cut == {hands.ids["Fees"], hands.ids["Rates"]}
        hands.press(Keys.Key_Escape)
        assert hands.tree.cut == frozenset()
        hands.press(Keys.Key_X, CTRL)
        hands.click("Lost")
        hands.press(Keys.Key_V, CTRL)
        await hands.shows("Cards", "  Lost", "  Fees", "  Rates", "  Stolen", "Money", "Other")
        assert hands.tree.cut == frozenset()


async def test_a_list_in_the_clipboard_becomes_a_proposal(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        QGuiApplication.clipboard().setText("Travel\n  Flights\n  Hotels :: where to sleep")
        hands.click("Other")
        hands.press(Keys.Key_V, CTRL)
        card = hands.panel.proposal
        await hands.until(card.isVisible)
        assert hands.names() == list(WHOLE)
        card.accept.click()
        await hands.until(lambda: hands.names()[-3:] == ["Travel", "  Flights", "  Hotels"])
        assert hands.names()[: len(WHOLE)] == list(WHOLE)


async def test_merge_lock_and_colour_by_key(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.click("Rates", CTRL)
        hands.press(Keys.Key_3, ALT)
        hands.press(Keys.Key_K, CTRL | SHIFT)

        def mark(name: str) -> Any:
            return hands.panel.snapshot.arranged.by_key[hands.ids[name]].mark

        await hands.until(lambda: (mark("Fees").color, mark("Rates").locked) == (3, True))
        assert "locked" in hands.index("Fees").data(Qt.ItemDataRole.AccessibleTextRole)
        hands.press(Keys.Key_0, ALT)
        hands.press(Keys.Key_K, CTRL | SHIFT)
        await hands.until(lambda: (mark("Rates").color, mark("Fees").locked) == (0, False))
        hands.press(Keys.Key_M, CTRL)
        await hands.until(lambda: "  Fees" not in hands.names())
        assert hands.panel.snapshot.arranged.by_key[hands.ids["Rates"]].records == 6


async def test_a_target_of_its_own_and_none(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.press(Keys.Key_T, CTRL)
        await hands.until(lambda: shown_dialog(TargetDialog))
        dialog = shown_dialog(TargetDialog)
        dialog.has_share.setChecked(True)
        dialog.share.setValue(40)
        dialog.has_count.setChecked(True)
        dialog.count.setValue(70)
        dialog.accept()

        def line() -> Any:
            return hands.panel.snapshot.arranged.by_key[hands.ids["Fees"]]

        await hands.until(lambda: (line().goal, line().wanted) == (0.4, 70))
        assert hands.panel.pane.tick.text() == "tick = share wanted"
        await hands.back()
        hands.press(Keys.Key_T, CTRL)
        await hands.until(lambda: shown_dialog(TargetDialog))
        dialog = shown_dialog(TargetDialog)
        assert (dialog.share.value(), dialog.count.value()) == (40, 70)
        dialog.has_share.setChecked(False)
        dialog.has_count.setChecked(False)
        dialog.accept()
        await hands.until(lambda: line().mark.target is None and line().mark.quota is None)


async def test_after_a_delete_its_neighbour_is_selected(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        for left in ("Rates", "Money", "Other"):
            hands.press(Keys.Key_Delete)
            await hands.until(
                lambda left=left: [line.name for line in hands.tree.selected()] == [left]
            )
            assert hands.tree.current() == hands.tree.selected()[0]
        assert hands.names() == ["Cards", "  Lost", "  Stolen", "Other"]


async def test_only_what_was_changed_of_differing_targets_is_set(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        fees, rates = hands.ids["Fees"], hands.ids["Rates"]

        def marks() -> list[Any]:
            by_key = hands.panel.snapshot.arranged.by_key
            return [(m.target, m.quota) for m in (by_key[fees].mark, by_key[rates].mark)]

        await hands.app.call("set_topics", topic_ids=[fees], target=0.12345, quota=30)
        await hands.app.call("set_topics", topic_ids=[rates], quota=50)
        await hands.until(lambda: marks() == [(0.12345, 30), (None, 50)])
        hands.click("Fees")
        hands.click("Rates", CTRL)
        hands.press(Keys.Key_T, CTRL)
        await hands.until(lambda: shown_dialog(TargetDialog))
        dialog = shown_dialog(TargetDialog)
        mixed = Qt.CheckState.PartiallyChecked
        assert dialog.has_share.checkState() == dialog.has_count.checkState() == mixed
        assert not dialog.share.isEnabled()
        assert dialog.changed == {}
        dialog.has_count.setChecked(True)
        dialog.count.setValue(60)
        dialog.accept()
        await hands.until(lambda: marks() == [(0.12345, 60), (None, 60)])
        await hands.back()
        hands.click("Fees")
        hands.press(Keys.Key_T, CTRL)
        await hands.until(lambda: shown_dialog(TargetDialog))
        dialog = shown_dialog(TargetDialog)
        assert dialog.share.value() == 12.3
        dialog.has_count.setChecked(False)
        dialog.accept()
        await hands.until(lambda: marks() == [(0.12345, None), (None, 60)])


async def test_without_an_own_number_the_datasets_is_named(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        await hands.app.call("set_topics", topic_ids=[*hands.ids.values()], quota=3)
        await hands.until(lambda: hands.panel.snapshot.lines[0].mark.quota == 3)
        hands.click("Fees")
        hands.press(Keys.Key_T, CTRL)
        await hands.until(lambda: shown_dialog(TargetDialog))
        words = " ".join(label.text() for label in shown_dialog(TargetDialog).findChildren(QLabel))
        assert f"it should have {hands.panel.snapshot.quota} records" in words
        shown_dialog(TargetDialog).reject()


async def test_an_edit_is_of_the_selected_not_of_what_was_deselected(
    open_topics: OpenTopics,
) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.click("Lost", CTRL)
        hands.click("Other", CTRL)
        hands.click("Other", CTRL)
        assert hands.tree.current().name == "Other"
        assert "into “Lost”" in hands.panel.pane.buttons["merge"].toolTip()
        hands.click("Lost", CTRL)
        assert [line.name for line in hands.tree.selected()] == ["Fees"]
        hands.press(Keys.Key_F2)
        editor = hands.tree.findChild(QLineEdit, "")
        assert editor is not None
        assert editor.text() == "Fees"
        QTest.keyClick(editor, Keys.Key_Escape)
        for key, keys, kind in (
            (Keys.Key_D, CTRL, QInputDialog),
            (Keys.Key_Return, CTRL, QInputDialog),
            (Keys.Key_M, CTRL | SHIFT, SplitDialog),
        ):
            hands.press(key, keys)
            await hands.until(lambda kind=kind: shown_dialog(kind))
            said = [label.text() for label in shown_dialog(kind).findChildren(QLabel)]
            said.append(shown_dialog(kind).windowTitle())
            assert any("Fees”" in words for words in said)
            shown_dialog(kind).reject()
            await hands.back()
        hands.click("Lost", CTRL)
        hands.click("Other", CTRL)
        hands.click("Other", CTRL)
        hands.press(Keys.Key_M, CTRL)
        await hands.shows("Cards", "  Lost", "  Stolen", "Money", "  Rates", "Other")


async def test_another_dataset_begins_with_nothing_of_the_last(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.press(Keys.Key_X, CTRL)
        hands.click("Rates")
        hands.press(Keys.Key_F2)
        hands.tree.collapse(hands.index("Cards"))
        hands.panel.pane.finding.changed.emit()
        other = await add_dataset(hands.app, [row(1)], "Other")
        await hands.app.open(other)
        assert hands.tree.cut == frozenset()
        assert not hands.tree.selected()
        assert hands.tree.state() != hands.tree.State.EditingState
        assert not hands.panel.pane._find_later.isActive()
        ids = await placed(hands.app)
        assert ids == hands.ids  # as those of the last
        hands.window.go("topics_config", {})
        await hands.shows(*WHOLE)
        assert hands.tree.isExpanded(hands.index("Cards"))


async def test_a_topic_taken_away_while_one_is_named_below_it_is_said(
    open_topics: OpenTopics,
) -> None:
    async with open_topics() as hands:
        hands.click("Money")
        hands.press(Keys.Key_Return, CTRL)
        await hands.until(lambda: shown_dialog(QInputDialog))
        await hands.app.call("delete_topics", topic_ids=[hands.ids["Money"]])
        await hands.shows("Cards", "  Lost", "  Stolen", "Other")
        shown_dialog(QInputDialog).setTextValue("Loans")
        shown_dialog(QInputDialog).accept()
        await hands.until(lambda: "act" in hands.panel.errors)
        assert "Loans" not in "".join(hands.names())


async def test_a_name_with_markup_is_text_in_tooltips_and_dialogs(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        await hands.app.call("rename_topic", topic_id=hands.ids["Fees"], name="<b>F</b>")
        await hands.until(lambda: "  <b>F</b>" in hands.names())
        hands.click("Rates")
        hands.click("<b>F</b>", CTRL)
        assert "into “&lt;b&gt;F" in hands.panel.pane.buttons["merge"].toolTip()
        hands.click("Money")
        hands.press(Keys.Key_Return, CTRL)
        await hands.until(lambda: shown_dialog(QInputDialog))
        labels = shown_dialog(QInputDialog).findChildren(QLabel)
        assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
        shown_dialog(QInputDialog).reject()


async def test_describing_and_taking_the_description_away(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:

        def described() -> str:
            return hands.panel.snapshot.arranged.by_key[hands.ids["Fees"]].description

        for text in ("What a bank takes", ""):
            hands.click("Fees")
            hands.press(Keys.Key_D, CTRL)
            await hands.until(lambda: shown_dialog(QInputDialog))
            shown_dialog(QInputDialog).setTextValue(text)
            shown_dialog(QInputDialog).accept()
            await hands.until(lambda text=text: described() == text)
            await hands.back()


async def test_a_new_topic_is_selected(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Money")
        hands.press(Keys.Key_Return, CTRL)
        await hands.until(lambda: shown_dialog(QInputDialog))
        shown_dialog(QInputDialog).setTextValue("Loans")
        shown_dialog(QInputDialog).accept()
        await hands.until(lambda: [line.name for line in hands.tree.selected()] == ["Loans"])
        assert hands.names()[3:7] == ["Money", "  Fees", "  Rates", "  Loans"]


async def test_what_the_edits_need_is_said(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Cards")
        by_name = hands.panel.pane.actions_.by_name
        assert not by_name["split"].isEnabled()
        assert "topic without subtopics" in hands.panel.pane.buttons["split"].toolTip()
        hands.click("Lost", CTRL)
        assert "into “Lost”" in hands.panel.pane.buttons["merge"].toolTip()
        assert "Ctrl+M" in hands.panel.pane.buttons["merge"].toolTip()
        hands.press(Keys.Key_A, CTRL)
        assert len(hands.tree.selected()) == len(WHOLE)


async def test_split_asks_for_the_number_of_parts(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.click("Fees")
        hands.press(Keys.Key_M, CTRL | SHIFT)
        await hands.until(lambda: shown_dialog(SplitDialog))
        dialog = shown_dialog(SplitDialog)
        assert dialog.parts is None
        assert dialog.number.text() == "As the data shows"
        dialog.number.setValue(3)
        assert dialog.parts == 3
        dialog.reject()


async def test_twenty_mixed_edits_are_undone_by_as_many_ctrl_z(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        before = await hands.state()
        edits = 0

        async def done() -> None:
            nonlocal edits
            await hands.app.jobs.wait()
            await drawn()
            edits += 1

        async def key(name: str, key: Qt.Key, keys: Any) -> None:
            hands.click(name)
            hands.press(key, keys)
            await done()

        await key("Stolen", Keys.Key_Up, ALT)
        await key("Stolen", Keys.Key_Left, ALT)
        await key("Stolen", Keys.Key_5, ALT)
        await key("Other", Keys.Key_K, CTRL | SHIFT)
        await key("Rates", Keys.Key_Up, ALT)
        await key("Money", Keys.Key_Up, ALT)
        await key("Money", Keys.Key_Down, ALT)
        await key("Lost", Keys.Key_2, ALT)
        for name, new in (("Fees", "Charges"), ("Cards", "Plastic"), ("Other", "Rest")):
            hands.tree.topics.setData(hands.index(name), new)
            await done()
        hands.click("Rates")
        assert not hands.drag(hands.at("Plastic"))
        await done()
        hands.click("Rest")
        assert not hands.drag(hands.edge("Plastic", below=False))
        await done()
        await key("Rates", Keys.Key_Up, ALT)
        hands.click("Lost")
        hands.click("Rates", CTRL)
        hands.press(Keys.Key_M, CTRL)
        await done()
        await key("Stolen", Keys.Key_0, ALT)
        hands.click("Stolen")
        hands.press(Keys.Key_X, CTRL)
        hands.click("Plastic")
        hands.press(Keys.Key_V, CTRL)
        await done()
        await key("Stolen", Keys.Key_Up, ALT)
        await key("Charges", Keys.Key_Delete, Qt.KeyboardModifier.NoModifier)
        await key("Stolen", Keys.Key_Delete, Qt.KeyboardModifier.NoModifier)
        assert edits == 20
        assert "Charges" not in "".join(hands.names())
        assert await hands.state() != before
        for _ in range(edits):
            QTest.keyClick(hands.window, Keys.Key_Z, CTRL)
            await hands.app.jobs.wait()
        await hands.shows(*WHOLE)
        assert await hands.state() == before
