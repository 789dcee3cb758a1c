"""Undo of much is a job with progress that can be stopped; of little it is done at once."""

from pathlib import Path

import pytest

from app.errors import Stopped, StoreError
from app.store import inverse, records
from app.store.create import create_dataset
from app.store.library import FILE
from app.store.records import RecordFilter
from app.tools import history
from app.wiring import App
from tests.store.conftest import row

EVERY = RecordFilter()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MANY_CELLS", 1_000)
    monkeypatch.setattr(inverse, "STRETCH", 500)


async def opened(home: Path) -> App:
    app = await App.start(home)
    dataset_id, folder = app.library.new_folder()
    create_dataset(folder / FILE, (row(n) for n in range(2_000)), {})
    await app.library.add(dataset_id, "Data", records=2_000, invalid=0)
    await app.open(dataset_id)
    await app.session.passes
    return app


async def test_much_is_a_job_with_progress_and_little_is_not(tmp_path: Path) -> None:
    app = await opened(tmp_path)
    seen: list[tuple[str, float]] = []
    app.jobs.subscribe(lambda job: seen.append((job.name, job.done)))
    try:
        await app.session.store.write("Tag one", records.set_tag, [1], "x")
        await app.call("undo")
        assert seen == []
        await app.session.store.write("Tag all", records.set_tag, EVERY, "x")
        change = await app.call("undo")
        assert change.label == "Undo: Tag all"
        assert {name for name, _ in seen} == {"Undo: Tag all"}
        assert len({done for _, done in seen}) > 3
        seen.clear()
        await app.call("redo")
        assert {name for name, _ in seen} == {"Redo: Tag all"}
        assert await app.session.store.read(records.count, RecordFilter(tag="x")) == 2_000
    finally:
        await app.close()


async def test_stop_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverse, "STRETCH", 2)  # a thousand occasions to stop
    app = await opened(tmp_path)
    app.jobs.subscribe(lambda job: job.stop() if job.active and job.done else None)
    try:
        await app.session.store.write("Tag all", records.set_tag, EVERY, "x")
        with pytest.raises(Stopped, match="nothing was changed"):
            await app.call("undo")
        assert await app.session.store.read(records.count, RecordFilter(tag="x")) == 2_000
    finally:
        await app.close()


async def test_a_change_that_is_not_in_the_history_is_told(tmp_path: Path) -> None:
    app = await opened(tmp_path)
    try:
        with pytest.raises(StoreError, match="no change 77"):
            await app.call("undo", change_id=77)
        with pytest.raises(StoreError, match="nothing to undo"):
            await app.call("undo")
    finally:
        await app.close()
