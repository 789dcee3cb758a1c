"""The command `audit`: the trail on stdout, newest first."""

import asyncio
from pathlib import Path

from app import paths
from app.agent.approvals import allow_always
from app.agent.entries import ToolDone, as_data
from app.store import results
from app.wiring import App
from tests.cli.conftest import Rft


async def _called(dataset: str) -> None:
    app = await App.start(paths.home())
    try:
        session = await app.open(dataset)
        for tool, outcome in (("get_dataset_stats", "ran"), ("export_records", "refused")):
            done = ToolDone(key=tool, tool=tool, result=outcome, reply="r", arguments='{"a": 1}')
            entry = done.model_copy(update={"outcome": outcome})
            await session.store.transaction(results.add_chat, entry.kind, as_data(entry))
        await session.store.transaction(allow_always, "tag_records")
    finally:
        await app.close()


def test_the_trail_is_printed(rft: Rft, chats: Path) -> None:
    (report,) = rft("import", chats, "--json").json
    name = report["dataset"]
    assert "called nothing" in rft("audit", name).err
    asyncio.run(_called(name))
    rows = rft("audit", name, "--json").json
    assert [(row["tool"], row["outcome"]) for row in rows] == [
        ("export_records", "refused"),
        ("get_dataset_stats", "ran"),
    ]
    done = rft("audit", name, "--limit", "1")
    assert "refused" in done.out
    assert '{"a": 1}' in done.out
    assert "get_dataset_stats" not in done.out
    assert "Always allowed here: tag_records" in done.err
