"""Records by command: how many, which, why one is invalid, duplicates, repairs, personal data."""

import re

from rapidfuzz import fuzz, process

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.naming import meant
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain, quote
from app.domain.fixes import FIXES, fixes_for
from app.domain.wording import count, number
from app.errors import InputError
from app.store import records, topics
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.fixes import Fixed, Removed
from app.tools.listing import filter_of
from app.tools.scan import SensitiveReport

UNDO = Option(label="Undo", action="undo")
GO_ON = Option(label="What comes next", action="next_step")
INVALID = Option(
    label="Show the invalid ones", action="show_records", arguments={"line": "is:invalid"}
)
# Words of a person, and the filter they stand for.
FILTERS = {
    "invalid": "is:invalid",
    "valid": "is:valid",
    "usable": "is:valid",
    "flagged": "is:flagged",
    "uncategorised": "is:uncategorised",
    "uncategorized": "is:uncategorised",
    "without a topic": "is:uncategorised",
    "duplicate": "is:duplicate",
    "duplicates": "is:duplicate",
    "near duplicates": "issue:near_duplicate",
    "multi-turn": "is:multi-turn",
    "several turns": "is:multi-turn",
    "review": "is:review",
    "uncertain": "is:review",
    "tools": "has:tools",
    "a reply": "has:reply",
    "replies": "has:reply",
    "a reference": "has:reference",
    "references": "has:reference",
    "too long": "issue:over_token_limit",
    "over the token limit": "issue:over_token_limit",
    "personal data": "sensitive:any",
    "training": "split:train",
    "train": "split:train",
    "validation": "split:validation",
    "test": "split:test",
    "generated": "source:generated",
}
_LEADING = re.compile(
    r"^(?:(?:records|prompts|are|is|have|has|the|about|with|containing|in|on|of|for|there|we|do)\b\s*)+",
    re.IGNORECASE,
)


@action(quick=True)
async def how_many(turn: Turn, what: str = "") -> None:
    """Count; nothing is opened unless the user wants it."""
    words = _LEADING.sub("", what.strip()).strip()
    if words.casefold() in ("topics", "leaves"):
        await turn.act("list_topics")
        return
    stats = await turn.read(records.stats)
    if not words:
        await turn.say(
            f"**{count(stats.records, 'record')}**: {stats.valid:,} valid, {stats.invalid:,} invalid."
        )
        await turn.ask("What now?", INVALID, GO_ON) if stats.invalid else await turn.act("way_on")
        return
    line = await turn.read(line_of, words)
    found = await turn.read(_count, line)
    await turn.say(f"**{found:,}** of {count(stats.records, 'record')}: `{_code(line)}`.")
    show = Option(label="Show them", action="show_records", arguments={"line": line})
    await turn.ask("What now?", *([show] if found else []), GO_ON)


@action(quick=True)
async def show_records(turn: Turn, line: str = "", about: str = "", state: str = "") -> None:
    """Filter the record browser, by a filter line or by words of a person."""
    wanted = line or await turn.read(line_of, state or about)
    found = await turn.read(_count, wanted)
    await turn.show("records", query=wanted)
    await turn.say(f"**{count(found, 'record')}**: `{_code(wanted)}`.")
    if not found:
        everything = Option(
            label="Show all records", action="show_panel", arguments={"panel": "records"}
        )
        await turn.ask("What now?", everything, GO_ON)
    elif "is:invalid" in wanted:
        await turn.ask("What now?", Option(label="What can be fixed?", action="fix"), GO_ON)
    elif "is:uncategorised" in wanted:
        sort = Option(label="Sort the records again", action="categorise")
        await turn.ask("What now?", sort, Option(label="List the topics", action="list_topics"))


def line_of(tx: Tx, words: str) -> str:
    """The filter line that plain words stand for: a state, a topic of that name, else words to find."""
    wanted = _LEADING.sub("", words.strip()).strip() or words.strip()
    if known := FILTERS.get(wanted.casefold()):
        return known
    found, sure = meant(topics.all_topics(tx), wanted)
    if sure and found[0][1].name.casefold() == wanted.casefold():
        return f'topic:"{found[0][0]}"' if " " in found[0][0] else f"topic:{found[0][0]}"
    return " ".join(_searched(word) for word in wanted.split())


def _searched(word: str) -> str:
    """A word that the filter line does not take for a sign of its own."""
    clean = word.replace('"', "")
    return f'"{clean}"' if re.search(r"[:<>=]", clean) or clean.startswith("-") else clean


def _count(tx: Tx, line: str) -> int:
    return records.count(tx, filter_of(tx, line))


def _code(line: str) -> str:
    """For a code span, in which nothing can be escaped."""
    return line.replace("`", "'")[:200]


@action(quick=True)
async def explain_record(turn: Turn, number: str) -> None:
    """Its topic and how it came by it, its split, and everything that is wrong with it."""
    record = await turn.read(records.get, int(number))
    await turn.show("records", record=record.id)
    lines = [await _topic_line(turn, record.id), _use_line(record)]
    lines += [plain(issue.text, 300) for issue in record.issues]
    await turn.say(
        f"Record {record.id}: {quote(record.last_user_turn)}\n\n"
        f"{bullets([line for line in lines if line])}"
    )
    options = [
        Option(
            label=fix.words,
            action="apply_fix",
            arguments={"fix": fix.name, "record_ids": [record.id]},
        )
        for fix in fixes_for(record)
    ]
    await turn.ask("What now?", *options, GO_ON)


