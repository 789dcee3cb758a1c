"""The start page: dataset cards, search, sort, and what their menu does."""

from datetime import date, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from app.ui.chat.cards import ApprovalCard
from app.ui.datasets.model import when
from app.ui.welcome import Welcome
from tests.ui.conftest import OpenApp, ShowPanel, Until

TODAY = date(2026, 11, 22)
ROW = {"messages": [{"role": "user", "content": "hello"}], "preview": "hello", "content_hash": "h"}


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (datetime(2026, 11, 22, 8), "today"),
        (datetime(2026, 11, 21, 23), "yesterday"),
        (datetime(2026, 11, 12), "12 Nov"),
        (datetime(2025, 11, 12), "12 Nov 2025"),
    ],
)
def test_when_it_was_opened_in_words(day: datetime, words: str) -> None:
    assert when(day.timestamp(), TODAY) == words
    assert when(0, TODAY) == "new"


def names(page: Welcome) -> list[str]:
    return [page.datasets.index(row).data() for row in range(page.datasets.rowCount())]


async def test_search_and_sort(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app() as app:
        for name, records in (("Beta", 5), ("alpha", 900), ("gamma", 70)):
            dataset_id, _ = app.library.new_folder()
            await app.library.add(dataset_id, name, records=records, invalid=1, steps="d......")
        page = await show_panel(app, Welcome)
        assert names(page) == ["gamma", "alpha", "Beta"]
        page.sort.activated.emit(1)
        assert names(page) == ["alpha", "Beta", "gamma"]
        page.sort.activated.emit(2)
        assert names(page) == ["alpha", "gamma", "Beta"]
        page.search.setText("BET")
        assert names(page) == ["Beta"]
        page.search.setText("nothing")
        assert names(page) == []
        texts = [b.text() for b in page.findChildren(QPushButton) if b.isVisible()]
        assert "Show all" in texts


async def test_without_datasets_there_is_no_empty_list(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app() as app:
        page = await show_panel(app, Welcome)
        assert page.open.isVisible()
        assert not page.search.isVisible()


async def test_delete_asks_on_a_card_and_can_be_undone(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        (info,) = await app.library.datasets()
        folder = app.library.folder(info.id)
        page.do("delete", info.id)
        card = page.findChild(ApprovalCard)
        assert card is not None
        assert info.name in card.card.title
        card.no.click()
        await app.jobs.wait()
        assert folder.exists()
        page.do("delete", info.id)
        next(c for c in page.findChildren(ApprovalCard) if c.isVisible()).yes.click()
        await app.jobs.wait()
        assert await app.library.datasets() == []
        assert not folder.exists()
        assert app.session is None
        page.undo.click()
        await app.jobs.wait()
        assert [each.id for each in await app.library.datasets()] == [info.id]
        assert folder.exists()


async def test_reset_asks_and_keeps_the_records(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        (info,) = await app.library.datasets()
        await app.call("apply_topic_hierarchy", hierarchy=[{"name": "A"}, {"name": "B"}])
        page.do("reset", info.id)
        card = page.findChild(ApprovalCard)
        assert card is not None
        card.yes.click()
        await app.jobs.wait()
        assert app.session is not None
        stats = await app.call("get_dataset_stats")
        assert (stats.records, stats.categorised) == (1, 0)


async def test_a_card_is_renamed_where_it_stands(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        page.cards.setFocus()
        page.cards.setCurrentIndex(page.datasets.index(0))
        QTest.keyClick(page.cards, Qt.Key.Key_F2)
        editor = page.cards.findChild(QLineEdit)
        assert editor is not None
        assert editor.text() == "Tickets"
        editor.selectAll()
        QTest.keyClicks(editor, " New   name ")
        page.reload()  # what is typed outlives a reading of the library
        await app.jobs.wait()
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await until(lambda: names(page) == ["New name"])  # Qt commits an edit at the next turn
        await app.jobs.wait()
        (info,) = await app.library.datasets()
        assert info.name == "New name"
        assert names(page) == ["New name"]


async def test_click_opens_and_the_dots_open_the_menu(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        opened: list[str] = []
        page.dataset_asked.connect(opened.append)
        view = page.cards
        rect = view.visualRect(page.datasets.index(0))
        left = Qt.MouseButton.LeftButton
        QTest.mouseClick(view.viewport(), left, pos=rect.topLeft() + QPoint(60, 60))
        QTest.keyClick(view, Qt.Key.Key_Return)
        assert len(opened) == 2
        menu = view.menu_for(page.datasets.found[0])
        verbs = [action.data() for action in menu.actions() if action.data()]
        assert verbs == ["open", "rename", "duplicate", "folder", "reset", "delete"]
        QTest.keyClick(view, Qt.Key.Key_Delete)
        assert page.findChild(ApprovalCard) is not None


async def test_duplicate_copies_the_records(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        (info,) = await app.library.datasets()
        page.do("duplicate", info.id)
        await app.jobs.wait()
        page.reload()
        await app.jobs.wait()
        assert sorted(names(page)) == ["Tickets", "Tickets (copy)"]


async def test_two_hundred_cards_stand_in_a_grid_and_none_is_a_widget(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app() as app:
        for number in range(200):
            await app.library.add(f"id{number}", f"Set {number}", records=number, invalid=0)
        page = await show_panel(app, Welcome)
        view = page.cards
        assert page.datasets.rowCount() == 200
        places = [view.visualRect(page.datasets.index(row)).topLeft() for row in range(200)]
        columns = len({place.x() for place in places})
        assert columns == 3
        assert len({place.y() for place in places}) == 67
        assert view.height() >= max(place.y() for place in places) + 100
        assert len(view.findChildren(QPushButton)) == 0
