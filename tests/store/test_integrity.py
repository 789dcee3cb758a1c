"""A damaged file is found after an unclean exit, offered help, salvaged or replaced, and never lost."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.errors import StoreError
from app.store import backups, integrity, meta, recovery
from app.store.create import create_dataset
from app.store.store import Store
from tests.store.conftest import row
from tests.store.damage import PAGE, damage, pages_of

HOLD = """
import asyncio, sys
from pathlib import Path
from app.store.store import Store

async def hold():
    store = await Store.open(Path(sys.argv[1]), "d1")
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A dataset of 4,000 records of about 1 KB, in some hundred pages."""
    path = tmp_path / "dataset.sqlite"
    rows = (row(n, messages=[{"role": "user", "content": f"{n} " * 250}]) for n in range(4000))
    create_dataset(path, rows, {"goal": "answer"})
    return path


def killed_while_open(path: Path) -> None:
    """Open the dataset in another program and end that with SIGKILL."""
    program = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    with program.stdout:
        assert program.stdout.readline() == "open\n"
        os.kill(program.pid, signal.SIGKILL)
        program.wait()


async def records_of(path: Path) -> int:
    store = await Store.open(path, "d1")
    try:
        return int((await store.read(lambda tx: tx.sql("SELECT COUNT(*) FROM record")))[0][0])
    finally:
        await store.close()


async def test_the_mark_is_there_while_open_and_gone_after_a_clean_exit(opened, tmp_path):
    mark = integrity.mark_of(tmp_path / "dataset.sqlite")
    async with opened() as store:
        assert mark.exists()
        assert not store.unverified
    assert not mark.exists()


async def test_after_a_kill_a_whole_file_opens_and_a_damaged_one_says_what_can_be_done(file):
    killed_while_open(file)
    assert integrity.mark_of(file).exists()
    assert await records_of(file) == 4000
    made = backups.back_up_daily(file)
    damage(file, [pages_of(file, "record")[5]])
    assert await records_of(file) >= 0, "after a clean exit nothing is read through"
    killed_while_open(file)
    for _ in range(2):  # and it is said again, until something was done
        with pytest.raises(integrity.DamagedError, match=r"is damaged.*doctor --repair") as caught:
            await Store.open(file, "d1")
    assert str(file) in str(caught.value)
    assert [b.name for b in caught.value.backups] == [made.name]


async def test_a_large_file_is_checked_after_it_was_opened(file, monkeypatch):
    monkeypatch.setattr(backups, "LARGE_BYTES", 1000)
    killed_while_open(file)
    damage(file, [pages_of(file, "body")[5]])
    store = await Store.open(file, "d1")
    assert store.unverified
    with pytest.raises(integrity.DamagedError):
        await store.verify()
    await store.close()
    assert integrity.mark_of(file).exists(), "the check is still owed"


async def test_a_damaged_head_is_offered_help_too(file):
    backups.back_up_daily(file)
    damage(file, [0])
    with pytest.raises(integrity.DamagedError, match=r"is damaged.*puts back the backup of"):
        await Store.open(file, "d1")


@pytest.mark.parametrize("seed", range(4))
async def test_recovery_saves_every_record_that_is_not_on_a_damaged_page(file, seed):
    with closing(sqlite3.connect(file)) as db:
        everything = dict(db.execute("SELECT record_id, messages FROM body").fetchall())
    noise = random.Random(seed)
    bad = noise.sample(pages_of(file, "body"), 5)
    data = file.read_bytes()
    on_bad = {
        i for i in everything
        if any(everything[i].encode() in data[p * PAGE : (p + 1) * PAGE] for p in bad)
    }  # fmt: skip
    damage(file, bad, seed)
    damaged = file.read_bytes()
    found = recovery.recover(file)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        saved = dict(db.execute("SELECT record_id, messages FROM body").fetchall())
        assert db.execute("SELECT COUNT(*) FROM record").fetchone() == (len(saved),)
    assert saved == {i: text for i, text in everything.items() if i not in on_bad}
    assert found.records == len(saved)
    assert found.lost == {"body": len(on_bad), "record": len(on_bad)}
    assert found.kept is not None
    assert found.kept.read_bytes() == damaged
    store = await Store.open(file, "d1")
    assert await store.read(meta.get, "goal") == "answer"
    await store.write("Set the goal", meta.put, "goal", "again")
    await store.undo()
    assert await store.read(meta.get, "goal") == "answer"
    await store.close()


async def test_history_is_kept_when_nothing_is_missing_and_dropped_otherwise(file):
    store = await Store.open(file, "d1")
    await store.write("Set the goal", meta.put, "goal", "new")
    await store.close()
    assert recovery.recover(file).lost == {}
    store = await Store.open(file, "d1")
    await store.undo()
    assert await store.read(meta.get, "goal") == "answer"
    await store.redo()
    await store.close()
    damage(file, [pages_of(file, "body")[3]])
    assert recovery.recover(file).lost
    store = await Store.open(file, "d1")
    with pytest.raises(StoreError, match="nothing to undo"):
        await store.undo()
    await store.close()


def test_where_nothing_can_be_read_nothing_is_touched(file):
    damage(file, [0])
    before = file.read_bytes()
    with pytest.raises(StoreError, match="Nothing of it can be read"):
        recovery.recover(file)
    assert file.read_bytes() == before
    assert sorted(p.name for p in file.parent.glob("dataset*")) == [file.name, file.name + ".lock"]


async def test_a_backup_is_put_back_and_what_was_there_is_kept(opened, tmp_path):
    path = tmp_path / "dataset.sqlite"
    async with opened() as store:
        await store.write("Set the goal", meta.put, "goal", "good")
    made = backups.back_up_daily(path)
    async with opened() as store:
        await store.write("Set the goal", meta.put, "goal", "bad")
        with pytest.raises(StoreError, match="is open"):
            integrity.restore_backup(path, made.name)
    (tmp_path / "search.sqlite").write_bytes(b"made from the records that were there")
    kept = integrity.restore_backup(path, made.name)
    async with opened() as store:
        assert await store.read(meta.get, "goal") == "good"
    assert kept is not None
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'goal'").fetchone() == ('"bad"',)
    assert not (tmp_path / "search.sqlite").exists()
    assert backups.backups(path), "the backup itself stays"


async def test_the_log_of_a_replaced_file_is_never_read_with_the_new_one(file):
    killed_after_a_write = """
