"""The worker task that exports a model and proves the export; the work itself is in `export`."""

from typing import Any

from app.serving.export import ExportConfig, export
from app.workers import Worker


def run(worker: Worker) -> dict[str, Any]:
    """`{"path", "bytes", "regraded": {"n", "mean", "low", "high", "errors"} | None}`.

    Stops between two slices of work and then leaves no folder behind.
    """
    worker.progress(0, 1, "writing the model")

    def tick(done: float, total: float, text: str) -> None:
        worker.check_stop()
        worker.progress(done, total, text)

    return export(ExportConfig.model_validate(worker.config), tick).model_dump()
