"""A worker task run in the test's own process, as its child would run it."""

from pathlib import Path
from typing import Any

from app.workers import RunDir, Task, Worker


def run_task(task: Task, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Its result; the run directory is `folder`, where its status says that it ended."""
    RunDir(folder).prepare(config)
    worker = Worker(folder)
    try:
        return task.run(worker)
    finally:
        worker.finish("completed")
