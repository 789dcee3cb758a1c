"""The diary of a run on a disk that fills up: no part of a line stays, so that the rest is readable."""

import signal
from pathlib import Path

import pytest

from app.generation.journal import Answered, Journal

resource = pytest.importorskip("resource")  # limits of a process, where there are any


async def test_a_line_that_does_not_fit_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    journal = Journal(path)
    await journal.answered(Answered(key="a", text="first"))
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            await journal.answered(Answered(key="b", text="x" * 500))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    await journal.answered(Answered(key="c", text="third"))
    again = Journal(path)
    await again.load()
    assert list(again.answers) == ["a", "c"]
