"""What the window needs of the app, as a protocol: `app.wiring.App` is one, tests bring their own."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import SignalInstance

from app.importing.mapping import ColumnMapping
from app.jobs import Jobs
from app.llm.clients import Clients
from app.llm.connections import Connections
from app.settings import Settings
from app.store.library import Library
from app.tools.base import Actor, Approver, Context
from app.tools.datasets import ImportReport


class Controller(Protocol):
    """The app as the window sees it. What it raises is AppError, with text to show."""

    home: Path
    library: Library
    jobs: Jobs
    settings: Settings
    connections: Connections
    clients: Clients
    session: Any
    """The open `app.tools.session.Session`, or None."""
    approve: Callable[[Any], Awaitable[bool]]
    on_session: list[Callable[[Any], None]]

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Run a tool as the user, through the same gates as the assistant's calls."""

    def context(self, actor: Actor = "user", approve: Approver | None = None) -> Context:
        """What tools and their own reading functions take, for calls by `actor`."""

    async def open(self, dataset_id: str) -> Any: ...
    async def open_sample(self) -> Any: ...
    async def close_dataset(self) -> None: ...
    async def import_file(
        self, path: Path, name: str | None = None, *, mapping: ColumnMapping | None = None
    ) -> ImportReport:
        """Import as a new dataset; raises UnknownShapeError when it takes a mapping to read it."""

    async def replace_dataset(
        self, dataset_id: str, path: Path, *, mapping: ColumnMapping | None = None
    ) -> ImportReport:
        """Import in the place of a dataset, which goes to the trash."""

    async def close(self) -> None: ...


class Chat(Protocol):
    """The assistant's dock as the window sees it: `app.ui.chat.dock.ChatDock(app)`, a QWidget.

    It sets `app.approve` itself and shows the cards. `go` is as a panel's, `hide_asked` folds it,
    `attention` unfolds it: a card waits.
    """

    go: SignalInstance
    hide_asked: SignalInstance
    attention: SignalInstance

    def show_sees(self, words: str) -> None:
        """What the user looks at now: `Records, record 413`."""

    def focus_input(self) -> None:
        """Put the cursor where a message is written."""
