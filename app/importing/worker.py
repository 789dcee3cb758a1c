"""The worker task `import`: a file of records in, a complete dataset file out, or nothing at all."""

import gc
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.importing.duplicates import placements
from app.importing.formats.jsonl import Block
from app.importing.formats.reader import read_blocks
from app.importing.formats.source import open_file
from app.importing.mapping import ColumnMapping
from app.importing.parsers import Parsers
from app.importing.parsing import REJECTIONS_KEPT, BlockParser, Parsed
from app.importing.unknown import UnknownShapeError, Unrecognised
from app.store.backups import sync_folder
from app.store.create import DatasetWriter
from app.workers import Worker

WAITING_BLOCKS = 4  # parsed and not yet written
# A child needs a second to start: a smaller rest is read before that. They share the cores with this
# process, which mostly writes, so one a core keeps all busy.
CHILDREN_FROM = 30_000_000  # bytes
MAX_CHILDREN = 4
BLOCKS_A_CHILD = 4  # given out at a time: work for as long as a status takes to reach the disk
NEAR_UP_TO = 20_000  # records; of more, near-duplicates are found afterwards, in the background
READING_SHARE = 0.85  # of the time; the rest goes into duplicates and indexes
FINISH_TOLD_EVERY = 0.2  # seconds
# A thread that wants Python's lock waits so long; the default of 5 ms is what 150 records take to read.
SWITCH_SECONDS = 0.0005


@dataclass
class Import:
    """One import: this thread has the lines parsed, here or by children; another writes their rows."""

    worker: Worker
    source: Path
    size: int
    started: float = field(default_factory=time.monotonic)
    records: int = 0
    invalid: int = 0
    warned: int = 0
    rejected: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)
    mapping: ColumnMapping | None = None
    unrecognised: Unrecognised = field(default_factory=Unrecognised)

    def write(self, aside: Path, meta: dict[str, Any], *, confirmed: bool) -> None:
        """Make the dataset file; raises what reading or writing raises, whichever is first."""
        with ThreadPoolExecutor(1, thread_name_prefix="write") as pool:
            # SQLite's connection belongs to one thread from its opening to its end.
            writer = pool.submit(DatasetWriter, aside, stop=self.worker.check_stop).result()
            try:
                waiting: deque[Future[None]] = deque()
                for parsed in self._parsed(confirmed=confirmed):
                    self._count(parsed)
                    waiting.append(pool.submit(writer.add_imported, parsed.records, parsed.bodies))
                    if len(waiting) > WAITING_BLOCKS:
                        waiting.popleft().result()
                while waiting:
                    waiting.popleft().result()
                if not self.records:
                    self.unrecognised.refuse()
                    raise InputError(self._nothing_usable())
                self._wait(pool.submit(self._finish, writer, meta))
            finally:
                pool.submit(writer.__exit__).result()

    def _parsed(self, *, confirmed: bool) -> Iterator[Parsed]:
        """The rows of all blocks in their order; of a large file children parse beside this process."""
        here = BlockParser(unrecognised=self.unrecognised)
        parsers: Parsers | None = None
        waiting: deque[Future[Parsed]] = deque()
        try:
            for block in read_blocks(self.source, confirmed=confirmed, mapping=self.mapping):
                self._tell(block)
                if parsers is None:
                    parsers = self._parsers(block, here)
                if parsers and block.data and parsers.ready:
                    waiting.append(parsers.submit(block))
                else:  # the children still start, or the block is parsed in part
                    while waiting:
                        yield waiting.popleft().result()
                    yield here.parse(block)
                if parsers and len(waiting) > BLOCKS_A_CHILD * parsers.count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            if parsers:
                parsers.close()

    def _parsers(self, block: Block, here: BlockParser) -> Parsers | None:
        """Children, when there is enough left for them and enough was seen to calibrate them."""
        count = min(os.cpu_count() or 1, MAX_CHILDREN)
        calibration = here.tokens.calibration
        if count == 1 or not block.data or calibration is None or not self.records:
            return None
        return Parsers(count, calibration) if self.size - block.position > CHILDREN_FROM else None

    def _count(self, parsed: Parsed) -> None:
        self.records += len(parsed.records)
        self.invalid += parsed.invalid
        self.rejected += parsed.rejected
        self.rejections += parsed.rejections[: REJECTIONS_KEPT - len(self.rejections)]

    def result(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "invalid": self.invalid,
            "rejected_lines": self.rejected,
            "warnings": self.warned,
            "seconds": round(time.monotonic() - self.started, 3),
            "rejections": self.rejections,
        }

    def _finish(self, writer: DatasetWriter, meta: dict[str, Any]) -> None:
        """On the writer's thread, when all rows are in."""
        pending = self.records > NEAR_UP_TO
        if not pending:
            writer.place(placements(writer.valid_prompts()))
        origin: dict[str, Any] = {
            "file": str(self.source),
            "imported": time.time(),
            "rejected_lines": self.rejected,
            "rejections": self.rejections,
            "seconds": round(time.monotonic() - self.started, 3),
        }
        if self.mapping:
            origin["mapping"] = self.mapping.columns
        state = "pending" if pending else "done"
        writer.finish({**meta, "origin": origin, "near_duplicates": state})
        self.warned = writer.warned

    def _tell(self, block: Block) -> None:
        self.worker.check_stop()
        seconds = max(0.001, time.monotonic() - self.started)
        share = max(1e-9, min(1.0, block.position / self.size)) * READING_SHARE
        left = seconds / share * (1 - share)
        text = f"{block.first - 1:,} lines, {block.first / seconds:,.0f} a second"
        self._progress(share, f"{text}, about {time_left(left)} left")

    def _wait(self, finishing: "Future[None]") -> None:
        text = f"Duplicates and indexes of {self.records:,} records"
        while not wait([finishing], timeout=FINISH_TOLD_EVERY).done:
            self._progress(READING_SHARE, text)
        finishing.result()

    def _progress(self, share: float, text: str) -> None:
        self.worker.progress(share * self.size, self.size, text)

    def _nothing_usable(self) -> str:
        if not self.rejections:
            return f"{self.source} holds only blank lines. Choose a file with one record a line."
        first = self.rejections[0]
        return (
            f"{self.source} holds no usable record. Line {first['line']}: "
            f"{first['reasons'][0]['text']}"
        )


