"""The lines of a dataset's files that could not be read, to look at whenever one likes."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from app.store import imports, records
from app.store.imports import Imported
from app.tools.datasets import ImportReport
from app.ui.controller import Controller
from app.ui.datasets.import_dialogs import show_result


async def show_bad_lines(app: Controller, parent: QWidget) -> None:
    """Show what was noted when the files came in; it can be copied and saved."""
    session = app.session
    found = await session.store.read(imports.with_rejections)
    stats = await session.store.read(records.stats)
    info = await app.library.get(session.dataset_id)
    names = [Path(each.file).name for each in found]
    report = ImportReport(
        dataset=info.id,
        name=info.name,
        records=stats.records,
        invalid=stats.invalid,
        rejected_lines=sum(each.rejected_lines for each in found),
        warnings=0,
        seconds=0,
        rejections=[line for each in found for line in _lines(each, named=len(found) > 1)],
    )
    await show_result(parent, names[0] if len(names) == 1 else info.name, report, now=False)


def _lines(found: Imported, *, named: bool) -> list[dict[str, Any]]:
    """Its bad lines; where there are several files each says which it is of."""
    if not named:
        return found.rejections
    name = Path(found.file).name
    return [{**each, "file": name} for each in found.rejections]
