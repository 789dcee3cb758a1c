"""What is done to the selected records: each a coroutine over the app's tools; no widget is made."""

import asyncio
from typing import Any

from PySide6.QtWidgets import QWidget

from app.errors import InputError
from app.store import records
from app.tools.generation import CONNECT
from app.tools.orders import usable_seeds
from app.ui import dialogs
from app.ui.controller import Controller
from app.ui.datasets.export_dialog import export
from app.ui.records.listing import RecordList
from app.ui.records.snapshot import View, row_after

JUMP = "Number of the row, or # and the number of a record"


class Acts:
    """Acts on what is selected in `listed`; `window` is the parent of the dialogs."""

    def __init__(self, app: Controller, listed: RecordList, window: QWidget) -> None:
        self._app, self._list, self._window = app, listed, window
        self.ordered = asyncio.Event()  # cleared while the order of the list is not known

    async def set_topic(self, topic: int | None) -> None:
        chosen = await self.chosen()
        await self._app.call("assign_topic", topic="" if topic is None else topic, **chosen)

    async def set_split(self, split: str) -> None:
        await self._app.call("set_split", split=split, **await self.chosen())

    async def add_tag(self) -> None:
        tag = await dialogs.ask_text(self._window, "Add a tag", "The tag, one word")
        if tag is not None:
            await self._app.call("tag_records", tag=tag, how="add", **await self.chosen())

    async def remove_tag(self, tag: str) -> None:
        await self._app.call("tag_records", tag=tag, how="remove", **await self.chosen())

    async def delete(self) -> int | None:
        """Delete what is selected; returns the record to show then."""
        rows = self._list.table.selected_rows()
        after = self._list.model.id_at(row_after(rows, self._list.model.listing.total))
        if rows:
            await self._app.call("delete_records", **await self.chosen())
        return after

    async def export(self, *, selected: bool) -> None:
        """Ask for a format and a file; write the selected records, or all that are listed."""
        session = self._app.session
        if session is None:
            return
        ids = await self._selected_ids() if selected else await self._all_ids()
        info = await self._app.library.get(session.dataset_id)
        total = await session.store.read(records.count, records.EVERY)
        await export(self._app, self._window, listed=ids, total=total, name=info.name)

    async def write_variants(self) -> None:
        """Let the connected model vary those of the selected records that may be seeds; what it writes
        waits in the coverage step. Raises AppError where none may, or nothing came of it."""
        if self._app.connections.for_role("generator") is None:
            raise InputError(CONNECT)
        ids = await self._selected_ids()
        seeds = await self._app.session.store.read(usable_seeds, ids)
        if not seeds:
            raise InputError(
                "None of the selected records can be varied: that takes real, valid records with a "
                "topic, in the training split."
            )
        made = await self._app.call("generate_synthetic_data", record_ids=seeds)
        if made.run_id is None:
            raise InputError(made.text)

    async def jump(self) -> None:
        """Ask for a row or record and go there; raises InputError for none that is listed."""
        typed = await dialogs.ask_text(self._window, "Go to", JUMP)
        if typed is not None:
            await self.jump_to(typed)

    async def jump_to(self, typed: str) -> None:
        """`12403` is a row of the list, `#12403` a record."""
        number = typed.replace(",", "").lstrip("#").strip()
        total = self._list.model.listing.total
        if not number.isdecimal():
            raise InputError(f"“{typed}” is no number of a row. {JUMP}.")
        row = int(number) - 1
        if typed.startswith("#"):
            await self.ordered.wait()
            row = self._list.model.row_of(int(number))
        if not 0 <= row < total:
            what = f"record {number}" if typed.startswith("#") else f"row {number}"
            raise InputError(f"There is no {what} in this list of {total:,}.")
        self._list.table.select(row)
        self._list.table.setFocus()

    async def chosen(self) -> dict[str, Any]:
        """The selection as tools take it: the filter line for all that match, else ids."""
        view: View = self._list.model.listing.view
        if self._list.all_selected and view.chosen is None:
            return {"query": view.line}
        return {"record_ids": await self._selected_ids()}

    async def _selected_ids(self) -> list[int]:
        while (found := self._list.selected_ids()) is None:
            await self.ordered.wait()
        return found

    async def _all_ids(self) -> list[int]:
        await self.ordered.wait()
        return list(self._list.model.listing.ids or ())
