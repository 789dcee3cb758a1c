"""What the window needs of the app, as a protocol; `app.wiring` provides it, tests their own."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from app.jobs import Jobs
from app.ui.parts.paint import Tone


class DatasetInfo(Protocol):
    """A line of the library. `steps` has a letter per step (see StepDots), `status` a few words."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def invalid(self) -> int: ...
    @property
    def steps(self) -> str: ...
    @property
    def opened(self) -> Any: ...  # datetime of the last opening, or None
    @property
    def status(self) -> str: ...
    @property
    def tone(self) -> Tone: ...


class Library(Protocol):
    async def datasets(self) -> list[Any]:
        """Every dataset, as DatasetInfo, the last opened first."""


class Store(Protocol):
    """One dataset's file; `read` runs `fn` on a reader thread, `subscribe` returns its undoing."""

    async def read(self, fn: Callable[..., Any], *args: Any) -> Any: ...
    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]: ...


class Session(Protocol):
    """The open dataset."""

    @property
    def dataset_id(self) -> str: ...
    @property
    def store(self) -> Any: ...


class Controller(Protocol):
    """The app as the window sees it. Errors it raises are AppError, with text to show."""

    jobs: Jobs
    settings: Any
    approve: Callable[[Any], Awaitable[bool]]

    @property
    def library(self) -> Any: ...
    @property
    def session(self) -> Any:
        """The open Session, or None."""

    async def open(self, dataset_id: str) -> Any: ...
    async def import_file(self, path: Path, name: str | None = None) -> str: ...
    async def call(self, tool_name: str, **arguments: Any) -> Any:
        """Run a tool as the user, with the same gates and approvals as the assistant's."""
