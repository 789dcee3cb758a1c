"""Tools between files and the open dataset: append a file to it, export its records.

Both are worker tasks followed as jobs: the file is read or written in a process of its own.
"""

import asyncio
from array import array
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.errors import InputError
from app.importing.export_worker import IDS
from app.importing.exporters.base import formats
from app.importing.mapping import ColumnMapping, Part, remember
from app.importing.unknown import Sample, UnknownShapeError
from app.jobs import Job
from app.store import records
from app.store.appends import Appended, Duplicates, append
from app.store.records import RecordFilter
from app.tools import passes
from app.tools.base import Card, Context, tool
from app.tools.listing import filter_of
from app.tools.session import Session
from app.workers import Status, end_worker, run_worker, write_atomic

STAGED = "staged.sqlite"
EVERY = RecordFilter()


class ImportReport(BaseModel):
    """What an import did: the command line prints it, the window tells it."""

    dataset: str
    name: str
    records: int  # that came in
    invalid: int
    rejected_lines: int
    warnings: int
    seconds: float
    rejections: list[dict[str, Any]] = []  # {"line", "reasons"}, the first thousand
    skipped: int = 0  # not appended, because they are there already


class ExportReport(BaseModel):
    file: str
    format: str
    written: int
    left_out: int  # the format has no place for them


async def import_worker(
    job: Job, folder: Path, config: dict[str, Any], mapping: ColumnMapping | None
) -> dict[str, Any]:
    """Run the worker `import`; raises UnknownShapeError when it needs a mapping."""
    if mapping is not None:
        config = {**config, "mapping": mapping.columns}
    result = await run_worker("import", folder, config, on_status=_shown(job))
    if sample := result.get("unrecognised"):
        raise UnknownShapeError(Sample.model_validate(sample), Path(config["file"]).name)
    return result


async def _append_card(
    ctx: Context,
    file: str,
    duplicates: Duplicates = "skip",
    mapping: dict[str, Part] | None = None,
) -> Card:
    info = await ctx.library.get(ctx.open.dataset_id)
    twice = {"skip": "left out", "mark": "added and marked"}[duplicates]
    return Card(
        tool="append_file",
        title=f"Append {Path(file).name} to “{info.name}”?",
        rows=[("File", file), ("Records there now", f"{info.records:,}"), ("Duplicates", twice)],
        verb="Append",
        note="can be undone",
    )


@tool("consequential", card=_append_card, for_models=False)
async def append_file(
    ctx: Context,
    file: str,
    duplicates: Duplicates = "skip",
    mapping: dict[str, Part] | None = None,
) -> ImportReport:
    """Add the records of a file to the open dataset. Records equal to one that is there are left out
    ("skip") or added and marked as duplicates ("mark"). `mapping` says for a file of unknown shape
    which column is messages, system, user, reply, reference, tools, keep or leave."""
    path = Path(file).expanduser().absolute()
    session = ctx.open
    chosen = ColumnMapping(columns=mapping) if mapping else None
    folder = session.folder / "runs" / "append"
    staged = folder / STAGED

    async def run(job: Job) -> tuple[dict[str, Any], Appended]:
        config = {"file": str(path), "database": str(staged), "name": path.name}
        try:
            result = await import_worker(job, folder, config, chosen)
            return result, await _add(ctx, job, staged, path, result, duplicates)
        finally:
            await asyncio.to_thread(staged.unlink, missing_ok=True)

    result, added = await ctx.jobs.run(f"Append {path.name}", run, dataset_id=session.dataset_id)
    if chosen:
        await asyncio.to_thread(remember, ctx.library.home, chosen)
    passes.start(ctx)
    info = await ctx.library.get(session.dataset_id)
    counts = {"records": added.added, "skipped": added.skipped}
    return ImportReport(dataset=info.id, name=info.name, **{**result, **counts})


async def clear_cut_off(session: Session) -> None:
    """Delete what an append left that was killed with its program, and end its worker."""
    run = session.run_dir("append")
    if run.alive():
        await end_worker(run)
    for path in run.path.glob(f"{STAGED}*"):
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _add(
    ctx: Context,
    job: Job,
    staged: Path,
    path: Path,
    result: dict[str, Any],
    duplicates: Duplicates,
) -> Appended:
    """The one transaction in which all records come in; Stop takes all of it back."""
    job.phase("adding the records")
    kept = {name: result[name] for name in ("rejected_lines", "rejections", "seconds")}
    note = {"file": str(path), **kept}
    label = f"Append {path.name}"
    return await job.follow(
        lambda tell: ctx.write(label, append, staged, note, duplicates=duplicates, tell=tell),
        f"{path.name}: stopped, nothing was added.",
        "adding {done:,} of {total:,}",
    )


async def _export_card(
    ctx: Context, file: str, format: str = "chat", query: str = "", labels: bool = False
) -> Card:
    spec = await ctx.open.store.read(filter_of, query)
    number = await ctx.open.store.read(records.count, spec)
    title = formats()[format].title
    rows = [("File", file), ("Format", title), ("Records", f"{number:,}")]
    exists = await asyncio.to_thread(Path(file).expanduser().exists)
    warning = "A file of this name is there. It is replaced." if exists else ""
    return Card(
        tool="export_records",
        title=f"Export {number:,} records?",
        rows=rows,
        verb="Export",
        warning=warning,
    )


@tool("consequential", card=_export_card, for_models=False)
async def export_records(
    ctx: Context, file: str, format: str = "chat", query: str = "", labels: bool = False
) -> ExportReport:
    """Write records to a file: all, or those that a filter line names. `format` is chat (JSONL,
    lossless), rft, sft, csv or parquet. `labels` adds topic, split and tags to JSONL."""
    spec = await ctx.open.store.read(filter_of, query)
    return await write_records(ctx, Path(file), format, spec=spec, labels=labels)


async def write_records(
    ctx: Context,
    path: Path,
    format: str,
    *,
    spec: RecordFilter = EVERY,
    ids: "array[int] | None" = None,
    labels: bool = False,
) -> ExportReport:
    """Export what `spec` names, or the records `ids` in their order, as a job.

    The file appears when it is whole. Raises InputError, StoreError, and Stopped, after which
    nothing was written.
    """
    session, out = ctx.open, path.expanduser().absolute()
    formats()[format]  # an unknown one is told before anything begins
    if not out.parent.is_dir():
        raise InputError(f"{out}: there is no such folder. Make it, or choose another.")
    if ids is None and spec != EVERY:
        ids = await session.store.read(records.ids, spec)
    folder = session.folder / "runs" / "export-records"
    config = {
        "database": str(session.store.path),
        "out": str(out),
        "format": format,
        "labels": labels,
        "chosen": ids is not None,
    }

    async def run(job: Job) -> dict[str, Any]:
        await asyncio.to_thread(_put_ids, folder, ids)
        return await run_worker("export-records", folder, config, on_status=_shown(job))

    result = await ctx.jobs.run(f"Export {out.name}", run, dataset_id=session.dataset_id)
    return ExportReport(file=str(out), format=format, **result)


def _put_ids(folder: Path, ids: "array[int] | None") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if ids is not None:
        write_atomic(folder / IDS, ids.tobytes())


def _shown(job: Job) -> Any:
    def show(status: Status) -> None:
        job.progress(status.done, status.total, status.text)

    return show
