"""Brings files in as the user asks: where they go, by which mapping, and what became of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.importing.mapping import ColumnMapping, guess, remembered
from app.importing.unknown import UnknownShapeError
from app.store.appends import Duplicates
from app.tools.datasets import ImportReport
from app.ui import dialogs
from app.ui.controller import Controller
from app.ui.datasets.import_dialogs import Where, WhereDialog, show_result
from app.ui.datasets.mapping_dialog import MappingDialog

Work = Callable[[ColumnMapping | None], Awaitable[ImportReport]]


class Importing:
    """`window` is the parent of the dialogs."""

    def __init__(self, app: Controller, window: QWidget) -> None:
        self._app, self._window = app, window

    async def bring(self, paths: Sequence[Path], *, into_open: bool = False) -> None:
        """Import files and open the last dataset. Several, and with `into_open` also one while a
        dataset is open, are asked about first."""
        files = list(paths)
        if not files:
            return
        session = self._app.session if into_open else None
        where: Where = "new"
        twice: Duplicates = "skip"
        if session is not None or len(files) > 1:
            info = await self._app.library.get(session.dataset_id) if session else None
            dialog = WhereDialog(self._window, files, info.name if info else "")
            if not await dialogs.ask(dialog):
                return
            where, twice = dialog.where, dialog.duplicates
        await self._bring(files, where, twice)

    async def _bring(self, files: list[Path], where: Where, twice: Duplicates) -> None:
        for number, path in enumerate(files):
            into = where == "append" or (where == "together" and number > 0)
            work = self._work(path, into=into, replace=where == "replace", twice=twice)
            report = await self._mapped(path, work)
            if report is None:
                continue
            await self._app.open(report.dataset)
            if report.rejected_lines or into:
                self._app.jobs.start(show_result(self._window, path.name, report))

    def _work(self, path: Path, *, into: bool, replace: bool, twice: Duplicates) -> Work:
        async def work(mapping: ColumnMapping | None) -> ImportReport:
            session = self._app.session
            if into and session is not None:
                columns = mapping.columns if mapping else None
                report: ImportReport = await self._app.call(
                    "append_file", file=str(path), duplicates=twice, mapping=columns
                )
                return report
            if replace and session is not None:
                return await self._app.replace_dataset(session.dataset_id, path, mapping=mapping)
            return await self._app.import_file(path, mapping=mapping)

        return work

    async def _mapped(self, path: Path, work: Work) -> ImportReport | None:
        """Do the work, asking for a mapping when it takes one; None when none was given."""
        try:
            return await work(None)
        except UnknownShapeError as unknown:
            sample = unknown.sample
        known = await asyncio.to_thread(remembered, self._app.home, sample.columns)
        first = known or guess(sample.columns, sample.rows)
        dialog = MappingDialog(self._window, path.name, sample, first)
        if not await dialogs.ask(dialog):
            return None
        return await work(dialog.mapping)
