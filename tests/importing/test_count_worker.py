"""Exact counts: of the very text the estimate is of, by any tokenizer, in pieces that survive a stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from tokenizers import Tokenizer

from app.domain.records import Message
from app.errors import AppError, Stopped
from app.importing import count_worker, parts, records
from app.importing.count_worker import prompt_text
from app.importing.tokens import TOKENIZER
from app.paths import resource
from app.store.create import create_dataset
from app.workers import RunDir, Worker

CALL = [{"id": "1", "function": {"name": "look", "arguments": '{"a": "ü"}'}}]
TURNS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "hello there"}],
    [
        {"role": "system", "content": [{"type": "text", "text": "be"}, {"type": "image_url"}]},
        {"role": "assistant", "tool_calls": CALL},
        {"role": "user", "content": "näh\n" * 700},
    ],
    [{"role": "user", "content": ""}],
]
TOOLS = [{"type": "function", "function": {"name": "look"}}]


@contextmanager
def started(folder: Path, tokenizer: Path) -> Iterator[Worker]:
    run = RunDir(folder / "run")
    database = folder / "dataset.sqlite"
    run.prepare({"database": str(database), "tokenizer": str(tokenizer), "key": "k"})
    worker = Worker(run.path)
    yield worker
    worker.finish("completed")


def found(folder: Path) -> list[list[Any]]:
    files = sorted((folder / "run").glob(parts.PATTERN))
    return [row for file in files for row in orjson.loads(file.read_bytes())["rows"]]


def make(path: Path) -> None:
    rows = [{"messages": turns, "tools": TOOLS if n else []} for n, turns in enumerate(TURNS)]
    rows[2]["tokens_exact"] = True
    create_dataset(path / "dataset.sqlite", rows, {})


def test_the_text_is_that_of_the_import() -> None:
    for turns in TURNS:
        messages = tuple(Message(**turn) for turn in turns)
        for tools in ([], TOOLS):
            stored = prompt_text(orjson.dumps(turns).decode(), orjson.dumps(tools).decode())
            assert stored == records.prompt_text(messages, tuple(tools))


def test_only_estimates_are_counted_and_exactly(tmp_path: Path) -> None:
    make(tmp_path)
    file = resource(TOKENIZER)
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with started(tmp_path, Path(file)) as worker:
        assert count_worker.run(worker) == {"records": 2}
    counts = {record_id: number for record_id, _, number in found(tmp_path)}
    texts = [prompt_text(orjson.dumps(TURNS[0]).decode(), "[]")]
    texts.append(prompt_text(orjson.dumps(TURNS[1]).decode(), orjson.dumps(TOOLS).decode()))
    wanted = [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
    assert counts == {1: wanted[0], 2: wanted[1]}
    assert wanted[1] > 512, "not cut at what the encoder reads"


def test_a_stop_keeps_the_pieces_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    monkeypatch.setattr(parts, "CHARACTERS", 1)
    put = parts.Pass.put

    def put_and_stop(self: parts.Pass, rows: Any) -> None:
        put(self, rows)
        (tmp_path / "run" / "stop").touch()

    monkeypatch.setattr(parts.Pass, "put", put_and_stop)
    with started(tmp_path, Path(resource(TOKENIZER))) as worker, pytest.raises(Stopped):
        count_worker.run(worker)
    assert [row[0] for row in found(tmp_path)] == [1]


def test_a_broken_tokenizer_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    said = pytest.raises(AppError, match=r"tokenizer\.json: The tokenizer cannot be read")
    with started(tmp_path, broken) as worker, said:
        count_worker.run(worker)
