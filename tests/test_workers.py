"""Workers through a real one: the import task, which needs nothing but a file."""

import asyncio
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import AppError, InputError, Stopped
from app.workers import RunDir, Status, follow, launch, run_worker, write_atomic

LINE = json.dumps({"messages": [{"role": "user", "content": "hello {}"}]})


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    """A small import."""
    return config_of(tmp_path, 50)


def config_of(folder: Path, lines: int) -> dict[str, str]:
    file = folder / "records.jsonl"
    file.write_text("".join(LINE.replace("{}", str(i)) + "\n" for i in range(lines)))
    return {"file": str(file), "database": str(folder / "out.sqlite"), "name": "x"}


async def test_the_result_comes_back_and_progress_was_told(tmp_path, config):
    seen: list[Status] = []
    result = await run_worker("import", tmp_path / "run", config, on_status=seen.append)
    assert result["records"] == 50
    assert seen[-1].state == "completed"
    assert seen[-1].pid not in (0, os.getpid())


async def test_what_the_user_gave_is_told_apart_from_what_went_wrong(tmp_path, config):
    with pytest.raises(InputError, match="no file"):
        await run_worker("import", tmp_path / "a", config | {"file": str(tmp_path / "nope")})
    with pytest.raises(AppError, match="KeyError") as caught:
        await run_worker("import", tmp_path / "b", {"file": config["file"]})
    assert not isinstance(caught.value, InputError)
    assert "Traceback" in (tmp_path / "b" / "log.txt").read_text()


async def test_stop_ends_it_and_leaves_no_half_file(tmp_path):
    config = config_of(tmp_path, 60_000)
    run = RunDir(tmp_path / "run")

    def stop_once_it_reads(status: Status) -> None:
        if status.done:
            run.stop()

    with pytest.raises(Stopped):
        await run_worker("import", run.path, config, on_status=stop_once_it_reads)
    assert not Path(config["database"]).exists()


async def test_cancelling_the_caller_ends_the_process(tmp_path):
    config = config_of(tmp_path, 60_000)
    run = RunDir(tmp_path / "run")
    task = asyncio.create_task(run_worker("import", run.path, config))
    while not run.status().done:
        await asyncio.sleep(0.01)
    pid = run.status().pid
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pid)


async def test_the_loop_never_waits_for_a_start(tmp_path, config, monkeypatch):
    """Neither for the fork nor for the disk before it: together up to 120 ms."""
    threads: dict[str, int] = {}
    open_process, sync = subprocess.Popen.__init__, os.fsync

    def noted_open(self: Any, *args: Any, **options: Any) -> None:
        threads["process"] = threading.get_ident()
        open_process(self, *args, **options)

    def noted_sync(file: int) -> None:
        threads.setdefault("disk", threading.get_ident())
        sync(file)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted_open)
    monkeypatch.setattr(os, "fsync", noted_sync)
    await run_worker("import", tmp_path / "run", config)
    assert {*threads} == {"process", "disk"}
    assert threading.get_ident() not in threads.values()


async def test_a_caller_cancelled_while_it_starts_leaves_no_process(tmp_path):
    run = RunDir(tmp_path / "run")
    task = asyncio.create_task(run_worker("import", run.path, config_of(tmp_path, 60_000)))
    while not run.path.exists():  # the thread has begun
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # once more, as a closing program does
    with pytest.raises(asyncio.CancelledError):
        await task
    begun = run.status()
    assert begun.pid, "the thread went on to its end"
    assert begun.state not in ("queued", "running")
    assert not psutil.pid_exists(begun.pid)


async def test_a_killed_worker_is_failed_and_never_running(tmp_path):
    run = RunDir(tmp_path / "run")
    run.prepare(config_of(tmp_path, 60_000))
    process = launch("import", run)
    assert run.alive(), "it counts as alive before it has said a word"
    while not run.status().done:
        await asyncio.sleep(0.01)
    process.kill()
    process.wait()
    assert not run.alive()
    status = await follow(run)
    assert status.state == "failed"
    assert run.status().state == "failed"


async def test_another_process_with_the_same_pid_is_not_the_worker(tmp_path):
    run = RunDir(tmp_path)
    me = psutil.Process()
    for created, alive in ((me.create_time(), True), (me.create_time() - 3600, False)):
        status = Status(state="running", pid=me.pid, created=created, started=time.time())
        write_atomic(tmp_path / "status.json", status.model_dump_json().encode())
        assert run.alive() is alive


async def test_a_second_worker_on_the_same_directory_is_refused(tmp_path):
    run = RunDir(tmp_path / "run")
    run.prepare(config_of(tmp_path, 60_000))
    first = launch("import", run)
    while run.status().state != "running":
        await asyncio.sleep(0.01)
    second = launch("import", run)
    while second.poll() is None:
        await asyncio.sleep(0.01)
    assert second.returncode == 3
    assert first.poll() is None
    assert run.status().pid == first.pid
    run.stop()
    while first.poll() is None:
        await asyncio.sleep(0.01)


def test_events_are_read_from_where_one_left_off(tmp_path):
    run = RunDir(tmp_path)
    assert run.events() == ([], 0)
    (tmp_path / "events.jsonl").write_bytes(b'{"kind":"a"}\n{"kind":"b"}\n{"ki')
    events, offset = run.events()
    assert [e["kind"] for e in events] == ["a", "b"]
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'nd":"c"}\n')
    assert [e["kind"] for e in run.events(offset)[0]] == ["c"]


def test_a_status_that_a_power_failure_took_is_none(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    run.prepare({})
    (run.path / "status.json").write_bytes(b"")
    assert not run.alive()
    assert run.mark_dead().state == "failed"
    assert run.status().error
