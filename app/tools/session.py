"""An open dataset: its store and folder, where its runs live, and what its seven steps stand at."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.fingerprints import Fingerprint, of_value
from app.domain.gates import missing_for
from app.domain.steps import State, Step
from app.domain.thresholds import Thresholds
from app.domain.workflow import Workflow, workflow
from app.serving.endpoint import Endpoint
from app.settings import Settings
from app.store import changes
from app.store.database import Tx
from app.store.store import Store
from app.tools.state import read_state
from app.workers import RunDir


@dataclass
class Session:
    """One dataset opened for work. There is one per window, and one per command."""

    dataset_id: str
    store: Store
    folder: Path
    app_settings: Settings
    overrides: dict[str, Any] = field(default_factory=dict)  # this dataset's own preset and seed
    thresholds: Thresholds = field(default_factory=Thresholds)
    running: dict[Step, str] = field(default_factory=dict)  # progress text of a step's job
    passes: "asyncio.Future[None] | None" = None  # the background work on it, see tools/passes.py
    counting: "asyncio.Future[None] | None" = None  # of tokens, once the passes are done
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)  # generated records, one at a time
    asking: set[str] = field(default_factory=set)  # jobs that ask a model, from the consent on
    passes_stopped: bool = False  # the user stopped them; they go on at the next opening

    @property
    def settings(self) -> Settings:
        """The app's settings with what this dataset has of its own."""
        return self.app_settings.model_copy(update=self.overrides)

    @property
    def workflow_id(self) -> str:
        return f"wf-{self.dataset_id}"

    @property
    def base_model(self) -> str:
        """What identifies the base model besides the records it learned from."""
        settings = self.settings
        return f"starter/{settings.preset}/{settings.seed}"

    @property
    def proposal_file(self) -> Path:
        """The topic proposal that waits to be applied."""
        return self.folder / "proposal.json"

    @property
    def similar_file(self) -> Path:
        """Which uncertain records are alike, by the last categorisation."""
        return self.folder / "similar.jsonl"

    async def state(self) -> State:
        """The present facts of the data and its results, read in one transaction."""
        state = await self.store.read(
            read_state,
            self.base_model,
            self.proposal_file.exists(),
            self.running,
            self.endpoint() is not None,
        )
        run = state.training
        if run is None or run.status != "running":
            return state
        step = int(self.run_dir(f"train-{run.run_id}").status().done)
        return state.model_copy(update={"training": run.model_copy(update={"step": step})})

    async def workflow(self) -> Workflow:
        """The seven steps: state, reading, reason; and the current one."""
        return workflow(await self.state())

    async def missing_for(self, step: Step) -> list[str]:
        """Everything that must be done before a step, in order; empty when it may start."""
        return missing_for(step, await self.state())

    async def expected(self, step: Step) -> Fingerprint:
        """The inputs that a result of `step` would be computed from now."""
        return (await self.state()).expected[step]

    async def inputs(self) -> str:
        """Changes whenever anything an approval was drawn from changes: the data and every edit of it,
        what was computed, the proposal that waits, this dataset's settings."""
        state = await self.state()
        steps = {step: f.parts for step, f in state.expected.items()}
        proposal = await asyncio.to_thread(_digest, self.proposal_file)
        return of_value([steps, await self.store.read(_versions), proposal, self.overrides])

    def run_dir(self, name: str) -> RunDir:
        """The directory of a worker of this dataset."""
        return RunDir(self.folder / "runs" / name)

    def endpoint(self) -> Endpoint | None:
        """The endpoint that serves this dataset's model now."""
        return Endpoint.find(self.folder / "runs" / "serve")


def _versions(tx: Tx) -> list[Any]:
    """The newest edit, and the newest results with their states; the conversation counts for nothing."""
    newest = tx.sql("SELECT id, state FROM result ORDER BY id DESC LIMIT 20")
    return [changes.latest_id(tx), [list(row) for row in newest]]


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes()).hexdigest() if file.exists() else ""
