"""The start page: dataset cards, search, sort, and what their menu does."""

from datetime import date, datetime

import pytest
from PySide6.QtWidgets import QPushButton

from app.ui import dialogs
from app.ui.welcome import DatasetCard, Welcome, when
from tests.ui.conftest import OpenApp, ShowPanel, Until
from tests.ui.test_dialogs import answer

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
    items = [page._grid.itemAt(index) for index in range(page._grid.count())]
    cards = [item.widget() for item in items if item is not None]
    return [card.info.name for card in cards if isinstance(card, DatasetCard)]


async def test_search_and_sort(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app() as app:
        for name, steps in (("Beta", "d......"), ("alpha", "ddd....")):
            dataset_id, _ = app.library.new_folder()
            await app.library.add(dataset_id, name, records=5, invalid=1, steps=steps)
        page = await show_panel(app, Welcome)
        assert sorted(names(page)) == ["Beta", "alpha"]
        page.sort.setCurrentIndex(1)
        assert [info.name for info in page.found()] == ["alpha", "Beta"]
        page.search.setText("BET")
        assert names(page) == ["Beta"]
        page.search.setText("nothing")
        assert names(page) == []
        texts = [button.text() for button in page.findChildren(QPushButton)]
        assert "Show all" in texts


async def test_without_datasets_there_is_no_empty_list(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app() as app:
        page = await show_panel(app, Welcome)
        assert page.open.isVisible()
        assert not page.search.isVisible()


async def test_delete_asks_and_means_delete(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        (info,) = await app.library.datasets()
        folder = app.library.folder(info.id)
        page.act(page.delete(info))
        await answer(until, dialogs.Question, lambda dialog: dialog.buttons[0].click())
        await app.jobs.wait()
        assert await app.library.datasets() == []
        assert not folder.exists()
        assert app.session is None


async def test_duplicate_copies_the_records(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app([ROW]) as app:
        page = await show_panel(app, Welcome)
        (info,) = await app.library.datasets()
        page.act(page.duplicate(info))
        await app.jobs.wait()
        page.reload()
        await app.jobs.wait()
        assert sorted(names(page)) == ["Tickets", "Tickets (copy)"]
