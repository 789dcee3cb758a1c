"""Commands on records: import files, list those a line names, export them."""

import argparse
from pathlib import Path

from app.cli.output import Progress, emit, say
from app.domain.query import parse
from app.errors import InputError
from app.importing.mapping import ColumnMapping, read_mapping
from app.tools import passes
from app.tools.datasets import ExportReport, ImportReport
from app.wiring import App

BY_SUFFIX = {".csv": "csv", ".parquet": "parquet"}
TOLD_LINES = 20
FIELDS = {"dataset", "records", "invalid", "rejected_lines", "seconds"}


async def import_(arguments: argparse.Namespace) -> int:
    """Import files; prints {"dataset", "records", "invalid", "rejected_lines", "seconds"} for each."""
    mapping = read_mapping(arguments.map) if arguments.map else None
    if arguments.replace and (not arguments.into or len(arguments.file) > 1):
        raise InputError("--replace takes one file and --into with the dataset to replace.")
    if arguments.into and arguments.name:
        raise InputError("--into names the dataset already; leave --name away.")
    app = await App.start()
    progress = Progress(app)
    try:
        reports = [
            await _import(app, arguments, path, mapping, first=path is arguments.file[0])
            for path in arguments.file
        ]
    finally:
        progress.close()
        await app.close()
    for report in reports:
        _tell(report, json=arguments.json, appended=bool(arguments.into))
    return 0


async def _import(
    app: App,
    arguments: argparse.Namespace,
    path: Path,
    mapping: ColumnMapping | None,
    *,
    first: bool,
) -> ImportReport:
    into = arguments.into
    if into and arguments.replace:
        return await app.replace_dataset((await app.library.get(into)).id, path, mapping=mapping)
    if into:
        await app.open((await app.library.get(into)).id)
    if into or (arguments.name and not first):
        columns = mapping.columns if mapping else None
        report = await app.call(
            "append_file", file=str(path), duplicates=arguments.duplicates, mapping=columns
        )
        assert isinstance(report, ImportReport)
        return report
    made = await app.import_file(path, arguments.name, mapping=mapping)
    if arguments.name and len(arguments.file) > 1:
        await app.open(made.dataset)
    return made


def _tell(report: ImportReport, *, json: bool, appended: bool) -> None:
    if json:
        emit(report.model_dump(include=FIELDS | ({"skipped"} if appended else set())))
        return
    there = f", {report.skipped:,} there already" if report.skipped else ""
    print(
        f"{report.name}: {report.records:,} records{there}, {report.invalid:,} invalid, "
        f"{report.rejected_lines:,} lines rejected, {report.seconds:.1f} s"
    )
    for line in report.rejections[:TOLD_LINES]:
        say(f"  line {line['line']}: {'; '.join(r['text'] for r in line['reasons'])}")
    if report.rejected_lines > TOLD_LINES:
        say(f"  and {report.rejected_lines - TOLD_LINES:,} more; see `rft-studio validate`.")


async def list_records(arguments: argparse.Namespace) -> int:
    """The records a line of words and filters names."""
    app = await App.start()
    progress = Progress(app)
    try:
        await _open(app, arguments)
        page = await app.call("get_dataset_records", query=arguments.query, limit=arguments.limit)
        if arguments.json:
            emit(page)
            return 0
        values = page.model_dump()
        for row in values["records"]:
            print(f"{row['id']:>9}  {row['tokens']:>6} tokens  {row['preview'][:100]}")
        say(f"{values['total']:,} records match; {len(values['records']):,} are shown.")
        return 0
    finally:
        progress.close()
        await app.close()


async def _open(app: App, arguments: argparse.Namespace) -> None:
    """Open the dataset; a search waits until all of its records are indexed."""
    await app.open((await app.library.get(arguments.dataset)).id)
    if parse(arguments.query).text:
        await passes.start(app.context())


async def export_records(arguments: argparse.Namespace) -> int:
    """Write the records that a line names to a file."""
    app = await App.start()
    progress = Progress(app)
    try:
        await _open(app, arguments)
        report = await app.call(
            "export_records",
            file=str(arguments.file.absolute()),
            format=arguments.format or BY_SUFFIX.get(arguments.file.suffix.lower(), "chat"),
            query=arguments.query,
            labels=arguments.labels,
        )
    finally:
        progress.close()
        await app.close()
    assert isinstance(report, ExportReport)
    if arguments.json:
        emit(report)
    else:
        out = f", {report.left_out:,} left out" if report.left_out else ""
        print(f"{report.file}: {report.written:,} records{out}")
    return 0
