"""A dataset that was made is on the disk: its bytes, and then its name."""

import os

import pytest

from app.errors import StoreError
from app.store.create import create_dataset, put_in_place
from tests.store.conftest import row


@pytest.fixture
def synced(monkeypatch):
    """What was synced, (inode, size) in order; the real sync is done too."""
    seen = []
    sync = os.fsync

    def noted(descriptor):
        state = os.fstat(descriptor)
        sync(descriptor)
        seen.append((state.st_ino, state.st_size))

    monkeypatch.setattr(os, "fsync", noted)
    return seen


def test_the_whole_file_is_synced(tmp_path, synced):
    path = tmp_path / "dataset.sqlite"
    assert create_dataset(path, (row(i) for i in range(10)), {}) == 10
    assert synced == [(path.stat().st_ino, path.stat().st_size)]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot sync a folder")
def test_its_name_and_its_folders_name_are_synced(tmp_path, synced):
    folder = tmp_path / "d1"
    folder.mkdir()
    (folder / "aside").write_bytes(b"all of it")
    put_in_place(folder / "aside", folder / "dataset.sqlite")
    assert [name.name for name in folder.iterdir()] == ["dataset.sqlite"]
    assert [inode for inode, _ in synced] == [folder.stat().st_ino, tmp_path.stat().st_ino]


def test_a_file_that_cannot_be_put_in_place_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"dataset\.sqlite"):
        put_in_place(tmp_path / "missing", tmp_path / "dataset.sqlite")
