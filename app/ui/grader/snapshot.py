"""What the grader panel shows, read from the store in one transaction; no widget here."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.grader_advice import GraderSuggestions
from app.store import meta, results
from app.store.database import Tx
from app.store.results import GraderVersion
from app.tools.grading import GraderTest


@dataclass(frozen=True)
class GraderSnapshot:
    """`current` is the version in use, None before there is one. `test` is the newest test, maybe
    of an older version; `confirmed` the version whose test the user found right. `supplied` is a
    grader file that lies beside the file the dataset was imported from."""

    versions: tuple[GraderVersion, ...] = ()
    current: int | None = None
    test: GraderTest | None = None
    confirmed: int | None = None
    supplied: Path | None = None
    advice: GraderSuggestions = field(default_factory=lambda: GraderSuggestions(suggestions=()))

    @property
    def config(self) -> dict[str, Any] | None:
        """The grader in use."""
        return next((v.config for v in self.versions if v.version == self.current), None)

    @property
    def next_version(self) -> int:
        return max((v.version for v in self.versions), default=0) + 1

    @property
    def tested(self) -> bool:
        """Whether the newest test is of the grader in use."""
        return self.test is not None and self.test.version == self.current

    @property
    def is_confirmed(self) -> bool:
        return self.tested and self.confirmed == self.current

    def version_of(self, config: dict[str, Any]) -> int | None:
        """The version that is exactly this grader."""
        return next((v.version for v in self.versions if v.config == config), None)


def read_snapshot(tx: Tx) -> GraderSnapshot:
    """The grader versions, the newest test, and the file supplied beside the data."""
    current = results.current_grader(tx)
    test = results.latest(tx, "grader_test")
    return GraderSnapshot(
        versions=tuple(results.graders(tx)),
        current=current.version if current else None,
        test=GraderTest.model_validate(test.data) if test else None,
        confirmed=meta.get(tx, "confirmed_test"),
        supplied=supplied_grader(meta.get(tx, "origin", {})),
    )


def supplied_grader(origin: dict[str, Any]) -> Path | None:
    """`tickets.grader.json` beside `tickets.jsonl` (or `.jsonl.gz`), where there is one."""
    if not (name := origin.get("file")):
        return None
    file = Path(str(name))
    found = file.with_name(file.name.split(".")[0] + ".grader.json")
    return found if found.is_file() else None
