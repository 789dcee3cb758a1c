"""What opens a place of the app, and that nothing else opens without a yes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.ui.chat import links
from app.ui.chat.links import AddressDialog, place_of


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("record:12", ("records", {"record": 12})),
        ("topic:7", ("topics_config", {"topic": 7})),
        ("record:", None),
        ("record:12/../x", None),
        ("record:1e3", None),
        ("record:-1", None),
        ("record://12", None),
        ("file:///etc/passwd", None),
        ("https://example.org/record:12", None),
    ],
)
def test_only_ids_name_places(address: str, place: object) -> None:
    assert place_of(QUrl(address)) == place


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ssh://h", "http:", "x"],
)
def test_other_schemes_are_shown_and_cannot_be_opened(
    themed: QApplication, qtbot: QtBot, address: str
) -> None:
    dialog = AddressDialog(None, QUrl(address))
    qtbot.addWidget(dialog)
    assert not dialog.can_open
    assert dialog.open_.isHidden()
    assert dialog.words.toPlainText() == links.shown(QUrl(address))


def test_the_whole_address_is_shown_in_plain_letters(themed: QApplication, qtbot: QtBot) -> None:
    dialog = AddressDialog(None, QUrl("https://exаmple.org/" + "p" * 600))  # a Cyrillic а
    qtbot.addWidget(dialog)
    assert dialog.words.toPlainText().startswith("https://xn--")
    assert dialog.words.toPlainText().count("p") >= 600


class Opened(QWidget):
    """Takes what Qt would give to the browser."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.urls.append(url.toString())


@pytest.mark.parametrize(("button", "opened", "copied"), [("open_", 1, 0), ("copy", 0, 1)])
async def test_an_outside_address_asks_first(
    themed: QApplication,
    qtbot: QtBot,
    until: Callable[..., Any],
    button: str,
    opened: int,
    copied: int,
) -> None:
    browser, parent = Opened(), QWidget()
    qtbot.addWidget(parent)
    qtbot.addWidget(browser)
    QGuiApplication.clipboard().clear()
    QDesktopServices.setUrlHandler("https", browser, "take")
    try:
        asking = asyncio.ensure_future(links.ask(parent, QUrl("https://example.org/a")))
        await until(lambda: parent.findChildren(AddressDialog))
        dialog = parent.findChildren(AddressDialog)[0]
        assert browser.urls == []
        getattr(dialog, button).click()
        await asking
    finally:
        QDesktopServices.unsetUrlHandler("https")
    assert len(browser.urls) == opened
    assert (QGuiApplication.clipboard().text() == "https://example.org/a") is bool(copied)
