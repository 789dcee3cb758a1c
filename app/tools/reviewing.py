"""Tools on generated records that wait for the user: look at them, edit and reject them."""

from typing import Any

from pydantic import BaseModel

from app.domain.records import Message, preview_of
from app.domain.topics import leaf_paths, shown
from app.errors import ToolError
from app.generation.base import REASONS, Candidate, Reason
from app.generation.checks import examine
from app.importing.tokens import TokenEstimate
from app.store import generated, results, topics
from app.store.database import Tx
from app.store.generated import GeneratedItem, State
from app.store.results import ResultValue
from app.tools.base import Context, tool
from app.tools.comparing import Comparison, line
from app.tools.coverage import forecast
from app.tools.generation_report import GenerationReport
from app.tools.values import Count

PAGE_LIMIT = 500
TEXTS = frozenset({"messages", "tools", "reference", "reply", "extra"})


class ReviewItem(BaseModel):
    """A generated record. `score` is how surely it lands in its topic; `why` says in words what a check
    refused it for; `nearest` is the cosine to the nearest record."""

    id: int
    state: State
    topic: str
    score: float
    preview: str
    messages: list[Message] = []
    reference: Any = None
    reply: Message | None = None
    reason: str = ""
    why: str = ""
    nearest: float | None = None
    strategy: str = ""
    model: str = ""
    prompt_version: str = ""
    parents: list[int] = []


class Review(BaseModel):
    """A page of them, with the whole picture: how many wait for which topic, why others were refused,
    balance now and when all that waits is accepted, and the last run. `paused`: one can be resumed."""

    total: int
    offset: int
    items: list[ReviewItem]
    waiting: dict[str, int]
    refused: dict[str, int]
    balance: float | None
    balance_after: float | None
    last: GenerationReport | None = None
    rounds: list[dict[str, Any]] = []
    paused: bool = False


class Edited(BaseModel):
    """What the checks say of a generated record as it is now."""

    id: int
    state: State
    reason: str = ""
    why: str = ""
    score: float = 0.0


