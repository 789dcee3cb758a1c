"""Training runs: one that cannot be started is not left running."""

import errno
from functools import partial
from typing import Any

import pytest

from app.errors import InputError
from app.store import results
from app.tools import runs
from app.tools.base import Context
from app.workers import RunDir, start_worker


async def _marked(ctx: Context) -> int:
    """A run marked as running, as a start does."""
    fingerprint = (await ctx.open.expected("training")).model_dump_json()
    add = partial(results.add, fingerprint=fingerprint, state="running")
    return await ctx.open.store.transaction(add, "training")


async def test_a_run_that_cannot_start_is_failed_and_says_why(program: Any) -> None:
    async with program() as app:
        ctx = app.context()
        run_id = await _marked(ctx)
        run = RunDir(ctx.open.folder / "runs" / f"train-{run_id}")
        run.path.parent.mkdir(parents=True, exist_ok=True)
        run.path.write_text("a file where its folder should be")
        with pytest.raises(InputError, match="could not be started"):
            async with runs.starting(ctx, run_id):
                await start_worker("train", run, {"resume": False}, detached=True)
        result = await ctx.open.store.read(results.get, run_id)
        assert result.state == "failed"
        assert str(run.path) in result.data["error"]


async def test_a_full_disk_is_named(program: Any) -> None:
    async with program() as app:
        ctx = app.context()
        run_id = await _marked(ctx)
        with pytest.raises(InputError, match="No space left"):
            async with runs.starting(ctx, run_id):
                raise OSError(errno.ENOSPC, "No space left on device", "train.jsonl")
        assert (await ctx.open.store.read(results.get, run_id)).state == "failed"
