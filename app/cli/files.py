"""Commands on files: check one, grade answers in one."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from app.cli.output import emit
from app.errors import InputError
from app.grading.base import Sample, Score, open_grader, parse_grader
from app.importing.validate import validate_file

BATCH = 500


async def validate(arguments: argparse.Namespace) -> int:
    """One object per line of the file: {"line", "status": ok|warn|error|skip, "reasons"}."""
    counts: dict[str, int] = {}
    for report in validate_file(arguments.file):
        counts[report.status] = counts.get(report.status, 0) + 1
        if arguments.json:
            reasons = [reason.text for reason in report.reasons]
            emit({"line": report.line, "status": report.status, "reasons": reasons})
        elif report.status in ("warn", "error"):
            print(
                f"line {report.line}: {report.status}: {'; '.join(r.text for r in report.reasons)}"
            )
    if not arguments.json:
        print(", ".join(f"{n:,} {status}" for status, n in sorted(counts.items())))
    return 0


async def grade(arguments: argparse.Namespace) -> int:
    """One object per answer line: {"score": x} or {"error": "..."}."""
    config = parse_grader(arguments.grader)
    total: list[Score] = []
    async with open_grader(config) as grader:
        for batch in _batches(_answer_lines(arguments.answers)):
            scores = await grader.grade([pair for pair in batch if isinstance(pair, tuple)])
            rest = iter(scores)
            for pair in batch:
                score = next(rest) if isinstance(pair, tuple) else pair
                total.append(score)
                if arguments.json:
                    emit({"score": score.score} if score.error is None else {"error": score.error})
    if not arguments.json:
        graded = [s.score for s in total if s.score is not None]
        mean = f"{sum(graded) / len(graded):.3f}" if graded else "n/a"
        print(f"{len(graded):,} graded, mean {mean}, {len(total) - len(graded):,} errors")
    return 0


Pair = tuple[Sample, dict[str, Any]]


def _answer_lines(path: Path) -> Iterator[Pair | Score]:
    """Each line as a pair to grade, or as the error that it is."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            yield Sample.model_validate(row["sample"]), dict(row["item"])
        except (ValueError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0]
            yield Score.failed(f"line {number} is no answer ({reason})")


def _batches(pairs: Iterator[Pair | Score]) -> Iterator[list[Pair | Score]]:
    batch: list[Pair | Score] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
