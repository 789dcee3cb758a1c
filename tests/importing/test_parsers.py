"""Children parse exactly what the import itself would, in order; none outlives it, however it ends."""

import io
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import AppError, Stopped
from app.importing import parsers as module
from app.importing import worker as task
from app.importing.formats import jsonl
from app.importing.formats.jsonl import Block
from app.importing.formats.reader import read, read_blocks
from app.importing.lines import MAX_LINE_BYTES
from app.importing.parsers import Parsers
from app.importing.parsing import BlockParser, Parsed
from app.importing.tokens import TokenEstimate
from app.workers import RunDir, launch
from tests.tasks import run_task

CALIBRATION = (4000, 1000)
ODD = [b"not json", b"", b'{"foo":1}', b'{"prompt":"p"}\r', b'{"messages":[]}', b"\xff", b"[1]"]


def chat(number: int) -> bytes:
    turns = [{"role": "user", "content": f"question {number}"}]
    return json.dumps({"messages": turns, "id": number}).encode()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


class Patient(Parsers):
    """Has its children parse from the first block on."""

    @property
    def ready(self) -> bool:
        wait_for(lambda: super(Patient, self).ready)
        return True


@pytest.fixture
def parsers() -> Iterator[Parsers]:
    made = Parsers(2, CALIBRATION)
    try:
        wait_for(lambda: made.ready)
        yield made
    finally:
        made.close()
        assert all(child.poll() is not None for child in made._children)


def import_of(tmp_path: Path, file: Path) -> tuple[dict[str, Any], list[Any]]:
    database = tmp_path / "dataset.sqlite"
    config = {"file": str(file), "database": str(database), "name": "n"}
    result = run_task(task, tmp_path / "run", config)
    db = sqlite3.connect(database)
    rows = db.execute("SELECT * FROM record JOIN body ON record_id = id ORDER BY id").fetchall()
    db.close()
    database.unlink()
    return {key: result[key] for key in result if key != "seconds"}, rows


def test_children_give_the_rows_that_the_import_itself_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "in.jsonl"
    lines = [chat(number) for number in range(2000)]
    for place in range(0, 2000, 97):
        lines[place] = ODD[place % len(ODD)]
    file.write_bytes(b"\n".join(lines))
    monkeypatch.setattr(jsonl, "BLOCK", 5000)
    alone = import_of(tmp_path, file)
    monkeypatch.setattr(task, "CHILDREN_FROM", 0)
    monkeypatch.setattr(task, "Parsers", Patient)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    together = import_of(tmp_path, file)
    assert together == alone
    assert alone[0]["rejected_lines"] > 10
    assert [row[0] for row in alone[1]] == list(range(1, alone[0]["records"] + 1))


def test_answers_come_to_their_blocks(parsers: Parsers) -> None:
    blocks = [Block(10 * n, 0, b"\n".join(map(chat, range(n, n + 10)))) for n in range(1, 40)]
    here = BlockParser(TokenEstimate(CALIBRATION))
    answers = [parsers.submit(block) for block in blocks]
    assert [answer.result() for answer in answers] == [here.parse(block) for block in blocks]


def test_a_killed_child_is_told(parsers: Parsers) -> None:
    for child in parsers._children:
        child.kill()
    with pytest.raises(AppError, match="ended unexpectedly"):
        parsers.submit(Block(1, 0, chat(1))).result()


def test_a_child_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "command", lambda role: [sys.executable, "-c", f"# no {role}"])
    made = Parsers(1, CALIBRATION)
    try:
        with pytest.raises(AppError, match="ended unexpectedly"):
            wait_for(lambda: made.ready)
    finally:
        made.close()


def test_stop_ends_the_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\n".join(map(chat, range(5000))))
    made: list[Parsers] = []

    class Stopping(Patient):
        def submit(self, block: Block) -> Any:
            made.append(self)
            (tmp_path / "run" / "stop").touch()
            return super().submit(block)

    monkeypatch.setattr(jsonl, "BLOCK", 20_000)
    monkeypatch.setattr(task, "CHILDREN_FROM", 0)
    monkeypatch.setattr(task, "Parsers", Stopping)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(Stopped):
        import_of(tmp_path, file)
    assert all(child.poll() is not None for child in made[0]._children)
    assert not (tmp_path / "dataset.sqlite").exists()


@pytest.mark.slow
def test_no_child_outlives_a_killed_import(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    padding = "x" * 2000
    with file.open("w") as out:
        for number in range(60_000):
            out.write(f'{{"prompt":"{number} {padding}"}}\n')
    run = RunDir(tmp_path / "run")
    run.prepare({"file": str(file), "database": str(tmp_path / "d.sqlite"), "name": "n"})
    process = launch("import", run)
    try:
        importer = psutil.Process(process.pid)
        wait_for(lambda: bool(importer.children()) or process.poll() is not None)
        children = importer.children()
    finally:
        process.kill()
        process.wait()
    assert children
    assert not psutil.wait_procs(children, timeout=60)[1]


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_lines_are_the_same_however_blocks_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = tmp_path / "in.jsonl"
    lines = [chat(1), b"\xef\xbb\xbf" + chat(2) + b"\r", b"", b"\r", *ODD, chat(3)]
    monkeypatch.setattr(jsonl, "BLOCK", size)
    for end in (b"", b"\n", b"\r\n"):
        file.write_bytes(b"\n".join(lines) + end)
        found = list(read(file))
        assert [line.number for line in found] == list(range(1, len(lines) + 1))
        assert [bool(line.value) for line in found] == [
            True, True, False, False, False, False, True, True, True, False, False, True,
        ]  # fmt: skip
        assert found[-1].value == json.loads(chat(3))
        assert b"".join(block.data for block in read_blocks(file)) == file.read_bytes()


def test_a_line_of_many_blocks(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    room = MAX_LINE_BYTES - len(b'{"prompt":""}\n')
    data = io.BytesIO()
    for count in (room, room + 1, 3 * room):
        data.write(b'{"prompt":"' + b"x" * count + b'"}\n' + chat(count) + b"\n")
    file.write_bytes(data.getvalue())
    found = list(read(file))
    assert [line.number for line in found] == [1, 2, 3, 4, 5, 6]
    assert [[i.code for i in line.issues] for line in found] == [
        [], [], ["line_too_long"], [], ["line_too_long"], [],
    ]  # fmt: skip
    parsed = Parsed()
    parser = BlockParser(TokenEstimate(CALIBRATION))
    for block in read_blocks(file):
        made = parser.parse(block)
        parsed.records += made.records
        parsed.rejections += made.rejections
    assert [row[0] for row in parsed.records] == [1, 2, 4, 6]
    assert [rejected["line"] for rejected in parsed.rejections] == [3, 5]
