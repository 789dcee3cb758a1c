"""Lets a connected model place the records whose topic is uncertain: enum-constrained, billed, resumable,
stored as one Change."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import BaseModel

from app.domain.fingerprints import of_value
from app.domain.topics import TopicPath, leaf_paths
from app.domain.wording import count
from app.errors import ToolError
from app.generation.asking import Asking, tokens_of
from app.generation.base import Brief
from app.generation.choosing import RECORDS, TEXT_CHARS, TOKENS_EXPECTED, Choosing, units
from app.generation.journal import Slot
from app.jobs import Job
from app.llm.connections import Connection
from app.store import records, results, topics, uncertain
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.results import ResultValue, State
from app.store.uncertain import Placed
from app.tools.base import Card, Context, tool
from app.tools.categories import measure_again
from app.tools.consent import consent, unencrypted
from app.tools.model_runs import ModelRun, alone, generator, price_rows

JOB = "Ask the model about uncertain records"
BUSY = "The model is being asked already. Wait for it, or stop that first."
SENT = f"Names and descriptions of the topics; of each record at most {TEXT_CHARS} characters"
CONNECT = (
    "Sorting uncertain records by a model needs a connected one: open Connections and add it (a local "
    "one will do). Without it decide them yourself in the review queue: each decision teaches the rest."
)
WAVES = 2  # records that got no usable answer are asked about once more
MOST = 1_000_000
Leaves = Mapping[int, tuple[TopicPath, str]]


class ModelPlaced(Placed):
    """What asking brought. `unclear` got no usable answer and are as they were; `left` are uncertain
    still. `error` says why it ended early."""

    run_id: int
    state: str
    text: str
    asked: int
    unclear: int
    left: int
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None
    error: str = ""


class _Order(BaseModel):
    """What would be asked: of how many records, for how many tokens. `paused` is a run that was cut
    off, `resumed` whether it is gone on with; then only what it has not asked yet counts, and
    `answered` records are not asked or paid again."""

    records: int
    answered: int = 0
    resumed: bool = False
    prompt_tokens: int = 0
    answer_tokens: int = 0
    paused: ResultValue | None = None


async def _card(ctx: Context, dataset_id: str = "", most: int | None = None) -> Card | None:
    """None where nothing would be asked."""
    connection = generator(ctx)
    if connection is None:
        return None
    order = await _order(ctx, connection, _most(most))
    if not order.records and not order.resumed:
        return None
    rows = [("Records", count(order.records, "uncertain record"))]
    title = f"Ask the model about {count(order.records, 'uncertain record')}?"
    if order.resumed:
        title = "Go on asking the model about uncertain records?"
        there = count(order.answered, "record")
        rows.append(("Already there", f"{there}, not asked or paid again"))
    rows += price_rows(ctx, connection, order.prompt_tokens, order.answer_tokens)
    rows.append(("Sent", SENT))
    return Card(
        tool="categorize_uncertain",
        step="categorize",
        title=title,
        rows=rows,
        verb="Ask",
        note="stop any time; can be undone",
        warning=unencrypted(connection),
    )


@tool("consequential", step="categorize", card=_card, ask_user=True)
async def categorize_uncertain(
    ctx: Context, dataset_id: str = "", most: int | None = None
) -> ModelPlaced:
    """Let the connected model place the records that are uncategorised or in review (at most `most`,
    the least certain first), each on one of the topics or on none; billed. Confirmed ones are left
    alone. Goes on with a run that was cut off, without paying twice. Coverage follows."""
    connection = generator(ctx)
    if connection is None:
        raise ToolError(CONNECT)
    with alone(ctx, JOB, BUSY):
        order = await _order(ctx, connection, _most(most))
        if not order.records and not order.resumed:
            raise ToolError("No record is uncertain, so there is nothing to ask.")
        await consent(ctx.open, connection, ctx.approve, SENT)
        leaves = await ctx.open.store.read(_leaves)
        choosing = _choosing(leaves, connection)
        run = await _begin(ctx, connection, order, _tree(leaves))
        placing = _Placing(ctx, run, choosing, _most(most))
        done = await run.work(JOB, placing.work)
    await measure_again(ctx)
    return done


class _Placing:
    """One run from the plan to the Change."""

    def __init__(self, ctx: Context, run: ModelRun, choosing: Choosing, most: int) -> None:
        self._ctx, self._run, self._choosing, self._most = ctx, run, choosing, most
        self._store, self._journal = ctx.open.store, run.journal

    async def work(self, job: Job) -> ModelPlaced:
        """A Stop, a limit or a fault ends the asking; what came in is stored. Raises AppError."""
        tell = partial(self._tell, job)
        asking = await self._run.asking(job, self._choosing, tell)
        for wave in range(WAVES):
            if wave == len(self._journal.waves):
                slots = await self._plan(wave)
                if not slots:
                    break
                await self._journal.begin_wave(slots)
            tell()
            await asking.ask_all(await self._store.read(_briefs, self._journal.waves[wave]))
            if asking.ended_by or asking.stopping.is_set():
                break
        return await self._settle(asking)

    def _tell(self, job: Job, text: str = "") -> None:
        job.progress(*self._run.answered, self._run.told(text))

    async def _plan(self, wave: int) -> list[Slot]:
        """Who is asked about in the next wave."""
        if not wave:
            wanted = await self._store.read(uncertain.ids, self._most)
        else:
            chosen = await asyncio.to_thread(self._choices)
            wanted = [record for record in self._asked() if record not in chosen]
        parts = [wanted[at : at + RECORDS] for at in range(0, len(wanted), RECORDS)]
        return [
            Slot(key=f"{wave}-{n}", topic_id=0, count=len(part), seeds=tuple(part))
            for n, part in enumerate(parts)
        ]

    def _asked(self) -> list[int]:
        """The records that were asked about, answered or not."""
        first = self._journal.waves[0] if self._journal.waves else []
        return [record for slot in first for record in slot.seeds]

    def _choices(self) -> dict[int, int | None]:
        chosen: dict[int, int | None] = {}
        for answer in self._journal.answers.values():
            chosen |= self._choosing.read(set(answer.seeds), answer.text)
        return chosen

    async def _settle(self, asking: Asking) -> ModelPlaced:
        """Store the choices as one Change, then how it went."""
        chosen = await asyncio.to_thread(self._choices)
        placed = Placed()
        if chosen:
            label = f"Place {count(len(chosen), 'uncertain record')} by a model"
            placed = await self._ctx.write(label, uncertain.place, chosen)
        answered = {seed for a in self._journal.answers.values() for seed in a.seeds}
        done = ModelPlaced(
            **placed.model_dump(),
            run_id=self._run.id,
            state=_state(asking),
            text="",
            asked=len(answered),
            unclear=len(answered - chosen.keys()),
            left=await self._store.read(uncertain.count),
            error=asking.ended_by,
            **self._run.spent,
        )
        done = done.model_copy(update={"text": _words(done)})
        await self._run.end(_state(asking), **done.model_dump(exclude={"state"}))
        return done


async def _begin(ctx: Context, connection: Connection, order: _Order, tree: str) -> ModelRun:
    """The run that was cut off, if it is gone on with; else a new one."""
    if order.paused is not None:
        state: State = "running" if order.resumed else "stopped"
        await ctx.open.store.transaction(results.update, order.paused.id, state=state)
        if order.resumed:
            return ModelRun(ctx, connection, "model_categories", order.paused.id)
    return await ModelRun.begin(ctx, connection, "model_categories", topics=tree)


async def _order(ctx: Context, connection: Connection, most: int) -> _Order:
    """A run that was cut off is gone on with if it was about the topics there are."""
    store = ctx.open.store
    paused = await store.read(results.latest, "model_categories", "paused")
    tree = _tree(await store.read(_leaves))
    if paused is None or paused.data.get("topics") != tree:
        found = await store.read(uncertain.ids, most)
        return await store.read(_estimate, connection, found, _Order(records=0, paused=paused))
    journal = ModelRun(ctx, connection, "model_categories", paused.id).journal
    await journal.load()
    slots = [slot for wave in journal.waves for slot in wave]
    left = [seed for slot in slots if slot.key not in journal.answers for seed in slot.seeds]
    if not slots:
        left = await store.read(uncertain.ids, most)
    answered = {seed for answer in journal.answers.values() for seed in answer.seeds}
    order = _Order(records=0, answered=len(answered), resumed=True, paused=paused)
    return await store.read(_estimate, connection, left, order)


def _estimate(tx: Tx, connection: Connection, found: list[int], order: _Order) -> _Order:
    """The order with those of the records that are there still, and their tokens: as many requests as
    are needed, each like the first."""
    known = set(records.ids(tx, RecordFilter(ids=tuple(found))))
    found = [record for record in found if record in known]
    if not found:
        return order
    slot = Slot(key="", topic_id=0, count=0, seeds=tuple(found[:RECORDS]))
    ask = _choosing(_leaves(tx), connection).ask(
        _briefs(tx, [slot])[""], model="", structured=False
    )
    requests = -(-len(found) // RECORDS)
    tokens = {
        "prompt_tokens": requests * tokens_of(ask),
        "answer_tokens": len(found) * TOKENS_EXPECTED,
    }
    return order.model_copy(update={"records": len(found), **tokens})


def _briefs(tx: Tx, slots: Sequence[Slot]) -> dict[str, Brief]:
    """The requests whose records are there still."""
    known = {r.id: r for r in records.many(tx, [seed for slot in slots for seed in slot.seeds])}
    briefs = {}
    for slot in slots:
        if seeds := tuple(known[seed] for seed in slot.seeds if seed in known):
            briefs[slot.key] = Brief(topic="", count=units(len(seeds)), seeds=seeds)
    return briefs


def _leaves(tx: Tx) -> Leaves:
    rows = topics.all_topics(tx)
    about = {row.id: row.description for row in rows}
    return {topic_id: (path, about[topic_id]) for topic_id, path in leaf_paths(rows).items()}


def _tree(leaves: Leaves) -> str:
    """A fingerprint of the topics to choose from."""
    return of_value(sorted(leaves.items()))


def _choosing(leaves: Leaves, connection: Connection) -> Choosing:
    """With descriptions where the model's window has room for them; raises ToolError where it has none
    even for the names."""
    for described in (True, False):
        choosing = Choosing(leaves, described=described)
        bare = tokens_of(choosing.ask(Brief(topic="", count=1), model="", structured=False))
        if bare + RECORDS * (TEXT_CHARS // 3 + TOKENS_EXPECTED) < connection.context:
            return choosing
    raise ToolError(f"{count(len(leaves), 'topic')} are too many for the model's window.")


def _most(most: int | None) -> int:
    if most is not None and most < 1:
        raise ToolError("most is at least 1.")
    return MOST if most is None else most


def _state(asking: Asking) -> State:
    if asking.failed:
        return "failed"
    return "stopped" if asking.ended_by or asking.stopping.is_set() else "completed"


def _words(done: ModelPlaced) -> str:
    said = [f"{count(done.placed, 'record')} placed by the model, {done.moved:,} on another topic."]
    if done.none:
        said.append(f"{done.none:,} fit no topic.")
    if done.unclear:
        said.append(f"{done.unclear:,} got no usable answer and are as they were.")
    return " ".join([*said, *filter(None, [done.error])])
