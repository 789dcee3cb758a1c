"""A proposal that waits while the topics are edited: what it says can be taken is what there is now."""

import asyncio
from typing import Any

import pytest

from app.errors import ToolError
from app.store import topics
from app.tools import proposals
from app.ui.topics.snapshot import read_snapshot
from tests.tools.conftest import OpenApp


async def waiting(app: Any) -> Any:
    """The proposal as the panel shows it."""
    stored = await asyncio.to_thread(proposals.pending, app.session)
    return stored, (await app.session.store.read(read_snapshot, stored)).proposal


async def test_parts_can_be_taken_after_edits_in_between(program: OpenApp) -> None:
    async with program() as app:
        card = (await app.call("add_topic", name="Card")).topic_id
        await app.call("generate_topics", method="labels")
        stored, shown = await waiting(app)
        assert shown.diff == stored.diff, "nothing was edited yet"
        assert [e.id for e in shown.diff.entries] == ['added:["Bill"]']
        await app.call("add_topic", name="Loans")
        await app.call("rename_topic", topic_id=card, name="Plastic")
        stored, shown = await waiting(app)
        ids = [entry.id for entry in shown.diff.entries]
        assert ids != [entry.id for entry in stored.diff.entries]
        with pytest.raises(ToolError, match="not in the proposal any more"):
            await app.call("apply_topic_hierarchy", changes=['removed:["Card"]'])
        taken = [i for i in ids if i in ('added:["Bill"]', 'removed:["Loans"]')]
        assert len(taken) == 2
        await app.call("apply_topic_hierarchy", changes=taken)
        names = {t.name for t in await app.session.store.read(topics.all_topics)}
        assert names == {"Plastic", "Bill"}


async def test_the_comparison_is_made_anew_for_another_proposal(program: OpenApp) -> None:
    async with program() as app:
        await app.call("generate_topics")
        first = (await waiting(app))[1]
        await app.call("generate_topics", method="template", template_name="sales")
        _, second = await waiting(app)
        assert {e.id for e in second.diff.entries} != {e.id for e in first.diff.entries}
        read = app.session.store.read
        assert second.diff == await read(proposals.compared, second.hierarchy)
