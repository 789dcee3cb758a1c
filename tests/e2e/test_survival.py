"""The app is killed in the middle of training; the run goes on, is found again, and finished."""

import asyncio
import time

import psutil
import pytest

from app.store import results
from app.ui.main_window import MainWindow
from app.wiring import App
from app.workers import RunDir


def training_of(home):
    """The run directory of the first training run there is, or None."""
    found = list(home.glob("datasets/*/runs/train-*"))
    return RunDir(found[0]) if found else None


def wait_for(condition, process, seconds=300):
    """Poll another process's files until `condition()`; its early end is a failure."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.timeout(900)
async def test_killed_mid_training_reattached_in_the_window_and_finished(
    task, command, user_home, themed, qapp, qtbot
):
    records, grader = task
    process = command(
        "run", records, "--goal", "Name the topic", "--grader", grader,
        "--yes", "dry_run,training,deployment", "--accept-warning", "--preset", "fast",
    )  # fmt: skip
    wait_for(
        lambda: (run := training_of(user_home)) is not None and run.status().done >= 1, process
    )
    process.kill()
    process.communicate()
    run = training_of(user_home)
    assert run is not None
    worker = psutil.Process(run.status().pid)
    assert run.alive(), "the training worker died with the app"

    app = await App.start(user_home)
    window = MainWindow(app)
    qtbot.addWidget(window)
    window.show()
    try:
        (info,) = await app.library.datasets()
        session = await app.open(info.id)
        found = await session.store.read(results.latest, "training")
        assert found.state == "running"
        while (found := await session.store.read(results.get, found.id)).state == "running":
            await asyncio.sleep(0.1)
        assert found.state == "completed", found.data.get("error")
        assert found.data["report"]["n"] > 0
        assert worker.pid == run.status().pid, "it was started anew instead of found again"
        flow = await session.workflow()
        assert flow["training"].status == "completed"
    finally:
        window.close()
        await app.close()


@pytest.mark.timeout(900)
async def test_a_dead_worker_is_told_and_resumed_from_its_checkpoint(task, command, user_home):
    records, grader = task
    process = command(
        "run", records, "--goal", "Name the topic", "--grader", grader,
        "--yes", "dry_run,training,deployment", "--accept-warning", "--preset", "fast",
    )  # fmt: skip

    def checkpointed():
        run = training_of(user_home)
        return run is not None and any(e["kind"] == "checkpoint" for e in run.events()[0])

    wait_for(checkpointed, process)
    run = training_of(user_home)
    psutil.Process(run.status().pid).kill()
    process.communicate()
    assert process.returncode == 1

    app = await App.start(user_home)

    async def yes(card):
        return True

    app.approve = yes
    try:
        (info,) = await app.library.datasets()
        session = await app.open(info.id)
        found = await session.store.read(results.latest, "training")
        assert found.state == "failed"
        assert (await session.workflow())["training"].status == "failed"
        reached = int(run.status().done)
        await app.call("resume_training")
        while (found := await session.store.read(results.get, found.id)).state == "running":
            await asyncio.sleep(0.1)
        assert found.state == "completed", found.data.get("error")
        steps = [e["step"] for e in run.events()[0] if e["kind"] == "metrics"]
        assert reached > 0
        assert max(steps) == found.data["params"]["steps"]
    finally:
        await app.close()
