"""Any file is read to its end or refused with one clear sentence; nothing crashes the reader."""

import contextlib
import gzip
import json
import os
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from app.errors import InputError
from app.importing.formats import source as module
from app.importing.formats.reader import read as read_lines
from app.importing.lines import MAX_LINE_BYTES, MAX_NESTING, Line, parse

GOOD = b'{"messages":[{"role":"user","content":"hi"}]}'


def read(path: Path, data: bytes, **more: Any) -> list[Line]:
    path.write_bytes(data)
    return list(read_lines(path, **more))


def codes(line: Line) -> list[str]:
    return [found.code for found in line.issues]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.jsonl"


def test_bom_crlf_blank_lines_and_a_last_line_without_newline(file: Path) -> None:
    found = read(file, b"\xef\xbb\xbf" + GOOD + b"\r\n\r\n \t\n" + GOOD)
    assert [line.number for line in found] == [1, 2, 3, 4]
    assert [line.blank for line in found] == [False, True, True, False]
    assert found[0].value == found[3].value == json.loads(GOOD)
    assert found[-1].position == file.stat().st_size


def test_gzip_is_known_by_its_bytes_not_by_its_name(file: Path) -> None:
    found = read(file, gzip.compress((GOOD + b"\n") * 3))
    assert [bool(line.value) for line in found] == [True] * 3


def test_a_broken_archive_keeps_the_lines_before_the_break(file: Path) -> None:
    rng = random.Random(1)
    rows = [json.dumps({"prompt": rng.random()}).encode() for _ in range(5000)]
    whole = gzip.compress(b"\n".join(rows))
    found = read(file, whole[: len(whole) // 2])
    assert len(found) > 1000
    assert codes(found[-1]) == ["archive_broken"]
    assert all(line.value for line in found[:-2])


def test_an_archive_bomb_is_refused_unless_confirmed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RATIO_FROM_BYTES", 100_000)
    bomb = gzip.compress((b" " * 999 + b"\n") * 1000)
    with pytest.raises(InputError, match="unpacks to more than"):
        read(file, bomb)
    assert len(read(file, bomb, confirmed=True)) == 1000


def test_a_line_over_the_limit_is_reported_and_passed_over(file: Path) -> None:
    long = b'{"prompt":"' + b"x" * MAX_LINE_BYTES + b'"}'
    found = read(file, long + b"\n" + GOOD + b"\n" + long)
    assert [codes(line) for line in found] == [["line_too_long"], [], ["line_too_long"]]


def test_memory_does_not_grow_with_the_file(file: Path) -> None:
    file.write_bytes((GOOD + b"\n") * 100_000)
    tracemalloc.start()
    count = sum(1 for _ in read_lines(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000  # a block and its lines, of a file of nearly 5 MB


@pytest.mark.parametrize("depth", [MAX_NESTING, MAX_NESTING + 1, 900, 5000, 1_000_000])
def test_nesting(depth: int) -> None:
    inner = depth - 1  # the record itself is a level
    value, issues = parse(b'{"a":' + b"[" * inner + b"]" * inner + b"}")
    assert (value is None) == (depth > MAX_NESTING)
    assert [found.code for found in issues] == (["too_deep"] if value is None else [])


def test_brackets_in_a_text_are_not_nesting() -> None:
    value, issues = parse(json.dumps({"a": '[{"' * 500, "b": "\\"}).encode())
    assert value
    assert not issues


def test_duplicate_keys_are_named_at_any_depth() -> None:
    value, issues = parse(b'{"a":1,"b":[{"c":":","c":2}],"a":' + b"9" * 300 + b"}")
    assert value
    assert [found.text for found in issues] == [
        "The key “c” appears more than once; the last one counts.",
        "The key “a” appears more than once; the last one counts.",
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":NaN}', "not_json"),
        (b'{"a":Infinity}', "not_json"),
        (b'{"a":"\\ud800"}', "not_json"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b'{"a":"' + b'\\"' * 200_000, "not_json"),
        (b'{"a":"\x01"}', "not_json"),
        (b"{} {}", "not_json"),
        (b'{"a":' + b"9" * 5000 + b"}", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"[]", "not_object"),
        (b"null", "not_object"),
        (b"1", "not_object"),
    ],
)
def test_strict(raw: bytes, code: str) -> None:
    value, issues = parse(raw)
    assert value is None
    assert [found.code for found in issues] == [code]


def test_a_json_array_is_read_element_by_element(file: Path) -> None:
    found = read(file, b"\xef\xbb\xbf [\n" + GOOD + b",\n 3,\n" + GOOD + b"]\n")
    assert [line.number for line in found] == [1, 2, 3]
    assert codes(found[1]) == ["not_object"]
    assert found[2].value == json.loads(GOOD)


def test_a_list_on_the_first_line_is_one_bad_line(file: Path) -> None:
    found = read(file, b'["a"]\n' + GOOD)
    assert [bool(line.value) for line in found] == [False, True]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary file"),
        ("{}".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_that_hold_no_text_are_refused(file: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(file, data)


def test_paths_that_are_no_file_are_refused(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "none.jsonl", "no file"),
        (tmp_path / "a\x00b", "no file name"),
        (tmp_path / ("x" * 5000), "could not be opened"),
        (Path("/dev/null") if os.name == "posix" else tmp_path / "none", "empty|no file"),
    ):
        with pytest.raises(InputError, match=words):
            list(read_lines(path))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(file: Path) -> None:
    file.write_bytes(GOOD)
    file.chmod(0)
    with pytest.raises(InputError, match="permissions"):
        list(read_lines(file))


def test_no_bytes_crash_the_reader(file: Path) -> None:
    rng = random.Random(5)
    seed = GOOD + b'\n{"prompt":"\\u00e9","n":[1,{"a":null}]}\n' + gzip.compress(GOOD)
    for _ in range(400):
        data = bytearray(seed if rng.random() < 0.7 else gzip.compress(seed))
        for _ in range(rng.randint(1, 12)):
            data[rng.randrange(len(data))] = rng.choice(b'\x00\xff\n"\\{[]}:,09aN')
        with contextlib.suppress(InputError):
            assert all(line.value or line.issues or line.blank for line in read(file, bytes(data)))
