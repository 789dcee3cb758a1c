"""Walks the sample through the seven steps in the real window and photographs every panel on the way.

Writes `resources/screenshots/<panel>-light.png` and `-dark.png`. `--preset fast` for a quick look.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import orjson
import qasync
from PySide6.QtWidgets import QApplication

from app import paths
from app.tools import runs
from app.tools.base import TOOLS, Card
from app.ui.chat.dock import ChatDock
from app.ui.main_window import MainWindow
from app.ui.theme import Mode, Theme
from app.ui.theme_switch import use
from app.wiring import SAMPLE, App

OUT = Path(__file__).parents[1] / "resources" / "screenshots"
SIZE = (1440, 900)
MODES: tuple[Mode, ...] = ("dark", "light")
SETTLE_SECONDS, CURVE_STEPS = 1.5, 0.6  # share of the steps after which the curve is worth a look
GOAL = (
    "Route each support ticket to the right team and intent as JSON, and ask when it is not clear."
)


class Walk:
    """The window, and the tools called as the user would who says yes to every card."""

    def __init__(self, app: App, window: MainWindow) -> None:
        self.app, self.window = app, window

    async def call(self, name: str, **arguments: Any) -> Any:
        return await TOOLS[name](self.app.context("user", _yes), arguments)

    async def shoot(self, name: str, panel: str) -> None:
        """Bring a panel to the front and save it in both modes."""
        self.window.go(panel)
        for mode in MODES:
            use(_application(), Theme(mode, reduced_motion=True))
            await asyncio.sleep(SETTLE_SECONDS)
            self.window.grab().save(str(OUT / f"{name}-{mode}.png"))
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()

    async def all(self) -> None:
        await self.shoot("welcome", "welcome")
        await self.app.open_sample()
        await self.call("start_finetune_workflow", training_goals=GOAL)
        await self.shoot("records", "records")
        await self.call("generate_topics")
        await self.call("apply_topic_hierarchy")
        await self.shoot("topics", "topics_config")
        await self.shoot("categorize", "categorize")
        await self.call("analyze_coverage")
        await self.shoot("coverage", "coverage_generation")
        grader = paths.resource(SAMPLE).with_suffix(".grader.json").read_bytes()
        await self.call("configure_grader", grader=orjson.loads(grader))
        await self.call("test_grader_sample")
        await self.call("crash_test_grader")
        await self.shoot("grader", "grader_config")
        if (await self.call("run_dry_run")).verdict.verdict == "WARNING":
            await self.call("accept_warning")
        await self.shoot("dryrun", "dry_run")
        await self.train()
        await self.call("deploy_model")
        await self.call("try_model", text="my card was declined at the shop")
        await self.shoot("deploy", "deployment")
        await self.call("stop_deployment")

    async def train(self) -> None:
        """Photographed while it runs, and when the report is there."""
        started = await self.call("start_training")
        status = await self.call("check_training_status")
        while status.status == "running" and status.step < CURVE_STEPS * status.steps:
            await asyncio.sleep(0.5)
            status = await self.call("check_training_status")
        await self.shoot("training", "training")
        await runs.finished(self.app.context(), started.run_id)
        await self.shoot("training-done", "training")


async def _yes(card: Card) -> bool:
    return True


def _application() -> QApplication:
    running = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(running, QApplication)
    return running


async def _run(home: Path, preset: Any) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    app = await App.start(home)
    app.settings = app.settings.model_copy(update={"preset": preset})
    window = MainWindow(app)
    window.resize(*SIZE)
    window.show()
    window.set_chat(ChatDock(app))
    try:
        await Walk(app, window).all()
    finally:
        window.closed = True
        window.close()
        await app.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=("fast", "standard"), default="standard")
    chosen = parser.parse_args()
    application = _application()
    application.setQuitOnLastWindowClosed(False)
    use(application, Theme("light", reduced_motion=True))
    with (
        tempfile.TemporaryDirectory(prefix="rft-shots-", ignore_cleanup_errors=True) as folder,
        qasync.QEventLoop(application) as loop,
    ):
        asyncio.set_event_loop(loop)
        loop.run_until_complete(_run(Path(folder), chosen.preset))
    return 0


if __name__ == "__main__":
    sys.exit(main())
