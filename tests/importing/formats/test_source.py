"""Archives are unpacked within limits, and what was read before a break is kept."""

import gzip
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from app.errors import InputError
from app.importing.formats import source as module
from app.importing.formats.reader import read

GOOD = b'{"messages":[{"role":"user","content":"hi"}]}\n'
Pack = Callable[[bytes], bytes]
PACKS = pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])


@PACKS
def test_known_by_its_bytes(tmp_path: Path, pack: Pack) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(pack(GOOD * 3) + pack(GOOD))  # files joined by `cat`
    assert sum(line.value is not None for line in read(file)) == 4


@PACKS
def test_a_broken_archive_keeps_the_lines_before_the_break(tmp_path: Path, pack: Pack) -> None:
    rng = random.Random(1)
    whole = pack(b"\n".join(json.dumps({"prompt": rng.random()}).encode() for _ in range(40_000)))
    file = tmp_path / "a"
    file.write_bytes(whole[: len(whole) * 3 // 4])
    found = list(read(file))
    assert len(found) > 5000
    assert found[-1].issues[0].code == "archive_broken"
    assert all(line.value for line in found[:-2])


@PACKS
def test_a_bomb_of_one_line_is_refused_early(tmp_path: Path, pack: Pack) -> None:
    file = tmp_path / "a"
    file.write_bytes(pack(b" " * 300_000_000))
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(InputError, match="unpacks to more than"):
        list(read(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000
    assert time.process_time() - started < 10


@PACKS
def test_unless_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Pack
) -> None:
    monkeypatch.setattr(module, "RATIO_FROM_BYTES", 100_000)
    file = tmp_path / "a"
    file.write_bytes(pack(b" " * 999_999 + b"\n"))
    with pytest.raises(InputError, match="unpacks to more than"):
        list(read(file))
    assert len(list(read(file, confirmed=True))) == 1


@PACKS
def test_what_is_packed_must_be_text_too(tmp_path: Path, pack: Pack) -> None:
    file = tmp_path / "a"
    for data, words in (("{}".encode("utf-16"), "UTF-16"), (bytes(100), "binary")):
        file.write_bytes(pack(data))
        with pytest.raises(InputError, match=words):
            list(read(file))
    file.write_bytes(pack(GOOD)[:6])
    with pytest.raises(InputError, match="broken archive"):
        list(read(file))
