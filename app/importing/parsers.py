"""Child processes that parse blocks of lines beside the import's own; knows no dataset, no rows' meaning.

A child gets blocks on its standard input and answers each on its standard output. It ends when its
input does, so none outlives the import, however that ends.
"""

import gc
import marshal
import signal
import struct
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import IO, Any

from app.errors import AppError
from app.importing.formats.jsonl import Block
from app.importing.parsing import BlockParser, Parsed
from app.importing.tokens import TokenEstimate
from app.workers import child_environment, command

LENGTH = struct.Struct("<Q")
ROLE = "parse"
READY = "ready"


class Parsers:
    """Some children of this same program; each thread here serves one, and mostly waits for it."""

    def __init__(self, count: int, calibration: tuple[int, int]) -> None:
        """`calibration`: of the token estimate, by the file's first records."""
        self.count = count
        self._children = [_start() for _ in range(count)]
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="parse")
        self._begun = [
            self._threads.submit(self._begin, child, calibration) for child in self._children
        ]

    @property
    def ready(self) -> bool:
        """Whether all children have started; raises AppError when one could not."""
        if not all(begun.done() for begun in self._begun):
            return False
        for begun in self._begun:
            begun.result()
        return True

    def submit(self, block: Block) -> Future[Parsed]:
        """The block's rows in time; AppError when the child that has it ends."""
        return self._threads.submit(self._parse, block)

    def close(self) -> None:
        """End the children at once, whatever they do."""
        for child in self._children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    _close(pipe)

    def _begin(self, child: subprocess.Popen[bytes], calibration: tuple[int, int]) -> None:
        _asked(child, calibration)
        self._free.put(child)

    def _parse(self, block: Block) -> Parsed:
        child = self._free.get()
        parsed = Parsed(*_asked(child, tuple(block)))
        self._free.put(child)
        return parsed


def main() -> int:
    """The child's role: a calibration, then blocks, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the import ends this
    gc.disable()  # rows never form reference cycles
    source = sys.stdin.buffer
    target = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 buffered whatever -u says
    calibration = _receive(source)
    if calibration is None:
        return 0
    parser = BlockParser(TokenEstimate(calibration))
    try:
        _send(target, READY)
        while (block := _receive(source)) is not None:
            _send(target, parser.parse(Block(*block)).packed())
    except BrokenPipeError:
        return 1  # the import has gone
    return 0


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(ROLE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment()
    )


def _asked(child: subprocess.Popen[bytes], value: Any) -> Any:
    """A child's answer."""
    assert child.stdin
    assert child.stdout
    try:
        _send(child.stdin, value)
        answer = _receive(child.stdout)
    except OSError:
        answer = None
    if answer is None:
        code = child.wait()
        raise AppError(
            f"A process that reads the file for the import ended unexpectedly (code {code}); nothing "
            "was imported. Close other programs if memory is short, and import the file again."
        )
    return answer


def _send(pipe: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)
    pipe.write(LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """What the other side sent; None when it has ended. It is this same program, so it is trusted."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = pipe.read(length)
    return marshal.loads(data) if len(data) == length else None


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still to be written has nobody to read it
