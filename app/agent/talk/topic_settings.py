"""Topics by command, one or several: split, move, lock, colour, target share, quota, and their file."""

from typing import Any

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.naming import meant, topic_named
from app.agent.talk.edits import GO_ON, UNDO, done, listed
from app.agent.turn import Turn
from app.agent.words import bold, plain
from app.domain.topics import Topic, key
from app.domain.wording import count, joined
from app.errors import ToolError
from app.store import topics
from app.tools.topic_edits import Split

TOP = ("top", "the top", "root", "none", "nothing")
MOST_DIGITS = 9
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")  # from 2 on


@action()
async def split(turn: Turn, name: str, parts: str = "", exact: bool = False) -> None:
    """By what its records say, in so many parts; or into new topics that the user names. `exact`: the
    word topic was not said, so that only a whole name means one."""
    topic = await topic_named(turn, name, "split", "name", exact=exact, parts=parts)
    if topic is None:
        return
    names, number = listed(parts), _number(parts)
    if len(names) > 1:
        await _split_by_name(turn, topic, names)
    elif names and number is None:
        await _ask_for_parts(turn, topic, names[0])
    else:
        await _split_by_records(turn, topic, number)


async def _ask_for_parts(turn: Turn, topic: Topic, only: str) -> None:
    await turn.say(
        f"{bold(only)} would be the only part of {bold(topic.name)}. Name a second one too: "
        f"“split topic {plain(topic.name)} into {plain(only)} and …”."
    )
    by_records = Option(
        label="Find its parts in its records", action="split", arguments={"name": topic.name}
    )
    await turn.ask("Or shall I look?", by_records)


async def _split_by_records(turn: Turn, topic: Topic, number: int | None) -> None:
    made: Split = await turn.call("split_topic", topic_id=topic.id, parts=number)
    links = [f"[{plain(n)}](topic:{i})" for n, i in zip(made.names, made.topic_ids, strict=True)]
    await done(
        turn,
        f"{bold(topic.name)} is split in {len(links)}, by what its "
        f"{count(made.records, 'record')} say: {joined(links, 10)}. Rename them as you like.",
    )


async def _split_by_name(turn: Turn, topic: Topic, names: list[str]) -> None:
    for part in names:
        await turn.call("add_topic", name=part, parent_id=topic.id)
    await turn.say(
        f"{bold(topic.name)} has {count(len(names), 'part')} now. Its records wait to be sorted."
    )
    sort = Option(label="Sort the records into them", action="categorise")
    await turn.ask("What now?", sort, UNDO)


@action()
async def move(turn: Turn, name: str, parent: str) -> None:
    """Put topics with all below them under another, or ("the top") under none."""
    found = await _several(turn, name, "move", parent=parent)
    if not found:
        return
    above = None
    if parent.casefold() not in TOP:
        above = await topic_named(turn, parent, "move", "parent", name=name)
        if above is None:
            return
    ids = [topic.id for topic in found]
    await turn.call("move_topics", topic_ids=ids, parent_id=above.id if above else None)
    place = f"under {bold(above.name)}" if above else "at the top"
    await done(turn, f"{_said(found)} {_are(found)} {place} now, with all that is below.")


@action()
async def lock(turn: Turn, name: str, locked: bool = True) -> None:
    """Proposals leave a locked topic and its records alone."""
    found = await _several(turn, name, "lock", locked=locked)
    if not found:
        return
    await turn.call("set_topics", topic_ids=[topic.id for topic in found], locked=locked)
    one = len(found) == 1
    who = "with its records it" if one else "with their records they"
    stay = "stays as it is" if one else "stay as they are"
    then = f"{stay} when topics are proposed again" if locked else "can change again"
    state = "locked" if locked else "unlocked"
    await done(turn, f"{_said(found)} {_are(found)} {state}: {who} {then}.")