import asyncio, os, signal, sys
from pathlib import Path
from app.store import meta
from app.store.store import Store

async def write():
    store = await Store.open(Path(sys.argv[1]), "d1")
    await store.write("Set the goal", meta.put, "goal", "only in the log")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(write())
"""
    made = backups.back_up_daily(file)
    program = [sys.executable, "-c", killed_after_a_write, str(file)]
    done = await asyncio.to_thread(subprocess.run, program, check=False)
    assert done.returncode == -signal.SIGKILL
    assert file.with_name(file.name + "-wal").stat().st_size
    kept = integrity.restore_backup(file, made.name)
    store = await Store.open(file, "d1")
    assert await store.read(meta.get, "goal") == "answer"
    await store.close()
    assert kept is not None
    with closing(sqlite3.connect(kept)) as db:  # with the log that went with it
        assert db.execute("SELECT value FROM meta WHERE key = 'goal'").fetchone() == (
            '"only in the log"',
        )


async def test_a_damaged_backup_is_refused_and_nothing_is_changed(file):
    made = backups.back_up_daily(file)
    damage(backups.backup_path(file, made.name), [pages_of(file, "record")[2]])
    before = file.read_bytes()
    with pytest.raises(integrity.DamagedError, match="backups"):
        integrity.restore_backup(file, made.name)
    assert file.read_bytes() == before
