"""What changed in a store. Events carry ids, never data: a reader that wants data asks the store."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["records", "topics", "settings"]


@dataclass(frozen=True)
class Event:
    """Sent after the commit, never before and never on a rollback."""

    dataset_id: str


class LibraryChanged(Event):
    """The list of datasets or a dataset's summary changed."""


class RecordsChanged(Event):
    """Records were added, edited, deleted or assigned."""


class SearchChanged(Event):
    """The full-text index reaches all records; a search made before may find more now."""


class TopicsChanged(Event):
    """The topic tree or a pending proposal changed."""


class GeneratedChanged(Event):
    """Generated records came in, or were decided on."""


class GraderChanged(Event):
    """Another grader version is current, or a grader was tested."""


class SettingsChanged(Event):
    """Goal, quota, skipped steps or another value of the dataset changed."""


class ResultsChanged(Event):
    """A categorisation, coverage analysis, dry run or deployment was stored or changed state."""


class ChatChanged(Event):
    """The conversation has a new entry."""


class TimelineChanged(Event):
    """A Change was recorded, undone or redone."""


@dataclass(frozen=True)
class RunChanged(Event):
    """A training run changed state or wrote new events to its directory."""

    run_id: int


EDITION_OF: dict[type[Event], Kind] = {
    RecordsChanged: "records",
    TopicsChanged: "topics",
    SettingsChanged: "settings",
}
