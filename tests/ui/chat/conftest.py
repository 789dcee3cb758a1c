"""Fixtures of the chat's tests: hooks that write down what was asked of them, and a shown widget."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.ui import kit
from app.ui.chat.hooks import Hooks

Show = Callable[..., Any]


class Asked(list[tuple[Any, ...]]):
    """Every call of a hook: its name and what it was given."""

    def hooks(self) -> Hooks:
        def note(name: str) -> Callable[..., None]:
            return lambda *given, **named: self.append((name, *given, *named.items()))

        names = [n for n in Hooks.__dataclass_fields__ if n != "expires"]
        return Hooks(expires=600.0, **{name: note(name) for name in names})


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def show(themed: QApplication) -> Iterator[Show]:
    """`show(widget, width, height)`: on the screen and laid out; deleted at the end, so that the next
    test's style sheet is not put on hundreds of widgets of this one."""
    made: list[QWidget] = []

    def do(widget: QWidget, width: int = 352, height: int = 600) -> QWidget:
        made.append(widget)
        widget.resize(width, height)
        widget.show()
        return widget

    yield do
    for widget in made:
        kit.forget(widget)
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
