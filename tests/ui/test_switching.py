"""Two datasets opened in turn, faster than their panels can be read: nothing of one is shown, or
done, in the other."""

import asyncio
from typing import Any

from PySide6.QtWidgets import QWidget

from app.store import topics
from app.ui.main_window import MainWindow
from app.wiring import App
from tests.programs import add_dataset
from tests.ui.conftest import OpenApp, Until
from tests.ui.seen import texts

TOPICS = {"Shop": ("Refunds", "Parcels", "Coffee"), "Bank": ("Cards", "Loans", "Fees")}
PANELS = ("topics_config", "categorize", "coverage_generation")


def rows(name: str) -> list[dict[str, Any]]:
    return [
        {
            "messages": [{"role": "user", "content": f"{name} question {n}"}],
            "preview": f"{name} question {n}",
            "content_hash": f"{name}{n}",
            "split": "train",
            "tokens": 3,
            "valid": True,
            "issues": [],
            "extra": {"label": TOPICS[name][n % 3]},
        }
        for n in range(9)
    ]


async def dataset(app: App, name: str) -> str:
    """With its topics, every record in one."""
    dataset_id = await add_dataset(app, rows(name), name, goal="answer")
    await app.open(dataset_id)
    await app.call("start_finetune_workflow", training_goals="answer")
    await app.call("generate_topics", method="labels")
    await app.call("apply_topic_hierarchy")
    await app.jobs.wait()
    return dataset_id


def shown(widget: QWidget) -> set[str]:
    """The topics' names that stand in the panel, of whichever dataset."""
    read = texts(widget)
    known = {name for names in TOPICS.values() for name in names}
    return {name for name in known if any(name in text for text in read)}


async def test_switching_fast_ends_at_the_last_with_nothing_of_the_other(
    open_app: OpenApp, until: Until
) -> None:
    async with open_app() as app:
        window = MainWindow(app)
        window.resize(1440, 900)
        window.show()
        ids = {name: await dataset(app, name) for name in TOPICS}
        for panel in PANELS:
            window.go(panel)
            await app.jobs.wait()
        for turn in range(6):
            for name in TOPICS:
                window.open_dataset(ids[name])
                for _ in range(turn):
                    await asyncio.sleep(0)
        window.open_dataset(ids["Shop"])
        await until(lambda: app.session and app.session.dataset_id == ids["Shop"])
        await app.jobs.wait()
        for panel in PANELS:
            window.go(panel)
            await app.jobs.wait()
            found = shown(window.centre.panel(panel))
            assert found == set(TOPICS["Shop"]), panel
        for name, dataset_id in ids.items():
            await app.open(dataset_id)
            assert app.session is not None
            kept = {topic.name for topic in await app.session.store.read(topics.all_topics)}
            assert kept == set(TOPICS[name])
        await app.jobs.wait()
        window.closed = True
        window.close()
        window.deleteLater()