def _use_line(record: records.RecordValue) -> str:
    if not record.valid:
        return "It is **invalid**: kept, shown, and left out of training until it is mended."
    where = f", in the {record.split} split" if record.split else ""
    noted = "with a remark" if record.issues else "nothing is wrong with it"
    return f"It is valid{where}; {noted}."


async def _topic_line(turn: Turn, record_id: int) -> str:
    record = await turn.read(records.get, record_id)
    if record.topic_id is None:
        return "It has no topic."
    topic = await turn.read(topics.get, record.topic_id)
    if record.topic_source == "user":
        return f"Topic {bold(topic.name)}, decided by you."
    if record.topic_source == "model":
        return f"Topic {bold(topic.name)}, chosen by the connected model."
    if record.topic_source == "label":
        return f"Topic {bold(topic.name)}, named by a field of the record."
    sure = "" if record.probability is None else f", probability {number(record.probability)}"
    fit = "" if record.fit is None else f", fit {number(record.fit)}"
    return f"Topic {bold(topic.name)}, nearest by meaning{sure}{fit}."


@action()
async def find_duplicates(turn: Turn) -> None:
    """How many records are the same as another; nothing is deleted by asking."""
    found: Removed = await turn.call("remove_duplicates", preview=True)
    stats = await turn.read(records.stats)
    text = "No record is exactly the same as another."
    if found.records:
        text = (
            f"**{count(found.records, 'record')}** are exactly the same as another "
            f"({count(found.groups, 'group')})."
        )
    if stats.near_duplicates:
        text += f" {count(stats.near_duplicates, 'near duplicate')}: kept, in one split each."
    await turn.say(text)
    options = [Option(label="Show near duplicates", action="show_records",
                      arguments={"line": "issue:near_duplicate"})]  # fmt: skip
    if not stats.near_duplicates:
        options.clear()
    if found.records:
        label = f"Remove the {count(found.records, 'duplicate')}"
        options.insert(0, Option(label=label, action="remove_duplicates"))
    await turn.ask("What now?", *options, GO_ON)


@action()
async def remove_duplicates(turn: Turn) -> None:
    """Delete all but the first of each (a card)."""
    found: Removed = await turn.call("remove_duplicates")
    if not found.records:
        await turn.say("No record is exactly the same as another. Nothing was deleted.")
        await turn.act("way_on")
        return
    await turn.say(f"{count(found.records, 'duplicate')} deleted; the first of each is kept.")
    await turn.ask("What now?", GO_ON, UNDO)


@action()
async def scan(turn: Turn) -> None:
    """Look for personal data and secrets; only kinds are told, never the text."""
    found: SensitiveReport = await turn.call("scan_sensitive")
    await turn.say(
        f"**{plain(found.said, 300)}**, in {count(found.scanned, 'record')} looked through. "
        f"{found.cannot_find}"
    )
    show = Option(label="Show them", action="show_records", arguments={"line": "sensitive:any"})
    await turn.ask("What now?", *([show] if found.records else []), GO_ON)


@action(quick=True)
async def fix(turn: Turn, what: str = "") -> None:
    """The repairs that help with this dataset's problems, or the one that was named."""
    if (one := re.fullmatch(r"record #?(\d+)", what.strip(), re.IGNORECASE)) is not None:
        await turn.act("explain_record", number=one.group(1))
        return
    stats = await turn.read(records.stats)
    helped = {name: sum(stats.issues.get(c, 0) for c in f.codes) for name, f in FIXES.items()}
    helped = {name: n for name, n in helped.items() if n}
    if what:
        named = {name: f"{FIXES[name].words} {name.replace('_', ' ')}" for name in FIXES}
        near = process.extractOne(what, named, scorer=fuzz.token_set_ratio, score_cutoff=60)
        helped = {n: c for n, c in helped.items() if near is None or n == near[2]}
    if not helped:
        text = "Nothing that I can fix by rule is wrong."
        if stats.invalid:
            text = "These problems need a look: open a record, and edit its turns."
        await turn.say(text)
        await turn.ask("What now?", *([INVALID] if stats.invalid else []), GO_ON)
        return
    options = [
        Option(label=f"{FIXES[name].words}: {n:,}", action="apply_fix", arguments={"fix": name})
        for name, n in helped.items()
    ]
    await turn.say("This can be mended by rule. Each repair is one undo; texts are not touched.")
    await turn.ask("Which one?", *options[:4], INVALID)


@action()
async def apply_fix(turn: Turn, fix: str, record_ids: list[int] | None = None) -> None:
    """Mend, and tell how many are valid now."""
    if fix not in FIXES:
        raise InputError(f"There is no fix “{fix}”. There are: {', '.join(FIXES)}.")
    chosen = {"record_ids": record_ids} if record_ids else {"query": ""}
    done: Fixed = await turn.call("fix_records", fix=fix, **chosen)
    await turn.say(
        f"{plain(done.words)}: {count(done.records, 'record')} changed, "
        f"**{done.now_valid:,}** valid now, {done.still_invalid:,} still invalid."
    )
    left = await turn.read(records.count, RecordFilter(valid=False))
    more = Option(label=f"Fix more: {left:,} invalid", action="fix")
    await turn.ask("What now?", *([more] if left else []), GO_ON, UNDO)
