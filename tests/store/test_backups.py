"""Backups: made when due, whole while the file is written, rotated, refused with a reason."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.errors import Stopped, StoreError
from app.store import backups, meta
from app.store.store import Store

DAY = date(2026, 11, 22)


def goal_in(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return str(db.execute("SELECT value FROM meta WHERE key = 'goal'").fetchone()[0])


async def set_goal(store: Store, goal: str) -> None:
    await store.write("Set the goal", meta.put, "goal", goal)


async def test_a_daily_copy_is_due_once_a_day_and_only_when_the_data_changed(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    async with opened() as store:
        await set_goal(store, "one")
    assert backups.daily_due(path, DAY)
    made = backups.back_up_daily(path, today=DAY)
    assert (made.name, made.kind) == ("daily-2026-11-22.sqlite", "daily")
    assert goal_in(backups.backup_path(path, made.name)) == '"one"'
    async with opened() as store:
        await store.read(meta.get, "goal")
    assert not backups.daily_due(path, DAY + timedelta(1)), "opening and reading change nothing"
    async with opened() as store:
        await set_goal(store, "two")
    assert not backups.daily_due(path, DAY)
    assert backups.daily_due(path, DAY + timedelta(1))


async def test_what_is_only_in_the_log_yet_counts_as_a_change_and_is_copied(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    async with opened() as store:
        backups.back_up_daily(path, today=DAY)
        await set_goal(store, "in the log")
        assert path.with_name(path.name + "-wal").stat().st_size
        assert backups.daily_due(path, DAY + timedelta(1))
        made = backups.back_up_daily(path, today=DAY + timedelta(1))
        assert goal_in(backups.backup_path(path, made.name)) == '"in the log"'


async def test_the_last_seven_daily_copies_stay_and_those_before_a_migration(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    before = None
    for number in range(10):
        async with opened() as store:
            await set_goal(store, f"goal {number}")
        before = before or backups.back_up_before_migration(path, 2)
        backups.back_up_daily(path, today=DAY + timedelta(number))
    found = backups.backups(path)
    daily = [b.name for b in found if b.kind == "daily"]
    assert daily == [f"daily-{DAY + timedelta(n)}.sqlite" for n in range(9, 2, -1)]
    assert [b.name for b in found if b.kind == "migration"] == ["before-version-2.sqlite"]
    assert goal_in(backups.backup_path(path, "before-version-2.sqlite")) == '"goal 0"'
    with pytest.raises(StoreError, match=r"no backup 'nonsense'.*daily-2026-12-01"):
        backups.backup_path(path, "nonsense")


async def test_a_copy_is_of_one_moment_although_another_connection_writes_between_its_steps(
    opened, tmp_path, monkeypatch
):
    monkeypatch.setattr(backups, "PAGES_A_STEP", 1)
    path = tmp_path / "dataset.sqlite"
    async with opened() as store:
        await set_goal(store, "before")
        loop, steps = asyncio.get_running_loop(), []

        def write_between(done: int, total: int) -> None:
            steps.append((done, total))
            if len(steps) < 4:
                again = set_goal(store, f"after {done}")
                asyncio.run_coroutine_threadsafe(again, loop).result(30)

        made = await asyncio.to_thread(backups.back_up_daily, path, progress=write_between)
        copy = backups.backup_path(path, made.name)
        assert goal_in(copy) == '"before"'
        assert await store.read(meta.get, "goal") == f"after {steps[2][0]}"
        assert len(steps) == steps[-1][1], "it never began anew"


async def test_a_copy_waits_while_a_write_runs_and_can_be_stopped_there(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    looks = []

    def stop() -> bool:
        looks.append(store.idle.is_set())
        return len(looks) == 3

    async with opened() as store:
        store.idle.clear()
        with pytest.raises(Stopped):
            await asyncio.to_thread(backups.back_up_daily, path, idle=store.idle, stop=stop)
        store.idle.set()
    assert looks == [False] * 3
    assert list((tmp_path / "backups").iterdir()) == []


async def test_the_store_is_not_idle_within_a_write_and_idle_after_it_failed(opened):
    async with opened() as store:

        def work(tx):
            assert not store.idle.is_set()
            raise StoreError("on purpose")

        with pytest.raises(StoreError, match="on purpose"):
            await store.write("Fail", work)
        assert store.idle.is_set()


async def test_too_little_room_is_told_and_leaves_nothing(opened, tmp_path, monkeypatch):
    path = tmp_path / "dataset.sqlite"
    async with opened():
        pass
    room = SimpleNamespace(free=2 * path.stat().st_size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: room)
    with pytest.raises(StoreError, match=r"No backup was made.*twice the size"):
        backups.back_up_daily(path)
    assert backups.backups(path) == []
    room.free += 1
    backups.back_up_daily(path)


async def test_a_journal_left_by_a_copy_that_was_killed_does_no_harm(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    async with opened() as store:
        await set_goal(store, "whole")
    (tmp_path / "backups").mkdir()
    for name in ("daily-2026-11-22.sqlite.part", "daily-2026-11-22.sqlite.part-journal"):
        (tmp_path / "backups" / name).write_bytes(b"half" * 9000)
    made = backups.back_up_daily(path, today=DAY)
    assert goal_in(backups.backup_path(path, made.name)) == '"whole"'
    assert [p.name for p in (tmp_path / "backups").iterdir()] == [made.name]


async def test_an_older_file_is_copied_before_it_is_migrated(opened, tmp_path, monkeypatch):
    async with opened():
        pass
    path = tmp_path / "dataset.sqlite"
    monkeypatch.setattr("app.store.store.SCHEMA_VERSION", 99)
    async with opened():
        assert [b.name for b in backups.backups(path)] == ["before-version-99.sqlite"]
    room = SimpleNamespace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: room)
    with pytest.raises(StoreError, match="No backup was made"):
        await Store.open(path, "d1")
