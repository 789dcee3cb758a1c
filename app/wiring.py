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
from app.importing.mapping import ColumnMapping, remember
from app.jobs import Job, Jobs
from app.llm.clients import Clients
from app.llm.connections import Connections
from app.registry import load_family
from app.settings import Settings
from app.store import leftovers, meta
from app.store.backups import keep
from app.store.database import explain
from app.store.integrity import DamagedError, held
from app.store.library import FILE, Library
from app.tools import care, passes, runs
from app.tools.base import TOOLS, Actor, Approver, Context, refuse
from app.tools.datasets import ImportReport, clear_cut_off, import_worker
from app.tools.session import Session
from app.tools.summary import summary_of

log = logging.getLogger(__name__)
SUMMARY_DELAY = 0.3  # seconds in which further events are taken together
SAMPLE = "resources/samples/support_tickets.jsonl"
KEPT_BY_REPLACE = ("goal", "goal_history", "quota", "effort", "system_prompt", "response_format")


class App:
    """One running program: what is open, what runs, and the one way to call a tool."""

    def __init__(self, home: Path, library: Library, chosen: Settings) -> None:
        self.home, self.library, self.settings = home, library, chosen
        self.jobs = Jobs()
        self.connections = Connections(home)
        self.clients = Clients(self.connections)
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
        await leftovers.settle(library)
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
            connections=self.connections,
            clients=self.clients,
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
            try:
                await clear_cut_off(self.session)
                await care.back_up(self.context())
                self.session.overrides = await store.read(meta.get, "effort", {})
                await runs.attach(self.context())
            except BaseException:
                await self._close_session()
                raise
            if store.unverified:
                self.jobs.start(self._check())
            passes.start(self.context())
            self._tell()
            self._summarise_soon()
            return self.session

    async def close_dataset(self) -> None:
        async with self._opening:
            await self._close_session()
            self._tell()

    async def import_file(
        self,
        path: Path,
        name: str | None = None,
        *,
        mapping: ColumnMapping | None = None,
        values: dict[str, Any] | None = None,
        replaces: str = "",
    ) -> ImportReport:
        """Import a file as a new dataset: built aside, listed when whole. `values` are put in Meta.

        `replaces` is the id of a dataset that goes to the trash then: now, or when it is closed.

        Raises InputError, and its kind UnknownShapeError when it takes a mapping to read the file. A
        stopped or failed import leaves nothing behind.
        """
        card = card_beside(path)
        title = name or (card.name if card else "") or _stem(path)
        quota = card.quota if card and card.quota else self.settings.quota
        values = {"name": title, "quota": quota, **(values or {})}
        dataset_id, folder = self.library.new_folder()
        try:
            with held(folder / FILE):  # so that nobody takes it for the rest of a dead import
                if replaces:
                    leftovers.will_replace(folder, replaces)
                result = await self.jobs.run(
                    f"Import {path.name}", lambda job: _import(job, path, folder, values, mapping)
                )
                await asyncio.to_thread(keep, folder / f"{FILE}.part", folder / FILE)
                counts = {"records": result["records"], "invalid": result["invalid"]}
                await self.library.add(dataset_id, title, **counts)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder / "runs", ignore_errors=True)
        if mapping is not None:
            await asyncio.to_thread(remember, self.home, mapping)
        return ImportReport(dataset=dataset_id, name=title, **result)

    async def replace_dataset(
        self, dataset_id: str, path: Path, *, mapping: ColumnMapping | None = None
    ) -> ImportReport:
        """Import a file in the place of a dataset, which goes to the trash when the file is in.

        The new one has the old one's name, goal and settings; topics, grader and results stay with
        the old.
        """
        session = await self.open(dataset_id)
        kept = await session.store.read(meta.get_all)
        info = await self.library.get(dataset_id)
        values = {key: kept[key] for key in KEPT_BY_REPLACE if key in kept}
        report = await self.import_file(
            path, info.name, mapping=mapping, values=values, replaces=dataset_id
        )
        if self.session is not None and self.session.dataset_id == dataset_id:
            await self.close_dataset()
        await leftovers.finish_replacement(self.library, report.dataset)
        return report

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
        await self.clients.close()
        await self._close_session()
        await self.library.close()

    async def _close_session(self) -> None:
        if self.session is None:
            return
        session, self.session = self.session, None
        await self.jobs.cancel(session.dataset_id)
        try:
            await self.library.summarise(session.dataset_id, **await summary_of(session))
            await session.store.trim_history()
        except AppError as error:  # it is closed all the same; the next close tries again
            name = session.dataset_id
            log.warning("%s: its card is old or its history was not trimmed. %s", name, error)
        finally:
            await session.store.close()

    async def _check(self) -> None:
        """Read through a large file that was left open; a damaged one is closed, and told."""
        context = self.context()
        try:
            await care.check(context)
        except DamagedError:
            if self.session is context.session:
                await self.close_dataset()
            raise

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


async def _import(
    job: Job, path: Path, folder: Path, values: dict[str, Any], mapping: ColumnMapping | None
) -> dict[str, Any]:
    config = {
        "file": str(path.expanduser().absolute()),
        "database": str(folder / f"{FILE}.part"),
        "meta": values,
    }
    return await import_worker(job, folder / "runs" / "import", config, mapping)


def _stem(path: Path) -> str:
    """The file's name without its endings, of which there may be two."""
    name = path.name
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed)
    return name.rsplit(".", 1)[0] or name


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
