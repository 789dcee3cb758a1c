"""The panel's base: re-reads when named events come and it is seen, one at a time, errors shown."""

import asyncio
from typing import Any

from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.errors import DeclinedError, InputError
from app.store.events import RecordsChanged, TopicsChanged
from app.ui import kit
from app.ui.panel import Panel
from tests.programs import add_dataset
from tests.ui.conftest import OpenApp, Until


class Counter(Panel):
    """Counts its refreshes; `gate` holds one back, `fails` makes the next one fail."""

    title = "Counter"
    events = (RecordsChanged,)

    def build(self) -> None:
        self.column.addWidget(kit.label("Counter"))
        self.started = self.ended = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = ""

    async def refresh(self) -> None:
        self.started += 1
        await self.gate.wait()
        if self.fails:
            raise InputError(self.fails)
        self.ended += 1


async def test_only_named_events_and_only_when_seen(qtbot: QtBot, open_app: OpenApp) -> None:
    async with open_app() as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        panel.on_events([RecordsChanged("d")])
        assert panel.started == 0  # hidden: remembered
        panel.show()
        await app.jobs.wait()
        assert panel.ended == 1
        panel.on_events([TopicsChanged("d")])
        await app.jobs.wait()
        assert panel.ended == 1
        panel.hide()
        panel.show()  # nothing came meanwhile
        await app.jobs.wait()
        assert panel.ended == 1


async def test_requests_while_one_runs_lead_to_one_more(
    qtbot: QtBot, open_app: OpenApp, until: Until
) -> None:
    async with open_app() as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        panel.gate.clear()
        panel.show()
        await until(lambda: panel.started == 1)
        for _ in range(3):
            panel.on_events([RecordsChanged("d")])
        panel.gate.set()
        await app.jobs.wait()
        assert (panel.started, panel.ended) == (2, 2)


async def test_a_failed_refresh_is_a_banner_that_goes_when_it_works(
    qtbot: QtBot, open_app: OpenApp
) -> None:
    async with open_app() as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        panel.fails = "The file is locked."
        panel.show()
        await app.jobs.wait()
        assert "refresh" in panel.errors
        assert panel.errors["refresh"].text.text() == "The file is locked."
        panel.fails = ""
        panel.reload()
        await app.jobs.wait()
        assert not panel.errors


async def test_what_the_user_starts_disables_its_button_and_tells_errors(
    qtbot: QtBot, open_app: OpenApp
) -> None:
    async with open_app() as app:
        panel, button = Counter(app), kit.button("Train")
        qtbot.addWidget(panel)
        seen: list[bool] = []

        async def work(error: Exception) -> None:
            seen.append(button.isEnabled())
            raise error

        panel.act(work(InputError("No records.")), button=button)
        await app.jobs.wait()
        assert (seen, button.isEnabled()) == ([False], True)
        assert "act" in panel.errors
        panel.act(work(DeclinedError("not now")), button=button)
        await app.jobs.wait()
        assert not panel.errors


async def fail(words: str) -> None:
    raise InputError(words)


async def test_why_an_act_failed_stays_until_the_next_act_or_dismissed(
    qtbot: QtBot, open_app: OpenApp
) -> None:
    async with open_app() as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        panel.resize(600, 400)
        panel.show()
        panel.act(fail("No records."))
        await app.jobs.wait()
        panel.fails = "The file is locked."
        panel.on_events([RecordsChanged("d")])
        await app.jobs.wait()
        assert panel.errors.keys() == {"act", "refresh"}
        panel.fails = ""
        panel.on_events([RecordsChanged("d")])
        await app.jobs.wait()
        assert panel.errors.keys() == {"act"}
        assert panel.errors["act"].text.text() == "No records."
        panel.errors["act"].findChildren(QAbstractButton)[-1].click()
        assert not panel.errors
        panel.act(fail("No grader."))
        await app.jobs.wait()
        panel.act(asyncio.sleep(0))
        await app.jobs.wait()
        assert not panel.errors


async def test_another_dataset_voids_what_failed_before(qtbot: QtBot, open_app: OpenApp) -> None:
    async with open_app() as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        panel.act(fail("No records."))
        await app.jobs.wait()
        panel.start_over()
        assert not panel.errors


async def test_what_was_seen_of_one_dataset_is_not_done_to_the_next(
    qtbot: QtBot, open_app: OpenApp, until: Until
) -> None:
    async with open_app([]) as app:
        panel = Counter(app)
        qtbot.addWidget(panel)
        app.on_session.append(lambda session: panel.start_over())
        panel.show()
        await app.jobs.wait()
        done: list[str] = []

        async def work(name: str) -> None:
            done.append(name)

        panel.act(work("seen"))
        await app.jobs.wait()
        panel.gate.clear()
        await app.open(await add_dataset(app, [], "Other"))
        panel.act(work("of the other"))
        panel.gate.set()
        await until(lambda: panel.ended == 2)
        await app.jobs.wait()
        panel.act(work("seen too"))
        await app.jobs.wait()
        assert done == ["seen", "seen too"]


async def test_a_bug_in_a_refresh_is_told_to_the_jobs(
    qtbot: QtBot, open_app: OpenApp, caplog: Any
) -> None:
    async with open_app() as app:
        told: list[BaseException] = []
        app.jobs.on_error = told.append

        class Broken(Counter):
            async def refresh(self) -> None:
                raise ZeroDivisionError("a bug")

        panel = Broken(app)
        qtbot.addWidget(panel)
        panel.show()
        await app.jobs.wait()
        assert [type(error) for error in told] == [ZeroDivisionError]
    assert "a job failed" in caplog.text
    caplog.clear()
