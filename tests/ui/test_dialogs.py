"""Asking without a nested loop: answers come while other tasks go on."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QWidget

from app.ui import dialogs
from tests.ui.conftest import Until

W = TypeVar("W", bound=QWidget)


def find(kind: type[W]) -> W | None:
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    return shown[0] if shown else None


async def answer(until: Until, kind: type[W], do: Callable[[W], Any]) -> None:
    await until(lambda: find(kind))
    widget = find(kind)
    assert widget is not None
    do(widget)


async def test_other_tasks_go_on_while_a_question_is_open(
    themed: QApplication, until: Until
) -> None:
    ticks: list[int] = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    asking = asyncio.create_task(
        dialogs.choose(
            None, "Close?", "Training runs.", answers=[("Keep", "primary"), ("Stop", "danger")]
        )
    )
    await until(lambda: find(dialogs.Question) and len(ticks) > 5)
    await answer(until, dialogs.Question, lambda dialog: dialog.buttons[1].click())
    assert await asking == 1
    ticking.cancel()


async def test_closing_a_question_is_no_answer(themed: QApplication, until: Until) -> None:
    asking = asyncio.create_task(dialogs.confirm(None, "Delete?", "5 records", yes="Delete"))
    await answer(until, dialogs.Question, lambda dialog: dialog.reject())
    assert await asking is False


async def test_a_text_is_stripped_and_empty_is_none(themed: QApplication, until: Until) -> None:
    for typed, expected in (("  New name ", "New name"), ("   ", None)):
        asking = asyncio.create_task(dialogs.ask_text(None, "Rename", "Name", text="Old"))

        def type_it(dialog: QInputDialog, typed: str = typed) -> None:
            assert dialog.textValue() == "Old"
            dialog.setTextValue(typed)
            dialog.accept()

        await answer(until, QInputDialog, type_it)
        assert await asking == expected


async def test_a_cancelled_file_dialog_is_none(themed: QApplication, until: Until) -> None:
    asking = asyncio.create_task(dialogs.open_file(None))
    await answer(until, QFileDialog, lambda dialog: dialog.reject())
    assert await asking is None


async def test_cancelling_the_task_closes_the_dialog(themed: QApplication, until: Until) -> None:
    asking = asyncio.create_task(dialogs.tell(None, "Note", "text"))
    await until(lambda: find(dialogs.Question))
    asking.cancel()
    await asyncio.wait([asking])
    assert find(dialogs.Question) is None
