"""Tools that mend many records at once: a fix, the same edit elsewhere, duplicates; one undo each.

Much is done as a job with progress; a Stop takes all of it back.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel

from app.domain.edits import Edit
from app.domain.fixes import FIXES, Turns, fixed, turns_of
from app.domain.records import Message, Record
from app.domain.search_words import TOKEN, fold
from app.domain.validation import ROLES
from app.errors import ToolError
from app.jobs import Tell, quiet
from app.store import records
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools import editing
from app.tools.base import Card, Context, tool
from app.tools.cards import ONE, deletion_card, records_card
from app.tools.listing import chosen

PREVIEWS = 20
LOOKED_AT = 20_000  # records a preview looks at: 1 to 2 s; beyond that its count is an estimate
BATCH = 500
AS_JOB = 2_000  # records from which a change is shown as a job: about a second
SEARCHED_WORDS = 12  # of the old text: enough to find it, few enough to be quick
Change = Callable[[Turns], Turns | None]


class Preview(BaseModel):
    """A record before and after, not stored."""

    record_id: int
    before: list[Message]
    after: list[Message]
    reply_before: Message | None = None
    reply_after: Message | None = None


class Fixed(BaseModel):
    """What was changed, or with `preview` what would be. `records` are those the change applies to;
    `exact` is False where a preview looked at a part and scaled it up."""

    words: str
    records: int
    exact: bool = True
    now_valid: int = 0  # of those: invalid before, valid after
    still_invalid: int = 0
    previews: list[Preview] = []


class Removed(BaseModel):
    """`groups` are contents that stood there more than once."""

    records: int
    groups: int
    previews: list[list[str]] = []  # of a group: the record kept, then those that go


async def _fix_card(ctx: Context, *, preview: bool, **call: Any) -> Card | None:
    if preview:
        return None
    found = await fix_records(ctx, **call, preview=True)
    return await _mending_card(ctx, "fix_records", found)


@tool("guarded", card=_fix_card)
async def fix_records(
    ctx: Context,
    fix: str,
    record_ids: list[int] | None = None,
    query: str | None = None,
    preview: bool = False,
) -> Fixed:
    """Mend the records, by their ids or by a filter line, that have a problem the fix helps with:
    reply_from_last, trim_to_user, remove_empty, known_roles, wrap_tool_results. With `preview`
    nothing is changed: how many it concerns, and the first before and after."""
    if fix not in FIXES:
        raise ToolError(f"There is no fix “{fix}”. There are {', '.join(FIXES)}.")
    mending = FIXES[fix]
    spec = await ctx.open.store.read(chosen, record_ids, query)
    if record_ids is None:
        spec = await _with_issues(ctx, spec, mending.codes)
    return await _mend(ctx, mending.words, spec, lambda turns: fixed(fix, turns), preview)


async def _edit_card(ctx: Context, edit: Edit, *, preview: bool, **call: Any) -> Card | None:
    if preview:
        return None
    found = await apply_edit(ctx, edit, **call, preview=True)
    rows = [("Old", edit.old), ("New", edit.new)] if edit.old else []
    return await _mending_card(ctx, "apply_edit", found, *rows)


async def _mending_card(
    ctx: Context, tool: str, found: BaseModel, *rows: tuple[str, str]
) -> Card | None:
    """An estimate of none is not none: then it is asked for all."""
    assert isinstance(found, Fixed)
    number, about = found.records, "" if found.exact else "about "
    if not found.exact and number <= ONE:
        number, about = (await ctx.open.store.read(records.stats)).records, "up to "
    title = f"Change {about}{number:,} records?"
    return await records_card(ctx, tool, title, number, ("What", found.words), *rows)


@tool("guarded", card=_edit_card)
async def apply_edit(
    ctx: Context,
    edit: Edit,
    record_ids: list[int] | None = None,
    query: str | None = None,
    preview: bool = False,
) -> Fixed:
    """Make one edit of a turn in every record it applies to (all records, unless ids or a filter line
    narrow them): kind `turn`, `phrase`, `remove` or `role`, the role of the turn, the old text and
    the new. With `preview` nothing is changed."""
    if not edit.old and edit.kind != "role":
        raise ToolError("edit: give the old text that is to be found.")
    if record_ids is None and query is None:
        query = ""
    spec = await ctx.open.store.read(chosen, record_ids, query)
    if record_ids is None and not spec.text:
        spec = spec.model_copy(update={"text": _searched(edit.old)})
    if edit.kind == "role" and edit.role not in ROLES:
        spec = await _with_issues(ctx, spec, ("unknown_role",))
    return await _mend(ctx, edit.words, spec, edit.apply, preview)


async def _removal_card(ctx: Context, keep: str, preview: bool) -> Card | None:
    if preview:
        return None
    found = await ctx.open.store.read(_removal, keep)
    return await deletion_card(ctx, "remove_duplicates", found.records, "exact duplicates")


@tool("consequential", card=_removal_card)
async def remove_duplicates(
    ctx: Context, keep: Literal["first", "last"] = "first", preview: bool = False
) -> Removed:
    """Delete records that are exactly the same as another; of each content the first (or the last)
    stays. With `preview` nothing is deleted."""
    found = await ctx.open.store.read(_removal, keep)
    if preview or not found.records:
        return found
    await ctx.write(f"Delete {found.records:,} exact duplicates", _delete_twins, keep)
    return found


# As the import: only records that could be used are called duplicates of each other.
HASHED = "FROM record WHERE valid AND content_hash <> x'' GROUP BY content_hash"
KEPT = {"first": "MIN(id)", "last": "MAX(id)"}


def _delete_twins(tx: Tx, keep: str) -> None:
    stay = tx.sql(f"SELECT content_hash, {KEPT[keep]} {HASHED} HAVING COUNT(*) > 1")
    gone = (
        "SELECT id FROM record WHERE valid AND content_hash <> x'' AND id NOT IN "
        f"(SELECT {KEPT[keep]} {HASHED})"
    )
    records.delete(tx, [row[0] for row in tx.sql(gone)])
    editing.settle_duplicates(tx, [content.hex() for content, _ in stay])


def _removal(tx: Tx, keep: str) -> Removed:
    groups = f"SELECT {KEPT[keep]} AS kept, COUNT(*) AS n, content_hash {HASHED} HAVING n > 1"
    number, gone = tx.sql(f"SELECT COUNT(*), COALESCE(SUM(n - 1), 0) FROM ({groups})")[0]
    shown = tx.sql(f"SELECT kept, content_hash FROM ({groups}) ORDER BY kept LIMIT {PREVIEWS}")
    twins = (
        "SELECT id, preview FROM record WHERE valid AND content_hash = ? "
        f"ORDER BY id <> ?, id LIMIT {PREVIEWS}"
    )
    previews = [[f"{i:,}: {said}" for i, said in tx.sql(twins, (h, kept))] for kept, h in shown]
    return Removed(records=gone, groups=number, previews=previews)


async def _with_issues(ctx: Context, spec: RecordFilter, codes: tuple[str, ...]) -> RecordFilter:
    """Only records with these issues; a filter for others finds the records that have both."""
    if not spec.issues:
        return spec.model_copy(update={"issues": codes})
    if set(spec.issues) <= set(codes):
        return spec
    both = await ctx.open.store.read(records.ids, RecordFilter(issues=codes))
    return spec.model_copy(update={"ids": tuple(set(both).intersection(spec.ids or both))})


def _searched(text: str) -> str:
    """A search that finds every record with this text, and few others: words of one line, since
    between the parts of a turn stands what is no text."""
    lines = (TOKEN.findall(fold(line)) for line in text.splitlines())
    words = max(lines, key=len, default=[])[:SEARCHED_WORDS]
    return f'"{" ".join(words)}"' if words else ""


async def _mend(
    ctx: Context, words: str, spec: RecordFilter, change: Change, preview: bool
) -> Fixed:
    """Preview it, or do it as one undoable change; as a job where there is much to do."""
    store = ctx.open.store
    if preview:
        return await store.read(_previewed, words, spec, change)
    many = await store.read(records.count, spec) >= AS_JOB
    write = ctx.write_as_job if many else ctx.write
    return await write(words, _changed, words, spec, change)


def _previewed(tx: Tx, words: str, spec: RecordFilter, change: Change) -> Fixed:
    concerned = records.ids(tx, spec)
    found = Fixed(words=words, records=0)
    for record, after in _meant(tx, concerned[:LOOKED_AT], change):
        checked = editing.edited(record, messages=after.messages, reply=after.reply)
        _count(found, record, not any(i.severity == "error" for i in editing.findings(checked)))
        if len(found.previews) < PREVIEWS:
            found.previews.append(_preview(record, after))
    if len(concerned) > LOOKED_AT:
        scale = len(concerned) / LOOKED_AT
        found.exact = False
        for name in ("records", "now_valid", "still_invalid"):
            setattr(found, name, round(scale * getattr(found, name)))
    return found


def _changed(tx: Tx, words: str, spec: RecordFilter, change: Change, tell: Tell = quiet) -> Fixed:
    concerned = records.ids(tx, spec)
    found = Fixed(words=words, records=0)
    left: set[str] = set()
    for done, (record, after) in enumerate(_meant(tx, concerned, change)):
        if done % BATCH == 0:
            tell(done, len(concerned))
        new = editing.edited(record, messages=after.messages, reply=after.reply)
        _count(found, record, editing.put(tx, record, new, by_hand=False).valid)
        left.add(record.content_hash)
    editing.settle_duplicates(tx, left)
    return found


def _meant(tx: Tx, chosen: "array[int]", change: Change) -> Iterator[tuple[Record, Turns]]:
    """The records that the change alters, with their turns after it."""
    for at in range(0, len(chosen), BATCH):
        for record in records.many(tx, chosen[at : at + BATCH]):
            if (after := change(turns_of(record))) is not None:
                yield record, after


def _count(found: Fixed, before: Record, valid: bool) -> None:
    found.records += 1
    found.now_valid += valid and not before.valid
    found.still_invalid += not valid


def _preview(record: Record, after: Turns) -> Preview:
    return Preview(
        record_id=record.id,
        before=list(record.messages),
        after=list(after.messages),
        reply_before=record.reply,
        reply_after=after.reply,
    )
