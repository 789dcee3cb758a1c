"""The program closed after each of the first steps: the next start stands where it was left, and what
cannot be done yet says all that is missing, in order."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.errors import GateError
from app.ui.main_window import MainWindow
from app.wiring import App
from tests.programs import add_dataset
from tests.ui.conftest import OpenApp, Until
from tests.ui.seen import texts

LABELS = ("Cards", "Fees", "Loans")
ROWS: list[dict[str, Any]] = [
    {
        "messages": [{"role": "user", "content": f"{LABELS[n % 3]} question {n}"}],
        "preview": f"{LABELS[n % 3]} question {n}",
        "content_hash": f"h{n}",
        "split": "train",
        "tokens": 3,
        "valid": True,
        "issues": [],
        "extra": {"label": LABELS[n % 3]},
    }
    for n in range(12)
]


async def begin(app: App) -> None:
    await app.call("start_finetune_workflow", training_goals="answer")


async def propose(app: App) -> None:
    await app.call("generate_topics", method="labels")


async def take(app: App) -> None:
    await app.call("apply_topic_hierarchy")


async def add_one(app: App) -> None:
    await app.call("add_topic", name="Rates")


# What is done before the program is closed, and the step that it opens at then.
COURSE: tuple[tuple[Callable[[App], Awaitable[None]], str], ...] = (
    (begin, "records"),
    (propose, "records"),
    (take, "grader_config"),
    (add_one, "categorize"),
)


async def standing(app: App) -> list[tuple[str, str, tuple[str, ...]]]:
    assert app.session is not None
    flow = await app.session.workflow()
    return [(step.step, step.status, tuple(step.missing)) for step in flow.steps]


async def test_a_restart_opens_where_it_was_left(open_app: OpenApp, until: Until) -> None:
    async with open_app() as app:
        dataset = await add_dataset(app, ROWS, "Tickets", quota=2)
    for work, panel in COURSE:
        async with open_app() as app:
            await app.open(dataset)
            await work(app)
            await app.jobs.wait()
            left = await standing(app)
        async with open_app() as app:
            window = MainWindow(app)
            window.show()
            await app.open(dataset)
            await until(lambda window=window: window.centre.name not in ("", "welcome"))
            await app.jobs.wait()
            assert await standing(app) == left
            assert window.centre.name == panel, work.__name__
            window.closed = True
            window.close()
            window.deleteLater()


async def test_too_early_says_all_that_is_missing_and_calls_nothing(
    open_app: OpenApp, until: Until
) -> None:
    async with open_app() as app:
        window = MainWindow(app)
        window.show()
        await app.open(await add_dataset(app, ROWS, "Tickets", goal="answer"))
        await app.jobs.wait()
        before = await standing(app)
        for step in ("categorize", "coverage_generation"):
            window.go(step)
            await app.jobs.wait()
            await until(lambda: any("Go to Topics" in text for text in texts(window.centre)))
        with pytest.raises(GateError) as refused:
            await app.call("analyze_coverage")
        missing = {step: lacks for step, _, lacks in before}["coverage_generation"]
        assert tuple(refused.value.missing) == missing
        assert missing
        assert await standing(app) == before
        window.closed = True
        window.close()
        window.deleteLater()
