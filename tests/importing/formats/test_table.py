"""CSV and TSV become objects row by row; a bad row is told by its line and costs nothing else."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from backports import zstd

from app.importing.formats.reader import read
from app.importing.lines import MAX_LINE_BYTES, Line

CHAT = [{"role": "user", "content": 'a "quoted", text\nof two lines'}]


def lines(tmp_path: Path, data: str | bytes, name: str = "a.csv") -> list[Line]:
    file = tmp_path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read(file))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.csv", "a", "a.jsonl"])
def test_what_python_writes_is_read(tmp_path: Path, delimiter: str, end: str, name: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["messages", "note, or not", "empty"])
    for number in range(3):
        writer.writerow([json.dumps(CHAT), f"n{number}; \t,", ""])
    found = lines(tmp_path, "\ufeff" + out.getvalue(), name)
    assert [line.value for line in found] == [
        {"messages": CHAT, "note, or not": f"n{n}; \t,"} for n in range(3)
    ]
    assert [line.number for line in found] == [2, 3, 4]
    assert found[-1].position == (tmp_path / name).stat().st_size


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_packed_tables(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    (found,) = lines(tmp_path, pack(b"prompt,answer\nQ,4\n"), "a.csv.x")
    assert found.value == {"prompt": "Q", "answer": "4"}


def test_a_cell_is_json_only_where_that_is_meant(tmp_path: Path) -> None:
    turns = '"[{""role"":""user"",""content"":""Q""}]"'
    (first, second, third) = lines(
        tmp_path, f'prompt,tools,answer\n{turns},"[]","[1]"\n"[1, 2]","{{oops","{{}}"\nQ,,\n'
    )
    assert first.value == {
        "prompt": [{"role": "user", "content": "Q"}], "tools": [], "answer": "[1]",
    }  # fmt: skip
    assert second.value == {"prompt": "[1, 2]", "tools": "{oops", "answer": "{}"}
    assert third.value == {"prompt": "Q"}


def test_duplicate_keys_and_depth_in_a_cell_are_told(tmp_path: Path) -> None:
    deep = "[" * 70 + "]" * 70
    found = lines(tmp_path, f'messages,x\n"[{{""role"":1,""role"":2}}]",\n"{deep}",\n')
    assert [issue.code for line in found for issue in line.issues] == ["duplicate_key", "too_deep"]
    assert [bool(line.value) for line in found] == [True, False]


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [f"question {n},{n}" for n in range(50)]
    rows[7] = '"never closed,7'
    found = lines(tmp_path, "prompt,answer\n" + "\n".join(rows) + "\n")
    assert [line.number for line in found] == list(range(2, 52))
    assert [line.number for line in found if line.issues] == [9]
    assert found[7].issues[0].code == "row_unreadable"


def test_bad_rows_are_told_by_line(tmp_path: Path) -> None:
    data = b'prompt,answer\nfine,1\nbad \xff,2\n"a\nb",3\n1,2,3\n\n"x"y,4\nlast,5'
    found = lines(tmp_path, data)
    codes = [(line.number, [issue.code for issue in line.issues]) for line in found]
    assert codes == [
        (2, []), (3, ["not_utf8"]), (4, []), (6, ["row_unreadable"]), (7, []),
        (8, ["row_unreadable"]), (9, []),
    ]  # fmt: skip
    assert found[4].blank


def test_a_cell_over_the_limit_and_a_nul(tmp_path: Path) -> None:
    data = "prompt\n" + "x" * (MAX_LINE_BYTES + 5) + "\nnext\n" + "tail\x00\n"
    found = lines(tmp_path, data)
    assert [[issue.code for issue in line.issues] for line in found] == [["line_too_long"], [], []]


def test_a_header_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    (found,) = lines(tmp_path, "prompt,a,a\nQ,1,2\n")
    assert "“a”" in found.issues[0].text


def test_json_is_json_whatever_the_file_is_called(tmp_path: Path) -> None:
    (found,) = lines(tmp_path, '{"prompt":"Q, and A"}\n', "a.csv")
    assert found.value == {"prompt": "Q, and A"}
