"""Environment trouble is told in words that name the file and what to do, and loses nothing."""

import os
import sqlite3
import tempfile
from pathlib import Path

import pytest

from app.errors import StoreError
from app.store import records, topics
from app.store.library import FILE, Library
from app.store.records import RecordFilter
from app.store.store import Store


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "missing"),
        (b"", "empty"),
        (b"this is not a database, not at all, really not" * 40, "is damaged"),
    ],
)
async def test_a_file_that_is_no_dataset(tmp_path, content, words):
    path = tmp_path / "dataset.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=words) as caught:
        await Store.open(path, "d")
    assert str(path) in str(caught.value)


async def test_another_programs_database_and_a_newer_one_are_refused(opened, tmp_path):
    async with opened():
        pass
    path = tmp_path / "dataset.sqlite"
    for pragma, words in (
        ("user_version = 99", "newer RFT Studio"),
        ("application_id = 7", "not a dat"),
    ):
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA {pragma}")
        db.close()
        with pytest.raises(StoreError, match=words):
            await Store.open(path, "d")


async def test_a_dataset_is_open_in_one_program_only(opened, tmp_path):
    async with opened():
        with pytest.raises(StoreError, match="open in another RFT Studio"):
            await Store.open(tmp_path / "dataset.sqlite", "d")
    again = await Store.open(tmp_path / "dataset.sqlite", "d")
    await again.close()


async def test_a_full_disk_is_named_and_the_data_stays(opened):
    async with opened() as store:

        def fill(tx):
            (pages,) = tx.sql("PRAGMA page_count")[0]
            tx.sql(f"PRAGMA max_page_count = {pages}")

        await store.transaction(fill)
        before = await store.read(records.count, RecordFilter())
        with pytest.raises(StoreError, match="The disk is full"):
            await store.write(
                "Add many", lambda tx: [topics.add(tx, f"{i:03}" * 150) for i in range(199)]
            )
        assert await store.read(topics.all_topics) == []
        assert await store.read(records.count, RecordFilter()) == before


async def test_a_damaged_page_is_told_when_it_is_read(opened, tmp_path):
    async with opened():
        pass
    path = tmp_path / "dataset.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        await _count(path)


async def _count(path):
    store = await Store.open(path, "d")
    try:
        return await store.read(records.count, RecordFilter())
    finally:
        await store.close()


async def test_a_user_folder_that_is_a_file(tmp_path):
    (tmp_path / "home").write_text("I am a file")
    with pytest.raises(StoreError, match="home"):
        await Library.open(tmp_path / "home")


@pytest.fixture
def not_root():
    """Root may write everywhere: for this test it is nobody."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


async def test_a_user_folder_that_may_not_be_written(request):
    home = Path(tempfile.mkdtemp())
    (home / "datasets").mkdir()
    home.chmod(0o555)
    request.getfixturevalue("not_root")
    with pytest.raises(StoreError, match=r"cannot be written. Choose another with RFT_STUDIO_HOME"):
        await Library.open(home)


async def test_reading_a_closed_dataset_is_an_error_with_words(opened):
    async with opened() as store:
        pass
    with pytest.raises(StoreError, match="was closed"):
        await store.read(records.count, RecordFilter())


async def test_delete_means_delete_and_a_copy_is_whole(tmp_path, opened):
    async with opened():
        pass
    library = await Library.open(tmp_path / "home")
    dataset, folder = library.new_folder()
    (tmp_path / "dataset.sqlite").rename(folder / FILE)
    (folder / "runs").mkdir()
    await library.add(dataset, "One", records=10, invalid=0)
    copy = await library.duplicate(dataset, "Two")
    await library.delete(dataset)
    assert not folder.exists()
    assert [d.name for d in await library.datasets()] == ["Two"]
    store = await library.open_store(copy)
    assert await store.read(records.count, RecordFilter()) == 10
    await store.close()
    await library.close()
