"""The composition root: settings, library, jobs and tools put together. Window, command line and
tests all start here."""

import asyncio
import logging
import logging.handlers
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import app.tools
from app import paths, settings
from app.errors import AppError, StoreError
from app.importing.card import card_beside
from app.jobs import Job, Jobs
from app.registry import load_family
from app.settings import Settings
from app.store import meta
from app.store.create import put_in_place
from app.store.database import explain
from app.store.library import FILE, Library
from app.tools import runs
from app.tools.base import TOOLS, Actor, Approver, Context, refuse
from app.tools.session import Session
from app.tools.summary import summary_of
from app.workers import Status, run_worker

log = logging.getLogger(__name__)
SUMMARY_DELAY = 0.3  # seconds in which further events are taken together
SAMPLE = "resources/samples/support_tickets.jsonl"


class ImportReport(BaseModel):
    """What an import did: the command line prints it, the window tells it."""

    dataset: str
    name: str
    records: int
    invalid: int
    rejected_lines: int
    warnings: int
    seconds: float
    rejections: list[dict[str, Any]] = []


class App:
    """One running program: what is open, what runs, and the one way to call a tool."""

    def __init__(self, home: Path, library: Library, chosen: Settings) -> None:
        self.home, self.library, self.settings = home, library, chosen
        self.jobs = Jobs()
        self.session: Session | None = None
        self.approve: Approver = refuse
        self.on_session: list[Callable[[Session | None], None]] = []
        self._opening = asyncio.Lock()
        self._summarising = False

    @classmethod
    async def start(cls, home: Path | None = None) -> "App":
        """Open the user folder; raises StoreError or InputError when it cannot be used."""
        load_family(app.tools)
        folder = home or paths.home()
        library = await Library.open(folder)
        return cls(folder, library, settings.load(folder))

    def context(self, actor: Actor = "user", approve: Approver | None = None) -> Context:
        """What a call by `actor` works with."""
        return Context(
            library=self.library,
            jobs=self.jobs,
            settings=self.session.settings if self.session else self.settings,
            session=self.session,
            actor=actor,
            approve=approve or self.approve,
        )

    async def call(self, name: str, /, **arguments: Any) -> BaseModel:
        """Call a tool as the user; raises AppError with text to show."""
        return await TOOLS[name](self.context(), arguments)

    async def open(self, dataset_id: str) -> Session:
        """Make a dataset the open one; the one before is closed. Found runs are followed again."""
        async with self._opening:
            if self.session and self.session.dataset_id == dataset_id:
                return self.session
            await self._close_session()
            store = await self.library.open_store(dataset_id)
            store.subscribe(lambda event: self._summarise_soon())
            self.session = Session(
                dataset_id, store, self.library.folder(dataset_id), self.settings
            )
            self.session.overrides = await store.read(meta.get, "effort", {})
            await runs.attach(self.context())
            self._tell()
            self._summarise_soon()
            return self.session

    async def close_dataset(self) -> None:
        async with self._opening:
            await self._close_session()
            self._tell()

    async def import_file(self, path: Path, name: str | None = None) -> ImportReport:
        """Import a file as a new dataset: built aside, listed when whole. Raises InputError.

        A stopped or failed import leaves nothing behind.
        """
        card = card_beside(path)
        title = (
            name or (card.name if card else "") or path.name.removesuffix(".gz").rsplit(".", 1)[0]
        )
        quota = card.quota if card and card.quota else self.settings.quota
        dataset_id, folder = self.library.new_folder()
        try:
            result = await self.jobs.run(
                f"Import {path.name}", lambda job: self._import(job, path, title, folder, quota)
            )
            await asyncio.to_thread(put_in_place, folder / f"{FILE}.part", folder / FILE)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder / "runs", ignore_errors=True)
        counts = {"records": result["records"], "invalid": result["invalid"]}
        await self.library.add(dataset_id, title, **counts)
        return ImportReport(dataset=dataset_id, name=title, **result)

    async def open_sample(self) -> Session:
        """Open the shipped sample, importing it the first time."""
        for info in await self.library.datasets():
            if info.sample:
                return await self.open(info.id)
        report = await self.import_file(paths.resource(SAMPLE), "Support tickets (sample)")
        await self.library.summarise(report.dataset, sample=True)
        return await self.open(report.dataset)

    async def close(self) -> None:
        """End every job of this program (detached training goes on) and close all files."""
        await self.jobs.close()
        await self._close_session()
        await self.library.close()

    async def _import(
        self, job: Job, path: Path, title: str, folder: Path, quota: int
    ) -> dict[str, Any]:
        def show(status: Status) -> None:
            job.progress(status.done, status.total, status.text)

        config = {
            "file": str(path.expanduser().absolute()),
            "database": str(folder / f"{FILE}.part"),
            "name": title,
            "quota": quota,
        }
        return await run_worker("import", folder / "runs" / "import", config, on_status=show)

    async def _close_session(self) -> None:
        if self.session is None:
            return
        session, self.session = self.session, None
        await self.jobs.cancel(session.dataset_id)
        await self.library.summarise(session.dataset_id, **await summary_of(session))
        try:
            await session.store.trim_history()
        except AppError as error:  # the next close tries again
            log.warning("The undo history of %s was not trimmed. %s", session.dataset_id, error)
        await session.store.close()

    def _summarise_soon(self) -> None:
        """Keep the library's card up to date: once for many events."""
        if not self._summarising:
            self._summarising = True
            self.jobs.start(self._summarise())

    async def _summarise(self) -> None:
        await asyncio.sleep(SUMMARY_DELAY)
        self._summarising = False
        async with self._opening:
            if self.session is not None:
                values = await summary_of(self.session)
                await self.library.summarise(self.session.dataset_id, **values)

    def _tell(self) -> None:
        for listener in list(self.on_session):
            listener(self.session)


def log_to_file(home: Path) -> None:
    """Keep a small rotating log in the user folder; raises StoreError when it cannot be written."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            home / "rft-studio.log", maxBytes=2_000_000, backupCount=2, encoding="utf-8"
        )
    except OSError as error:
        raise StoreError(explain(error, home)) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("app").setLevel(logging.INFO)
