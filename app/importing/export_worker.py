"""The worker task `export-records`: records of a dataset file into a file; reads the dataset only."""

from array import array
from pathlib import Path
from typing import Any

from app.importing.export import Export
from app.workers import Worker

IDS = "ids.bin"  # in the run directory: the chosen records in their order, 8 bytes each


def run(worker: Worker) -> dict[str, Any]:
    """Write `out`. Configuration: database, out, format, labels, and chosen (there is an `ids.bin`).

    Returns written and left_out. Raises InputError, StoreError, Stopped.
    """
    config = worker.config
    chosen = worker.path / IDS

    def tick(done: int, total: int, words: str) -> None:
        worker.check_stop()
        worker.progress(done, total, words)

    ids: array[int] | None = None
    if config.get("chosen"):
        ids = array("q")
        ids.frombytes(chosen.read_bytes())
    return dict(
        Export(
            database=Path(config["database"]),
            out=Path(config["out"]),
            format=config.get("format", "chat"),
            ids=ids,
            labels=bool(config.get("labels")),
        ).run(tick)
    )