@tool("read")
async def review_generated(
    ctx: Context,
    state: State = "waiting",
    reason: Reason | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Review:
    """List generated records: those that wait for the user, or in another state (refused ones for a
    `reason`), with why others were refused and what accepting would do."""
    if not 1 <= limit <= PAGE_LIMIT or offset < 0:
        raise ToolError(f"limit is 1 to {PAGE_LIMIT} and offset 0 or more.")
    return await ctx.open.store.read(_review, state, reason or "", limit, offset)


@tool()
async def reject_generated(ctx: Context, ids: list[int]) -> Count:
    """Turn generated records down that wait; later ones will not repeat them."""

    def work(tx: Tx) -> int:
        found = generated.many(tx, ids)
        for item in found:
            if item.state not in ("waiting", "rejected"):
                raise ToolError(f"Generated record {item.id} is {item.state}: it does not wait.")
            generated.edit(tx, item.id, state="rejected")
        return len(found)

    return Count(count=await ctx.write(f"Reject {len(set(ids)):,} generated records", work))


@tool()
async def edit_generated(
    ctx: Context, id: int, text: str | None = None, messages: list[Message] | None = None
) -> Edited:
    """Change the last user turn (or all turns) of a generated record; it is checked again."""
    if (text is None) == (messages is None):
        raise ToolError("Give either text or messages.")
    async with ctx.open.editing:  # each is compared with what the one before it became
        return await _edit(ctx, id, text, messages)


async def _edit(ctx: Context, id: int, text: str | None, messages: list[Message] | None) -> Edited:
    item = await ctx.open.store.read(_editable, id)
    wrote = _changed(item, text, messages)
    state, about = await _checked(ctx, item, wrote)
    values = {
        "state": state.state,
        "reason": state.reason,
        "score": state.score,
        "preview": preview_of(wrote.text),
        "item": wrote.model_dump(mode="json", exclude_none=True, include=set(TEXTS)),
        "about": about,
    }

    def work(tx: Tx) -> None:
        _editable(tx, id)
        generated.edit(tx, id, **values)

    await ctx.write(f"Edit generated record {id}", work)
    return state


def _editable(tx: Tx, item_id: int) -> GeneratedItem:
    """Raises ToolError for one that was accepted, also meanwhile."""
    (item,) = generated.many(tx, [item_id])
    if item.state == "accepted":
        place = f"Edit record {item.record_id}."
        raise ToolError(f"Generated record {item_id} is in the data. {place}")
    return item


def _changed(item: GeneratedItem, text: str | None, messages: list[Message] | None) -> Candidate:
    known = item.item.get("messages", [])
    old = Candidate(**{k: v for k, v in item.item.items() if k in TEXTS} | {"messages": known})
    if messages is not None:
        return old.model_copy(update={"messages": tuple(messages)})
    said = Message(role="user", content=text)
    last = max((i for i, m in enumerate(old.messages) if m.role == "user"), default=0)
    return old.model_copy(update={"messages": (*old.messages[:last], said)})


async def _checked(
    ctx: Context, item: GeneratedItem, wrote: Candidate
) -> tuple[Edited, dict[str, Any]]:
    """The same checks as of a new one, and what is known of it afterwards."""
    about = {k: v for k, v in item.about.items() if k not in ("checks", "detail")} | {
        "edited": True
    }
    size = TokenEstimate().of("\n".join(message.text for message in wrote.messages))
    if (refused := examine(wrote, size)) is not None:
        edited = Edited(id=item.id, state="refused", reason=refused.reason, why=refused.detail)
        return edited, about | {"detail": refused.detail}
    folder = ctx.open.folder / "runs" / "edited"  # the run's own may be in use
    folder.mkdir(parents=True, exist_ok=True)
    comparison = Comparison(ctx, folder)

    async def work(job: object) -> Any:
        await comparison.prepare()
        return await comparison.compare([line(item.id, wrote, item.topic_id)], leave_out=item.id)

    found = await ctx.jobs.run("Check the record", work, dataset_id=ctx.open.dataset_id)
    checked = found.checked[item.id]
    edited = Edited(
        id=item.id,
        state="refused" if checked.reason else "waiting",
        reason=checked.reason,
        why=REASONS[checked.reason] if checked.reason else "",
        score=checked.probability,
    )
    return edited, about | {"checks": checked.model_dump(exclude={"id", "reason"})}


def _review(tx: Tx, state: State, reason: str, limit: int, offset: int) -> Review:
    names = {i: shown(path) for i, path in leaf_paths(topics.all_topics(tx)).items()}
    waiting = generated.waiting_by_topic(tx)
    now, then = forecast(tx, waiting)
    runs = results.of_kind(tx, "generation")
    settled = [run for run in runs if "requested" in run.data]
    found = generated.page(tx, states=(state,), reason=reason, limit=limit, offset=offset)
    return Review(
        total=generated.count(tx, states=(state,), reason=reason),
        offset=offset,
        items=[_item(item, names) for item in found],
        waiting={names.get(t, "a topic that is gone"): n for t, n in waiting.items()},
        refused=generated.reasons(tx),
        balance=now,
        balance_after=then,
        last=_report(settled[0]) if settled else None,
        rounds=[entry for run in reversed(settled) for entry in run.data.get("rounds", [])],
        paused=any(run.state == "paused" for run in runs),
    )


def _report(result: ResultValue) -> GenerationReport:
    fields = {k: v for k, v in result.data.items() if k in GenerationReport.model_fields}
    return GenerationReport(**{**fields, "run_id": result.id, "state": result.state})


def _item(item: GeneratedItem, names: dict[int, str]) -> ReviewItem:
    about, checks = item.about, item.about.get("checks", {})
    known: Any = REASONS
    why = about.get("detail") or known.get(item.reason, "")
    if item.reason == "off_topic":
        landed = names.get(checks.get("topic") or 0)
        why = f"lands in {landed}" if landed else "fits no topic"
    if checks.get("against") and not checks.get("of_new"):
        why = f"{why}: record {checks['against']:,}"
    return ReviewItem(
        id=item.id,
        state=item.state,
        topic=names.get(item.topic_id, "a topic that is gone"),
        score=item.score,
        preview=item.preview,
        messages=item.item.get("messages", []),
        reference=item.item.get("reference"),
        reply=item.item.get("reply"),
        reason=item.reason,
        why=why,
        nearest=checks.get("to_data"),
        strategy=about.get("strategy", ""),
        model=about.get("model", ""),
        prompt_version=about.get("prompt_version", ""),
        parents=about.get("parents", []),
    )
