"""Tools that let a connected model write records; each asks on a card with the cost: it is billed."""

import asyncio
from typing import Any

from pydantic import BaseModel

from app.domain.wording import count, number
from app.errors import InputError, ToolError
from app.generation.asking import ANSWER_TOKENS, tokens_of
from app.generation.base import Reason
from app.generation.base import strategy as strategy_named
from app.generation.generator import STRATEGY as SCRIPT
from app.generation.journal import Journal
from app.generation.waves import ITEMS, draw
from app.jobs import Job
from app.llm.connections import Connection
from app.store import generated, results
from app.store.database import Tx
from app.store.generated import State
from app.store.results import ResultValue
from app.tools.base import Card, Context, tool
from app.tools.consent import consent, unencrypted
from app.tools.coverage import forecast, measure
from app.tools.generation import CONNECT, StrategyName, offers
from app.tools.generation_report import GenerationReport
from app.tools.generation_run import GenerationRun
from app.tools.model_runs import DIARY, ModelRun, alone, folder_of, generator, price_rows
from app.tools.orders import Order, brief, capped, nothing_to_do, planned, seed_ids
from app.workers import read_json, write_atomic

JOB = "Generate records"
BUSY = "Records are being generated already. Wait for them, or stop that first."
SENT = "Some training records with each request, the goal, topic names and descriptions"
ORDER_FILE = "order.json"
REGENERATED: tuple[State, ...] = ("refused", "rejected")


async def _generate_card(
    ctx: Context,
    strategy: StrategyName = "message_variation",
    target_topics: list[str] | None = None,
    count_per_topic: int | None = None,
    record_ids: list[int] | None = None,
) -> Card | None:
    """None where nothing would be asked of a model."""
    connection = generator(ctx)
    if connection is None:
        return None
    wishes = (target_topics, count_per_topic, record_ids)
    order = await ctx.open.store.read(planned, ctx, strategy, *wishes)
    return await _card(ctx, connection, order, tool="generate_synthetic_data")


@tool("consequential", step="coverage_generation", card=_generate_card, ask_user=True)
async def generate_synthetic_data(
    ctx: Context,
    strategy: StrategyName = "message_variation",
    target_topics: list[str] | None = None,
    count_per_topic: int | None = None,
    record_ids: list[int] | None = None,
) -> BaseModel:
    """Let the connected model write records for thin topics: by default as many as the plan says, and
    none where the data is balanced. `target_topics`, `count_per_topic` or `record_ids` (variants of
    these) ask for more, up to one for each real record. What passes the checks waits for the user
    (review_generated, accept_generated). Without a model it says what helps instead."""
    connection = generator(ctx)
    if connection is None:
        if count_per_topic is not None and count_per_topic < 1:
            raise ToolError("count_per_topic is at least 1.")
        return await offers(ctx, target_topics, count_per_topic)
    wishes = (target_topics, count_per_topic, record_ids)
    order = await ctx.open.store.read(planned, ctx, strategy, *wishes)
    return await _begin(ctx, connection, order)


async def _regenerate_card(ctx: Context, reason: str = "", check: Reason | None = None) -> Card:
    connection, order = await _replacement(ctx, reason, check)
    card = await _card(ctx, connection, order, tool="regenerate_rejects")
    if card is None:
        raise ToolError(nothing_to_do(order))
    return card


@tool("consequential", step="coverage_generation", card=_regenerate_card, ask_user=True)
async def regenerate_rejects(
    ctx: Context, reason: str = "", check: Reason | None = None
) -> GenerationReport:
    """Let the model write others in place of those that were refused or rejected in the last
    generation (only those refused by `check`, when given). `reason` tells it what was wrong."""
    connection, order = await _replacement(ctx, reason, check)
    return await _begin(ctx, connection, order)


async def _resume_card(ctx: Context) -> Card:
    result, order, connection = await _paused(ctx)
    journal = Journal(folder_of(ctx, "generation", result.id) / DIARY)
    await journal.load()
    card = await _card(ctx, connection, order, tool="resume_generation")
    if card is None:
        raise ToolError(nothing_to_do(order))
    kept = ("Already there", f"{count(len(journal.answers), 'answer')}, not asked or paid again")
    return card.model_copy(
        update={"title": "Resume the generation?", "rows": [kept, *card.rows], "verb": "Resume"}
    )


@tool("consequential", card=_resume_card, ask_user=True)
async def resume_generation(ctx: Context) -> GenerationReport:
    """Go on with a generation that was cut off; answers that had come in are not asked for again."""
    with alone(ctx, JOB, BUSY):
        result, order, connection = await _paused(ctx)
        await consent(ctx.open, connection, ctx.approve, SENT)
        await ctx.open.store.transaction(results.update, result.id, state="running")
        run = ModelRun(ctx, connection, "generation", result.id)
        return await run.work(JOB, GenerationRun(ctx, run, order).work)


