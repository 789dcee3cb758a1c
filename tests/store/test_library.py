"""The list of datasets: renamed, duplicated, deleted and taken back, each whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.errors import InputError, StoreError
from app.store import backups, meta, results, trash
from app.store.create import create_dataset
from app.store.library import FILE, Library
from app.workers import RunDir, Status, write_atomic
from tests.store.conftest import row


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


async def library_with_one(home: Path) -> tuple[Library, str]:
    library = await Library.open(home)
    dataset, folder = library.new_folder()
    create_dataset(folder / FILE, (row(i, valid=i > 1) for i in range(10)), {"goal": "answer"})
    await library.add(dataset, "One", records=10, invalid=2, steps="ddc....", sample=True)
    return library, dataset


async def goal_of(library: Library, dataset: str) -> str:
    store = await library.open_store(dataset)
    try:
        return str(await store.read(meta.get, "goal"))
    finally:
        await store.close()


async def test_a_deleted_dataset_comes_back_as_it_was(home):
    library, dataset = await library_with_one(home)
    before = await library.get(dataset)
    (library.folder(dataset) / "models").mkdir()
    await library.delete(dataset)
    assert await library.datasets() == []
    assert not library.folder(dataset).exists()
    (gone,) = await library.deleted()
    assert gone.info == before
    assert gone.until - gone.at == 30 * 86400
    assert await library.undelete(dataset) == before
    assert await library.datasets() == [before]
    assert await library.deleted() == []
    assert (library.folder(dataset) / "models").is_dir()
    assert await goal_of(library, dataset) == "answer"
    with pytest.raises(InputError, match="not in the trash"):
        await library.undelete(dataset)
    await library.close()


async def test_after_thirty_days_or_when_emptied_it_is_gone(home):
    library, dataset = await library_with_one(home)
    await library.delete(dataset)
    (gone,) = await library.deleted()
    assert trash.expire(home, now=gone.until - 1) == 0
    await library.close()
    library = await Library.open(home)
    assert len(await library.deleted()) == 1, "a new start keeps it"
    assert trash.expire(home, now=gone.until + 1) == 1
    assert not any((home / "trash").iterdir())
    await library.close()
    library, dataset = await library_with_one(home)
    await library.delete(dataset)
    assert await library.empty_trash() == 1
    assert await library.deleted() == []
    await library.close()


async def test_delete_forever_leaves_nothing(home):
    library, dataset = await library_with_one(home)
    await library.delete(dataset, forever=True)
    assert await library.datasets() == await library.deleted() == []
    assert not list(home.rglob(FILE))
    await library.close()


async def test_an_open_dataset_is_not_deleted(home):
    library, dataset = await library_with_one(home)
    store = await library.open_store(dataset)
    with pytest.raises(StoreError, match="One is open"):
        await library.delete(dataset)
    assert await store.read(meta.get, "goal") == "answer"
    await store.close()
    await library.delete(dataset)
    await library.close()


async def test_a_dataset_whose_folder_is_missing_can_still_be_deleted(home):
    library, dataset = await library_with_one(home)
    library.folder(dataset).rename(home / "elsewhere")
    await library.delete(dataset)
    assert await library.datasets() == []
    await library.close()


async def results_of(library: Library, dataset: str) -> dict[str, list[results.ResultValue]]:
    store = await library.open_store(dataset)
    try:
        return {
            kind: await store.read(results.of_kind, kind)  # type: ignore[arg-type]
            for kind in ("coverage", "dry_run", "training", "deployment")
        }
    finally:
        await store.close()


async def with_results(library: Library, dataset: str) -> None:
    folder = library.folder(dataset)
    model = folder / "models" / "starter"
    store = await library.open_store(dataset)
    data = {"model": str(model)}
    await store.transaction(results.add, "coverage")
    await store.transaction(results.add, "training", data=data)
    await store.transaction(results.add, "deployment", data=data)
    await store.transaction(results.add, "dry_run", state="running", data=data)
    await store.close()
    model.mkdir(parents=True)
    (model / "weights").write_bytes(b"w")
    for name, state in (("train-1", "completed"), ("serve", "running")):
        run = RunDir(folder / "runs" / name)
        run.prepare({})
        (run.path / "lock").touch()
        status = Status(state=state, pid=2**22 - 1, created=1.0)  # type: ignore[arg-type]
        write_atomic(run.path / "status.json", status.model_dump_json().encode())


async def test_a_copy_of_the_data_has_no_results_that_need_another_s_files(home):
    library, dataset = await library_with_one(home)
    await with_results(library, dataset)
    copy = await library.duplicate(dataset, "Two")
    assert [p.name for p in library.folder(copy).iterdir()] == [FILE]
    found = await results_of(library, copy)
    assert {kind: len(rows) for kind, rows in found.items()} == {
        "coverage": 1, "dry_run": 0, "training": 0, "deployment": 0,
    }  # fmt: skip
    info = await library.get(copy)
    assert (info.name, info.records, info.invalid, info.sample) == ("Two", 10, 2, False)
    assert len((await results_of(library, dataset))["training"]) == 1
    await library.close()


async def test_a_copy_with_its_runs_points_into_its_own_folder_and_to_no_process(home):
    library, dataset = await library_with_one(home)
    await with_results(library, dataset)
    copy = await library.duplicate(dataset, "Two", with_runs=True)
    folder = library.folder(copy)
    found = await results_of(library, copy)
    assert Path(found["training"][0].data["model"]) == folder / "models" / "starter"
    assert (folder / "models" / "starter" / "weights").read_bytes() == b"w"
    assert found["dry_run"][0].state == "stopped"
    assert "copied from" in found["dry_run"][0].data["error"]
    assert sorted(p.name for p in (folder / "runs").iterdir()) == ["train-1"]
    assert RunDir(folder / "runs" / "train-1").status().state == "completed"
    assert not (folder / "runs" / "train-1" / "lock").exists()
    await library.close()


@pytest.mark.parametrize("with_runs", [True, False])
async def test_what_was_allowed_for_a_dataset_is_not_allowed_for_its_copy(home, with_runs):
    library, dataset = await library_with_one(home)
    store = await library.open_store(dataset)
    await store.transaction(meta.put, "always_allowed", ["tag_records"])
    await store.transaction(meta.put, "hosts", ["api.example.com"])
    await store.close()
    copy = await library.duplicate(dataset, "Two", with_runs=with_runs)
    store = await library.open_store(copy)
    kept = await store.read(meta.get_all)
    await store.close()
    assert not {"hosts", "always_allowed"} & set(kept)
    await library.close()


async def test_a_copy_that_fails_leaves_nothing(home):
    library, dataset = await library_with_one(home)
    (library.folder(dataset) / FILE).write_bytes(b"no dataset" * 2000)
    with pytest.raises(StoreError, match="damaged"):
        await library.duplicate(dataset, "Two")
    assert [p.name for p in (home / "datasets").iterdir()] == [dataset]
    await library.close()


async def test_a_rename_needs_a_name(home):
    library, dataset = await library_with_one(home)
    await library.rename(dataset, "  A   new\nname ")
    assert (await library.get(dataset)).name == "A new name"
    with pytest.raises(InputError, match="needs a name"):
        await library.rename(dataset, " ")
    await library.close()


async def test_putting_a_backup_back_and_recovering_count_the_card_anew(home):
    library, dataset = await library_with_one(home)
    file = library.folder(dataset) / FILE
    made = backups.back_up_daily(file)
    with closing(sqlite3.connect(file)) as db:
        db.execute("DELETE FROM record WHERE id > 4")
        db.execute("DELETE FROM body WHERE record_id > 4")
        db.commit()
    assert (await library.recover(dataset)).records == 4
    assert (await library.get(dataset)).records == 4
    assert [b.name for b in await library.backups(dataset)] == [made.name]
    assert await library.restore_backup(dataset, made.name) is not None
    info = await library.get(dataset)
    assert (info.records, info.invalid) == (10, 2)
    await library.close()
