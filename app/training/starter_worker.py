"""The worker task that makes a starter model, or teaches a given one the supervised way."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.training.base import Preset
from app.training.model import load_model, save_model
from app.training.rows import read_rows
from app.training.starter import build_starter, teach
from app.workers import Worker

METRICS_EVERY = 5  # steps


class StarterConfig(BaseModel):
    """The task's `config.json`; with `init` that model is taught further instead of a new one."""

    records: Path
    out: Path
    seed: int = 0
    preset: Preset = "standard"
    init: Path | None = None
    steps: int | None = None
    learning_rate: float | None = None


def run(worker: Worker) -> dict[str, Any]:
    """Train, write the model folder, and return its figures; stops between two steps."""
    config = StarterConfig.model_validate(worker.config)
    rows = read_rows(config.records)
    worker.progress(0, 1, "reading the records")
    bundle = (
        load_model(config.init)
        if config.init
        else build_starter(rows, preset=config.preset, seed=config.seed)
    )

    def on_step(step: int, steps: int, loss: float, heldout: float | None) -> None:
        worker.check_stop()
        worker.progress(step, steps, f"loss {loss:.2f}")
        if heldout is not None or step % METRICS_EVERY == 0:
            worker.emit("metrics", step=step, loss=loss, heldout_loss=heldout)

    result = teach(
        bundle,
        rows,
        on_step,
        preset=config.preset,
        seed=config.seed,
        steps=config.steps,
        learning_rate=config.learning_rate,
        further=config.init is not None,
    )
    save_model(bundle, config.out)
    return {
        "model": str(config.out),
        "parameters": bundle.parameters,
        "vocab": bundle.tokenizer.get_vocab_size(),
        "steps": result.steps,
        "tokens": result.tokens,
        "cpu_seconds": result.cpu_seconds,
        "loss": result.loss,
        "heldout_loss": result.heldout_loss,
    }
