"""The command `audit`: what the assistant did in a dataset, newest first."""

import argparse

from app.agent.approvals import always_allowed
from app.agent.audit import trail
from app.cli.output import emit, say
from app.wiring import App


async def audit(arguments: argparse.Namespace) -> int:
    """Print the trail; with --json a line each."""
    app = await App.start()
    try:
        session = await app.open((await app.library.get(arguments.dataset)).id)
        rows = await session.store.read(trail, arguments.limit)
        for row in rows:
            if arguments.json:
                emit(row)
            else:
                print(f"{row.time}  {row.outcome:8}  {row.who:12}  {row.tool}: {row.said}")
                if row.arguments not in ("", "{}"):
                    print(f"    {row.arguments}")
        if not rows:
            say("The assistant has called nothing in this dataset.")
        if allowed := await session.store.read(always_allowed):
            say(f"Always allowed here: {', '.join(allowed)}")
        return 0
    finally:
        await app.close()
