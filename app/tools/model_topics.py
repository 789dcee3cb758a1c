"""Lets a connected model name, describe and group topics, or rework them as the user wishes; the outcome
is a proposal like any other, and nothing is applied."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.domain.topic_diff import compare
from app.domain.topic_tree import Tree
from app.domain.topics import (
    MAX_LEAVES,
    Topic,
    TopicNode,
    TopicPath,
    build_tree,
    leaves,
    validate_hierarchy,
    walk,
)
from app.domain.wording import count, joined
from app.embedding.proposal import Proposal as DataProposal
from app.embedding.subdivide import subdivide
from app.errors import Stopped, ToolError
from app.generation.arranging import EXAMPLES, arrange, complete, groups_of
from app.generation.asking import ANSWER_TOKENS, Asking, tokens_of
from app.generation.grouping import Arrangement, Conversation, Group, Place
from app.jobs import Job
from app.llm.connections import Connection
from app.store import records, topics
from app.store.database import Tx
from app.tools import proposals
from app.tools.base import Card, Context
from app.tools.consent import consent, unencrypted
from app.tools.model_runs import ModelRun, generator, price_rows
from app.tools.proposals import VALID, Proposal

JOB = "Ask the model about the topics"
SENT = "Names and sizes of the topics, and three short examples of each"
CONNECT = (
    "Naming topics by a model, or by instructions, needs a connected one: open Connections and add it "
    "(a local one will do). Without it rename, move, merge or split the topics yourself."
)
REPAIRS = 2  # of an answer that cannot be used; then the topics stay as they were found
TYPICAL = Group(id=1, name="x" * 24, examples=("x" * 120,) * EXAMPLES)  # for an estimate
TYPICAL_TOPICS = 60


class Base(NamedTuple):
    """What the model is to work on; its leaves have records and examples. `proposal`: what they are of,
    None for the topics in use; `locked`: ids of those that stay as they are."""

    nodes: list[TopicNode]
    proposal: Proposal | None = None
    locked: frozenset[int] = frozenset()


async def card(ctx: Context, *, fresh: bool, instructions: str, max_depth: int) -> Card | None:
    """What a model is asked and what that costs; None where none is connected. `fresh`: the topics are
    found first, so that their number is not known yet."""
    connection = generator(ctx)
    if connection is None:
        return None
    base = None if fresh else await present(ctx)
    groups = [TYPICAL] * TYPICAL_TOPICS
    if base is not None:
        groups = groups_of(base.nodes, base.locked)
    asked = Conversation(groups, wish=instructions, max_depth=max_depth)
    prompt = tokens_of(asked.ask(asked.brief, model="", structured=False))
    topics_row = f"{count(len(groups), 'topic')}" if base else "those found in the data first"
    word = "about" if base else f"for {TYPICAL_TOPICS} topics about"
    rows = [("Topics", topics_row)]
    if instructions:
        rows.append(("Wish", instructions))
    rows += price_rows(ctx, connection, prompt, len(groups) * ANSWER_TOKENS, word=word)
    rows.append(("Sent", SENT))
    return Card(
        tool="generate_topics",
        step="topics_config",
        title="Ask the model about the topics?",
        rows=rows,
        verb="Ask",
        note="it makes a proposal; nothing is applied",
        warning=unencrypted(connection),
    )


async def present(ctx: Context) -> Base | None:
    """The pending proposal, else the topics in use; None where there is neither."""
    pending = await asyncio.to_thread(proposals.pending, ctx.open)
    if pending is not None and pending.hierarchy:
        return await proposed(ctx, pending)
    base = await ctx.open.store.read(_stored)
    return base if base.nodes else None


async def proposed(ctx: Context, proposal: Proposal) -> Base:
    """A proposal to work on; what stands in it for a locked topic stays as it is."""
    nodes, locked = await ctx.open.store.read(_proposed, proposal.hierarchy)
    return Base(nodes, proposal, locked)


def connected(ctx: Context) -> Connection:
    """Who is asked; raises ToolError where nobody is connected."""
    connection = generator(ctx)
    if connection is None:
        raise ToolError(CONNECT)
    return connection


async def rework(ctx: Context, base: Base, *, instructions: str, max_depth: int) -> Proposal:
    """The base as the model arranges it, as the pending proposal. Where the model is of no use a
    proposal stays as it is with a note why; for topics in use that is a ToolError."""
    connection = connected(ctx)
    await consent(ctx.open, connection, ctx.approve, SENT)
    run = await ModelRun.begin(ctx, connection, "model_topics")
    rearranging = _Rearranging(ctx, run, base, instructions, max_depth)
    nodes, note = await run.work(JOB, rearranging.work)
    was = base.proposal
    if nodes is not None:
        english = was is None or was.english
        return await proposals.keep(ctx, "model", nodes, english=english, note=note)
    if was is None:
        raise ToolError(note)
    return await proposals.keep(
        ctx, was.method, base.nodes, k=was.k, finest=was.finest, english=was.english, note=note
    )


class _Rearranging:
    """One conversation from the question to a tree."""

    def __init__(
        self, ctx: Context, run: ModelRun, base: Base, instructions: str, max_depth: int
    ) -> None:
        self._ctx, self._run, self._base = ctx, run, base
        self._wish, self._depth = " ".join(instructions.split()), max_depth
        self._asked = 0
        self._why = ""  # the model's answers could not be used
        self._notes: list[str] = []

    async def work(self, job: Job) -> tuple[list[TopicNode] | None, str]:
        """The tree with a note; None with the reason where there is none. Raises AppError."""
        nodes = [node for _, node in leaves(self._base.nodes)]
        groups = groups_of(self._base.nodes, self._base.locked)
        tree = await asyncio.to_thread(proposals.merge_tree, self._ctx.open)
        can_split = bool(self._wish) and tree is not None and self._base.proposal is not None
        found = await self._ask(job, groups, can_split=can_split)
        if found is None:
            return await self._fail(self._why)
        if tree is not None and any(place.parts > 1 for place in found.values()):
            nodes, groups = await asyncio.to_thread(_in_parts, nodes, found, tree)
            found = await self._ask(job, groups, split_done=True) or complete(groups, {})
        return await self._finish(nodes, found)

    async def _ask(
        self, job: Job, groups: list[Group], *, can_split: bool = False, split_done: bool = False
    ) -> dict[int, Place] | None:
        """Places for all groups; None where no answer could be used."""
        asked = Conversation(
            groups,
            wish=self._wish,
            max_depth=self._depth,
            can_split=can_split,
            split_done=split_done,
        )
        self._fit(asked)
        asking = await self._run.asking(job, asked, lambda text: job.progress(0, 0, text))
        for attempt in range(REPAIRS + 1):
            job.progress(attempt, REPAIRS + 1, "waits for the answer")
            text = await self._answer(asking, asked)
            if text is None:
                return None
            read = asked.read(text)
            if not read.faults:
                return self._complete(groups, read)
            self._why = f"Its answer could not be used: {read.faults[0]}"
            asked.object_to(text, read.faults)
        return None

    async def _answer(self, asking: Asking, asked: Conversation) -> str | None:
        """The next answer; None when no more may be asked. An answer that broke off is empty."""
        key, self._asked = str(self._asked), self._asked + 1
        await asking.ask_all({key: asked.brief})
        if asking.stopping.is_set():
            raise Stopped("The model was stopped. The topics are as they were.")
        answer = self._run.journal.answers.get(key)
        if answer is None:
            self._why = asking.ended_by
            return None
        self._why = answer.error
        return answer.text

    def _fit(self, asked: Conversation) -> None:
        """Show fewer examples where the model's window is small; raises ToolError where none fit."""
        room = self._run.connection.context
        while True:
            ask = asked.ask(asked.brief, model="", structured=False)
            if tokens_of(ask) + asked.brief.count * ANSWER_TOKENS < room:
                return
            if not asked.show_less():
                number = count(asked.brief.count, "topic")
                raise ToolError(f"{number} are too many for the model's window. Propose fewer.")

    def _complete(self, groups: list[Group], read: Arrangement) -> dict[int, Place]:
        if read.missing:
            left = [group.name for group in groups if group.id in read.missing]
            self._notes.append(f"The model left out {joined(left)}: they keep their names.")
        return complete(groups, read.places)

    async def _finish(
        self, found: list[TopicNode], places: dict[int, Place]
    ) -> tuple[list[TopicNode] | None, str]:
        arranged = arrange(dict(enumerate(found, 1)), places)
        try:
            nodes = validate_hierarchy(
                arranged,
                max_depth=max(self._depth, self._deepest()),
                max_leaves=max(MAX_LEAVES, len(leaves(self._base.nodes))),
            )
        except ToolError as error:
            return await self._fail(str(error))
        await self._run.end("completed")
        wish = f" by “{self._wish[:120]}”" if self._wish else ""
        return nodes, " ".join([f"Arranged by {self._run.connection.name}{wish}.", *self._notes])

    def _deepest(self) -> int:
        """Locked topics and those left out stay where they are, however deep."""
        return max((len(path) for path, _ in leaves(self._base.nodes)), default=1)

    async def _fail(self, why: str) -> tuple[None, str]:
        await self._run.end("failed", error=why)
        return None, f"The model was of no use here, so the topics are as they were. {why}"


