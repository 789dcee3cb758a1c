"""The outlook card: what this computer can do with this data, said within a minute of opening it."""

import os

import psutil

from app.domain.grader_advice import GraderSuggestions
from app.domain.outlook import Machine, Outlook
from app.domain.outlook import outlook as outlook_of
from app.domain.outlook import suggest_graders as suggested
from app.domain.record_stats import record_stats
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.answers import in_split, read_first
from app.tools.base import Context, tool

SAMPLED = 5_000  # records: enough to know their kind, in half a second


@tool("read")
async def outlook(ctx: Context) -> Outlook:
    """What fits here: the data, graders, base models, and what will not work on this computer."""
    connected = ctx.connections is not None and ctx.connections.for_role("generator") is not None
    return await ctx.open.store.read(_outlook, connected)


@tool("read")
async def suggest_graders(ctx: Context) -> GraderSuggestions:
    """Grader settings that fit the references in the data, to start from."""
    return await ctx.open.store.read(
        lambda tx: suggested(read_first(tx, in_split("train"), SAMPLED))
    )


def _outlook(tx: Tx, connected: bool) -> Outlook:
    memory = psutil.virtual_memory().available / 1e9
    machine = Machine(memory_gb=memory, cores=os.cpu_count() or 1, connected=connected)
    found = read_first(tx, RecordFilter(), SAMPLED)
    return outlook_of(record_stats(found), machine)