@action()
async def colour(turn: Turn, name: str, color: str) -> None:
    """By the number of the colour; none is 0."""
    found = await _several(turn, name, "colour", color=color)
    if found:
        number = int(color) if color.isdigit() else 0
        await turn.call("set_topics", topic_ids=[topic.id for topic in found], color=number)
        now = f"colour {number}" if number else "no colour"
        await done(turn, f"{_said(found)} {_have(found)} {now} now.")


@action()
async def target(turn: Turn, name: str, share: str = "") -> None:
    """The wished share of the records ("20 %", "0.2"); without one it is unset."""
    found = await _several(turn, name, "target", share=share)
    if not found:
        return
    ids = [topic.id for topic in found]
    if not share:
        await turn.call("set_topics", topic_ids=ids, clear=["target"])
        own = "its own" if len(found) == 1 else "their own"
        await done(turn, f"{_said(found)} {_have(found)} no target of {own} any more.")
        return
    value = float(share.rstrip("% ")) / (100 if share.endswith("%") else 1)
    await turn.call("set_topics", topic_ids=ids, target=value)
    await done(turn, f"The target of {_said(found)} is {value:.1%} of the records now.")


@action()
async def topic_quota(turn: Turn, name: str, quota: str = "") -> None:
    """The records wanted in a topic in place of the dataset's quota; without a number that holds."""
    found = await _several(turn, name, "topic_quota", quota=quota)
    if not found:
        return
    ids = [topic.id for topic in found]
    if quota:
        await turn.call("set_topics", topic_ids=ids, quota=int(quota))
        await done(turn, f"The quota of {_said(found)} is {count(int(quota), 'record')} now.")
        return
    await turn.call("set_topics", topic_ids=ids, clear=["quota"])
    await done(turn, f"{_said(found)} {_have(found)} the quota of the dataset again.")


@action()
async def keep_mine(turn: Turn) -> None:
    """The proposal goes, the topics in use stay."""
    await turn.call("discard_proposal")
    await turn.say("The proposal is dropped. Your topics stay as they are.")
    await turn.ask("What now?", GO_ON)


@action(quick=True)
async def topic_file(turn: Turn) -> None:
    """Files are chosen by the user's hand."""
    await turn.show("topics_config")
    await turn.say(
        "The Topics panel writes the topics to a file (JSON or an indented list) and proposes those of "
        "one, by its menu. On the command line: “rft-studio topics DATASET --export FILE” or "
        "“--import FILE”."
    )


async def _several(turn: Turn, names: str, action: str, **arguments: Any) -> list[Topic]:
    """The topics meant by "A" or "A, B and C". Empty: it was asked which one is meant by a single name.
    Raises ToolError where one of several is not clear."""
    every = await turn.read(topics.all_topics)
    each = [names] if any(key(t.name) == key(names) for t in every) else listed(names)
    if len(each) == 1:
        one = await topic_named(turn, each[0], action, "name", **arguments)
        return [one] if one else []
    found = []
    for name in each:
        paths, sure = meant(every, name)
        if not sure:
            could = joined([f"“{path}”" for path, _ in paths], 4)
            raise ToolError(
                f"“{name}” could be {could}. Give the whole path." if could
                else f"There is no topic “{name}”."
            )  # fmt: skip
        found.append(paths[0][1])
    return found


def _number(parts: str) -> int | None:
    """3 in "3 parts", "three" or "3"; None where no number is said."""
    word = parts.casefold().split()[0] if parts.strip() else ""
    if word.isdecimal() and len(word) <= MOST_DIGITS:
        return int(word)
    return NUMBERS.index(word) + 2 if word in NUMBERS else None


def _said(found: list[Topic]) -> str:
    return joined([bold(topic.name) for topic in found], 5)


def _are(found: list[Topic]) -> str:
    return "is" if len(found) == 1 else "are"


def _have(found: list[Topic]) -> str:
    return "has" if len(found) == 1 else "have"