def _in_parts(
    nodes: Sequence[TopicNode], places: Mapping[int, Place], tree: DataProposal
) -> tuple[list[TopicNode], list[Group]]:
    """The leaves at the places the model gave them, those to be split in parts by the merge tree."""
    found: list[tuple[TopicPath, TopicNode]] = []
    for number, node in enumerate(nodes, 1):
        place = places[number]
        pieces = subdivide(tree, node.record_ids, place.parts) if place.parts > 1 else []
        if len(pieces) > 1:
            found += [((*place.path[:-1], piece.name), piece) for piece in pieces]
        else:
            about = place.description or node.description
            update = {"name": place.path[-1], "description": about}
            found.append((place.path, node.model_copy(update=update)))
    placed = {i: Place(path=path) for i, (path, _) in enumerate(found, 1)}
    tree_now = arrange({i: node for i, (_, node) in enumerate(found, 1)}, placed)
    return [node for _, node in leaves(tree_now)], groups_of(tree_now)


def _stored(tx: Tx) -> Base:
    """The topics in use, each leaf with its records."""
    rows = topics.all_topics(tx)
    of: dict[int, list[int]] = {}
    for record_id, topic_id in records.columns(tx, VALID, ("id", "topic_id")):
        if topic_id is not None:
            of.setdefault(topic_id, []).append(record_id)
    nodes = build_tree(rows)
    for _, node in leaves(nodes):
        node.record_ids = of.get(node.id or 0, [])
    return Base(_with_examples(tx, nodes), locked=_locked(rows))


