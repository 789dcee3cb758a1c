"""Checkpoints of a run: written whole or not at all, the newest found again, old ones removed."""

import shutil
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.errors import TrainingError
from app.training.alarms import StepRecord

KEPT = 2  # the newest, and one more in case the disk failed under it
STATE = "state.json"


class Evaluation(BaseModel):
    """Mean validation reward with its 95 % interval, over `n` graded prompts."""

    step: int
    reward: float
    low: float
    high: float
    n: int


class ShownAnswer(BaseModel):
    """An answer as the rollout microscope shows it."""

    text: str
    score: float | None
    reason: str = ""


class LoopState(BaseModel):
    """All the loop knows beside weights and optimiser. Random numbers need no state: they are
    drawn anew from (seed, step) in every step."""

    step: int = 0
    num_tokens: int = 0
    best_step: int = 0
    stale: int = 0  # validations since the best one
    evaluations: list[Evaluation] = []
    history: list[StepRecord] = []
    ringing: list[str] = []  # alarms already told
    before: list[list[ShownAnswer]] = []
    finished: bool = False

    @property
    def best(self) -> Evaluation | None:
        return next((e for e in self.evaluations if e.step == self.best_step), None)


class Checkpoints:
    """The checkpoint folders below a run's output folder."""

    def __init__(self, out: Path) -> None:
        self.best = out / "best"
        self._folder = out / "checkpoints"

    def save(self, state: LoopState, write: Callable[[Path], None]) -> Path:
        """Write a checkpoint of this state; `write(folder)` adds model and optimiser."""
        final = self._folder / f"step-{state.step:06d}"

        def fill(folder: Path) -> None:
            write(folder)
            (folder / STATE).write_text(state.model_dump_json(indent=1), encoding="utf-8")

        replace_folder(final, fill)
        for old in self._found()[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return final

    def newest(self) -> tuple[Path, LoopState] | None:
        """The newest checkpoint with its state; None where there is none.

        Raises TrainingError when its state cannot be read.
        """
        found = self._found()
        if not found:
            return None
        try:
            text = (found[-1] / STATE).read_text(encoding="utf-8")
            return found[-1], LoopState.model_validate_json(text)
        except (OSError, ValidationError) as error:
            raise TrainingError(f"The checkpoint {found[-1]} cannot be read: {error}.") from None

    def _found(self) -> list[Path]:
        return sorted(self._folder.glob("step-*[0-9]"))


def replace_folder(final: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside its final place, then swap it in; a kill leaves the old or the new.

    Raises TrainingError when the disk is full or cannot be written.
    """
    fresh = final.with_name(final.name + ".part")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        fill(fresh)
        shutil.rmtree(final, ignore_errors=True)
        fresh.replace(final)
    except OSError as error:
        raise TrainingError(f"The checkpoint {final} cannot be written: {error}.") from None