def run(worker: Worker) -> dict[str, Any]:
    """Import `file` into a new dataset file at `database`.

    Configuration: file, database, name, and optionally quota, meta (further values of the dataset),
    mapping (parts by column) and confirmed (unpack a large archive). The file appears at `database`
    when it is complete; for a file of unknown shape there is none, and the result holds its
    first rows as `unrecognised`.
    Raises InputError for a file that cannot be used, Stopped, StoreError.
    """
    config = worker.config
    source, database = Path(config["file"]), Path(config["database"])
    aside = database.with_name(database.name + ".part")
    aside.unlink(missing_ok=True)
    given: dict[str, Any] = {key: config[key] for key in ("name", "quota") if key in config}
    try:
        with open_file(source) as file:
            size = os.fstat(file.fileno()).st_size
        chosen = config.get("mapping")
        mapping = ColumnMapping(columns=chosen) if chosen else None
        work = Import(worker, source, size, mapping=mapping)
        with two_threads():
            work.write(
                aside, {**config.get("meta", {}), **given}, confirmed=bool(config.get("confirmed"))
            )
        os.replace(aside, database)
        sync_folder(database.parent)
        return work.result()
    except UnknownShapeError as unknown:
        return {"unrecognised": unknown.sample.model_dump()}
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def two_threads() -> Iterator[None]:
    """Python's lock is handed over sooner; no search for reference cycles, which rows never form."""
    collects, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()


def time_left(seconds: float) -> str:
    """A duration for people: "40 s", "3 min"."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
