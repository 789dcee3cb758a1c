"""The worker task `import`: a file of records in, a complete dataset file out, or nothing at all."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from app.domain.records import Issue
from app.domain.splits import split_of_cluster
from app.domain.validation import issue
from app.errors import InputError
from app.importing.duplicates import Clusters
from app.importing.lines import Line, open_file, read_lines
from app.importing.records import ParsedRecord, RecordReader
from app.store.create import create_dataset
from app.workers import Worker

REJECTIONS_KEPT = 1000
STOP_EVERY = 500  # lines between two looks at the stop file
WRITING_SHARE = 0.2  # of the reading time: 6.0 to 32.8 CPU-s measured on 100,000 short records


@dataclass
class Import:
    """One import: first every line is read and set down aside, then clusters decide the splits."""

    worker: Worker
    source: Path
    spool: Path
    size: int
    started: float = field(default_factory=time.monotonic)
    clusters: Clusters = field(default_factory=Clusters)
    # Of each valid record: row, line, its own cluster, content hash.
    clustered: list[tuple[int, int, str, str]] = field(default_factory=list)
    records: int = 0
    invalid: int = 0
    warnings: int = 0
    rejected: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)

    def read(self, *, confirmed: bool) -> None:
        """Parse and check every line into the spool; raises InputError when none is a record."""
        reader = RecordReader()
        with self.spool.open("wb") as spool:
            for line in read_lines(self.source, confirmed=confirmed):
                if line.number % STOP_EVERY == 0:
                    self._tell(line)
                if line.blank:
                    continue
                found = reader.read(line)
                if isinstance(found, ParsedRecord):
                    self._note(found)
                    spool.write(orjson.dumps(row_of(found)) + b"\n")
                else:
                    self._reject(line, found)
        if not self.records:
            raise InputError(self._nothing_usable())

    def rows(self) -> Iterator[dict[str, Any]]:
        """The spooled rows with their final cluster, split and issues."""
        changes = self._decide()
        with self.spool.open("rb") as spool:
            for number, line in enumerate(spool):
                if number % STOP_EVERY == 0:
                    self.worker.check_stop()
                    share = 1 + WRITING_SHARE * number / self.records
                    self._progress(share, f"Writing {self.records:,} records")
                row = orjson.loads(line)
                issues = row["issues"]
                if number in changes:
                    cluster, near = changes[number]
                    row |= {"cluster": cluster, "split": split_of_cluster(cluster)}
                    issues += [near.model_dump()] if near else []
                self.warnings += bool(issues) and row["valid"]
                yield row | {"issues": text_of(issues)}

    def result(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "invalid": self.invalid,
            "rejected_lines": self.rejected,
            "warnings": self.warnings,
            "seconds": round(time.monotonic() - self.started, 3),
            "rejections": self.rejections,
        }

    def _note(self, record: ParsedRecord) -> None:
        if record.valid:
            self.clusters.add(record.key)
            self.clustered.append((self.records, record.line, record.cluster, record.content_hash))
        else:
            self.invalid += 1
        self.records += 1

    def _reject(self, line: Line, reasons: tuple[Issue, ...]) -> None:
        self.rejected += 1
        if len(self.rejections) < REJECTIONS_KEPT:
            listed = [reason.model_dump() for reason in reasons]
            self.rejections.append({"line": line.number, "reasons": listed})

    def _decide(self) -> dict[int, tuple[str, Issue | None]]:
        """What clustering changes: row -> its cluster, and a warning unless it is an exact duplicate."""
        changes: dict[int, tuple[str, Issue | None]] = {}
        first_line: dict[str, int] = {}
        seen: set[str] = set()
        for (row, line, alone, digest), first in zip(
            self.clustered, self.clusters.firsts(), strict=True
        ):
            cluster = self.clustered[first][2]
            earlier = first_line.setdefault(cluster, line)
            near = earlier != line and digest not in seen
            seen.add(digest)
            if near or cluster != alone:
                changes[row] = cluster, issue("near_duplicate", line=earlier) if near else None
        return changes

    def _tell(self, line: Line) -> None:
        self.worker.check_stop()
        rate = line.number / max(0.001, time.monotonic() - self.started)
        self._progress(line.position / self.size, f"{line.number:,} lines, {rate:,.0f} a second")

    def _progress(self, share: float, text: str) -> None:
        self.worker.progress(share * self.size, (1 + WRITING_SHARE) * self.size, text)

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

    Configuration: file, database, name, and optionally quota, meta (further values of the dataset)
    and confirmed (unpack a large archive). The file appears at `database` when it is complete.
    Raises InputError for a file that cannot be used, Stopped, StoreError.
    """
    config = worker.config
    source, database = Path(config["file"]), Path(config["database"])
    aside = database.with_name(database.name + ".part")
    spool = worker.path / "records.jsonl"
    aside.unlink(missing_ok=True)
    try:
        with open_file(source) as file:
            size = os.fstat(file.fileno()).st_size
        work = Import(worker, source, spool, size)
        work.read(confirmed=bool(config.get("confirmed")))
        given = {key: config[key] for key in ("name", "quota") if key in config}
        meta = {**config.get("meta", {}), **given, "origin": origin(work)}
        create_dataset(aside, work.rows(), meta)
        os.replace(aside, database)
        return work.result()
    finally:
        aside.unlink(missing_ok=True)
        spool.unlink(missing_ok=True)


def origin(work: Import) -> dict[str, Any]:
    """Where the dataset came from, as it keeps it."""
    return {
        "file": str(work.source),
        "imported": time.time(),
        "rejected_lines": work.rejected,
        "rejections": work.rejections,
        "seconds": round(time.monotonic() - work.started, 3),
    }


def row_of(record: ParsedRecord) -> dict[str, Any]:
    """The store's row; values that the store keeps as JSON are text here, but for the issues."""
    return {
        "line": record.line,
        "messages": text_of([m.model_dump(exclude_none=True) for m in record.messages]),
        "tools": text_of(record.tools),
        "reference": text_of(record.reference),
        "reply": text_of(record.reply.model_dump(exclude_none=True) if record.reply else None),
        "extra": text_of(record.extra),
        "source": "imported",
        "split": record.split,
        "issues": [found.model_dump() for found in record.issues],
        "valid": record.valid,
        "content_hash": record.content_hash,
        "cluster": record.cluster,
        "tokens": record.tokens,
        "preview": record.preview,
    }


def text_of(value: Any) -> str:
    return orjson.dumps(value).decode()
