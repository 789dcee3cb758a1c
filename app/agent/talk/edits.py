"""Edits by command: topics, records, undo and redo; each can be undone, and says how."""

import difflib

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import bold, plain, quote
from app.domain.topics import Topic, key
from app.domain.wording import count
from app.errors import ToolError
from app.store import records, topics
from app.tools.topics import Moved

UNDO = Option(label="Undo", action="undo")
GO_ON = Option(label="What comes next", action="next_step")


@action()
async def rename(turn: Turn, old: str, new: str) -> None:
    topic = await _topic(turn, old)
    await turn.call("rename_topic", topic_id=topic.id, name=new)
    await _done(turn, f"{bold(topic.name)} is now {bold(new)}. Its records stay with it.")


@action()
async def merge(turn: Turn, source: str, target: str) -> None:
    """One or several topics ("A and B", "A, B") into another."""
    into = await _topic(turn, target)
    names = [source] if await _known(turn, source) else _listed(source)
    found = [await _topic(turn, name) for name in names]
    moved: Moved = await turn.call("merge_topics", topic_ids=[t.id for t in found], into=into.id)
    merged = ", ".join(bold(t.name) for t in found)
    await _done(
        turn, f"{merged} merged into {bold(into.name)}: {count(moved.records, 'record')} moved."
    )


@action()
async def delete(turn: Turn, name: str) -> None:
    topic = await _topic(turn, name)
    moved: Moved = await turn.call("delete_topic", topic_id=topic.id)
    await _done(
        turn,
        f"{bold(topic.name)} is deleted. {count(moved.records, 'record')} are uncategorised now.",
    )


@action()
async def add(turn: Turn, name: str, parent: str = "") -> None:
    """A topic named with "under X" stands below X, when there is an X."""
    above = await _topic(turn, parent) if parent else None
    await turn.call("add_topic", name=name, parent_id=above.id if above else None)
    place = f" under {bold(above.name)}" if above else ""
    await _done(turn, f"{bold(name)} is added{place}. The other topics stay as they are.")


@action()
async def undo(turn: Turn) -> None:
    done = await turn.call("undo")
    await turn.say(f"Undone: {plain(done.label.removeprefix('Undo: '), 200)}.")
    await turn.ask("What now?", Option(label="Redo", action="redo"), GO_ON)


@action()
async def redo(turn: Turn) -> None:
    done = await turn.call("redo")
    await turn.say(f"Redone: {plain(done.label.removeprefix('Undo: '), 200)}.")
    await turn.ask("What now?", UNDO, GO_ON)


@action(quick=True)
async def show_record(turn: Turn, number: str) -> None:
    """Point the record browser at a record, and say what it asks."""
    record = await turn.read(records.get, int(number))
    await turn.show("records", record=record.id)
    where = ""
    if record.topic_id is not None:
        where = f" Topic {bold((await turn.read(topics.get, record.topic_id)).name)}."
    issues = " ".join(plain(issue.text, 200) for issue in record.issues)
    await turn.say(f"Record {record.id}: {quote(record.last_user_turn)}.{where} {issues}".strip())


async def _done(turn: Turn, text: str) -> None:
    await turn.say(text)
    await turn.ask("What now?", GO_ON, UNDO)


async def _known(turn: Turn, name: str) -> bool:
    return any(key(t.name) == key(name) for t in await turn.read(topics.all_topics))


def _listed(names: str) -> list[str]:
    """The names in "A, B and C"."""
    parts = names.replace(" and ", ",").replace(" & ", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


async def _topic(turn: Turn, name: str) -> Topic:
    """The one topic of that name, or the only one that contains it; raises ToolError with guesses."""
    every = await turn.read(topics.all_topics)
    if not every:
        raise ToolError("There are no topics yet. Type “propose topics”.")
    wanted = key(name)
    exact = [t for t in every if key(t.name) == wanted]
    within = exact or [t for t in every if wanted in key(t.name)]
    if len(within) == 1:
        return within[0]
    if len(within) > 1:
        names = ", ".join(f"“{t.name}”" for t in within[:5])
        raise ToolError(f"“{name}” could be {names}. Give the whole name.")
    near = difflib.get_close_matches(wanted, [key(t.name) for t in every], 3, 0.5)
    guesses = ", ".join(f"“{t.name}”" for t in every if key(t.name) in near)
    hint = f" Did you mean {guesses}?" if guesses else ""
    raise ToolError(f"There is no topic “{name}”.{hint}")
