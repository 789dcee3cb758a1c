"""The command line run in this process: exit code, stdout and stderr of one command."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import paths
from app.cli.main import main


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        """Each line of stdout as the JSON document it must be."""
        return [orjson.loads(line) for line in self.out.splitlines()]


Rft = Callable[..., Done]


@pytest.fixture
def rft(capsys: pytest.CaptureFixture[str]) -> Iterator[Rft]:
    """`rft("stats", "--json")` runs one command; the log file it opened is closed at the end."""
    root = logging.getLogger()
    before = list(root.handlers)

    def run(*arguments: str | Path) -> Done:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    yield run
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def home() -> Path:
    """This test's own user folder."""
    return paths.home()


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    """A file of 40 good records and one broken line."""
    rows = [
        {
            "messages": [{"role": "user", "content": f"What is {n} and {n}?"}],
            "reference": str(2 * n),
        }
        for n in range(40)
    ]
    path = tmp_path / "chats.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(row) for row in rows) + b"\n{broken\n")
    return path