async def _begin(ctx: Context, connection: Connection, order: Order) -> GenerationReport:
    """A new run for the order; nothing is asked for an empty one."""
    if not order.counts:
        return GenerationReport(text=nothing_to_do(order), strategy=order.strategy)
    with alone(ctx, JOB, BUSY):
        await consent(ctx.open, connection, ctx.approve, SENT)
        run = await ModelRun.begin(ctx, connection, "generation", strategy=order.strategy)

        async def work(job: Job) -> GenerationReport:
            file = run.folder / ORDER_FILE
            await asyncio.to_thread(write_atomic, file, order.model_dump_json().encode())
            return await GenerationRun(ctx, run, order).work(job)

        return await run.work(JOB, work)


async def _card(ctx: Context, connection: Connection, order: Order, *, tool: str) -> Card | None:
    """How much of what, by whom, for how much; None for an empty order."""
    if not order.counts:
        return None
    tokens = await ctx.open.store.read(estimate, order)
    now, then = await ctx.open.store.read(forecast, order.counts)
    rows = [
        ("Records", order.shown),
        ("Strategy", strategy_named(order.strategy).title),
        *price_rows(ctx, connection, *tokens, more=", more where much is refused"),
        ("Balance", f"{number(now)} to {number(then)}, when all are accepted"),
        ("Sent", SENT),
    ]
    if order.note:
        rows.append(("Note", order.note))
    return Card(
        tool=tool,
        step="coverage_generation",
        title=f"Generate {count(order.total, 'record')}?",
        rows=rows,
        verb="Generate",
        note="stop any time; they wait for your yes",
        warning=unencrypted(connection),
    )


def estimate(tx: Tx, order: Order) -> tuple[int, int]:
    """Prompt and answer tokens of one request for every ITEMS records, as the first of each topic is."""
    strategy = strategy_named(order.strategy)
    prompt = answer = 0
    for topic, n in order.counts.items():
        size = min(n, ITEMS)
        ids = seed_ids(tx, topic, order)
        asked = brief(tx, order, topic, size, draw(ids, strategy.seeds_for(size), "estimate"))
        requests = -(-n // ITEMS)
        prompt += requests * tokens_of(strategy.ask(asked, model="", structured=False))
        longest = max((seed.length for seed in asked.seeds), default=0)
        answer += n * max(ANSWER_TOKENS, longest // 4)
    return prompt, answer


async def _replacement(ctx: Context, reason: str, check: Reason | None) -> tuple[Connection, Order]:
    """Others in place of the refused of the last generation; raises ToolError where there are none."""
    connection = generator(ctx)
    if connection is None:
        raise ToolError(CONNECT)
    last = await ctx.open.store.read(_last_settled)
    if last is None:
        raise ToolError("Nothing was generated yet, so there is nothing to write anew.")
    if last.data["strategy"] == SCRIPT:
        raise ToolError("The last records came from your generator: change it and run it again.")
    order = await ctx.open.store.read(_replaced, ctx, last, " ".join(reason.split()), check)
    if not order.replaces:
        raise ToolError("Nothing of the last generation was refused or rejected.")
    return connection, order


def _last_settled(tx: Tx) -> ResultValue | None:
    found = results.of_kind(tx, "generation")
    return next((r for r in found if "requested" in r.data), None)


def _replaced(tx: Tx, ctx: Context, last: ResultValue, reason: str, check: Reason | None) -> Order:
    items = generated.page(tx, run_id=last.id, states=REGENERATED, reason=check or "")
    wished: dict[int, int] = {}
    for item in items:
        wished[item.topic_id] = wished.get(item.topic_id, 0) + 1
    faults = [f"{item.about.get('detail') or item.reason}: {item.preview}" for item in items]
    feedback = "\n".join(filter(None, [reason, *faults[:10]]))
    order = Order(
        strategy=last.data["strategy"], feedback=feedback, replaces=[item.id for item in items]
    )
    return capped(tx, measure(tx, ctx), order, wished)


async def _paused(ctx: Context) -> tuple[ResultValue, Order, Connection]:
    """The newest generation that was cut off, what it was to write, and who writes; raises ToolError."""
    connection = generator(ctx)
    if connection is None:
        raise ToolError(CONNECT)
    found = await ctx.open.store.read(results.latest, "generation", "paused")
    if found is None:
        raise ToolError("No generation was cut off, so there is none to resume.")
    file = folder_of(ctx, "generation", found.id) / ORDER_FILE
    try:
        order: Any = await asyncio.to_thread(read_json, file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Generate anew instead.") from error
    return found, Order.model_validate(order), connection