def _proposed(tx: Tx, nodes: list[TopicNode]) -> tuple[list[TopicNode], frozenset[int]]:
    """The proposal, its topics that are locked ones named by their ids, and those ids."""
    rows = topics.all_topics(tx)
    locked = _locked(rows)
    if locked:
        found = compare(proposals.present_tree(tx, nodes), nodes)
        for (_, node), (_, same) in zip(walk(nodes), found.after, strict=True):
            old = found.old_of.get(id(same))
            node.id = old.id if old is not None and old.id in locked else node.id
    return _with_examples(tx, nodes), locked


def _locked(rows: Sequence[Topic]) -> frozenset[int]:
    """The ids of locked topics and of all below them."""
    return frozenset(Tree(rows).subtree(row.id for row in rows if row.locked))


def _with_examples(tx: Tx, nodes: list[TopicNode]) -> list[TopicNode]:
    """The hierarchy, leaves that have none given their first records as examples."""
    bare = [node for _, node in leaves(nodes) if not node.exemplars]
    wanted = [record for node in bare for record in node.record_ids[:EXAMPLES]]
    previews = {row.id: row.preview for row in records.rows(tx, wanted)}
    for node in bare:
        first = node.record_ids[:EXAMPLES]
        node.exemplars = [previews[record] for record in first if record in previews]
    return nodes
