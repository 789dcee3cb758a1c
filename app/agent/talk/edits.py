"""Edits by command: topics, records, undo and redo; each can be undone, and says how."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.naming import paths_of, topic_named
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain, quote
from app.domain.topics import Topic, key
from app.domain.wording import count
from app.store import records, topics
from app.tools.topic_edits import Moved

UNDO = Option(label="Undo", action="undo")
LIST = Option(label="List the topics", action="list_topics")
LISTED = 25  # topics named in the chat
GO_ON = Option(label="What comes next", action="next_step")


@action()
async def rename(turn: Turn, old: str, new: str) -> None:
    topic = await topic_named(turn, old, "rename", "old", new=new)
    if topic is None:
        return
    await turn.call("rename_topic", topic_id=topic.id, name=new)
    await done(turn, f"{bold(topic.name)} is now {bold(new)}. Its records stay with it.")


@action()
async def merge(turn: Turn, source: str, target: str) -> None:
    """One or several topics ("A and B", "A, B") into another."""
    into = await topic_named(turn, target, "merge", "target", source=source)
    if into is None:
        return
    names = [source] if await _known(turn, source) else listed(source)
    found: list[Topic] = []
    for at, name in enumerate(names):
        others = [t.name for t in found] + names[at + 1 :]
        topic = await topic_named(turn, name, "merge_one", "name", others=others, target=target)
        if topic is None:
            return
        found.append(topic)
    await _merge(turn, found, into)


@action()
async def merge_one(turn: Turn, name: str, others: list[str], target: str) -> None:
    """The same, after it was asked which of several topics is meant."""
    await turn.act("merge", source=", ".join([*others, name]), target=target)


async def _merge(turn: Turn, found: list[Topic], into: Topic) -> None:
    moved: Moved = await turn.call("merge_topics", topic_ids=[t.id for t in found], into=into.id)
    merged = ", ".join(bold(t.name) for t in found)
    await done(
        turn, f"{merged} merged into {bold(into.name)}: {count(moved.records, 'record')} moved."
    )


@action()
async def delete(turn: Turn, name: str) -> None:
    topic = await topic_named(turn, name, "delete", "name")
    if topic is None:
        return
    moved: Moved = await turn.call("delete_topics", topic_ids=[topic.id])
    now = f"{count(moved.records, 'record')} {'is' if moved.records == 1 else 'are'}"
    await done(turn, f"{bold(topic.name)} is deleted. {now} uncategorised now.")


@action()
async def add(turn: Turn, name: str, parent: str = "") -> None:
    """A topic named with "under X" stands below X, when there is an X."""
    above = None
    if parent and (above := await topic_named(turn, parent, "add", "parent", name=name)) is None:
        return
    await turn.call("add_topic", name=name, parent_id=above.id if above else None)
    place = f" under {bold(above.name)}" if above else ""
    await done(turn, f"{bold(name)} is added{place}. The other topics stay as they are.")


@action()
async def describe(turn: Turn, name: str, words: str = "") -> None:
    """Set what a topic is about, which helps to find its records; without words say what is known."""
    topic = await topic_named(turn, name, "describe", "name", words=words)
    if topic is None:
        return
    if words:
        await turn.call("describe_topic", topic_id=topic.id, description=words)
        await done(turn, f"{bold(topic.name)} is described: {plain(words, 300)}.")
        return
    number = (await turn.read(topics.counts)).get(topic.id, 0)
    about = plain(topic.description, 300) if topic.description else "It has no description yet."
    await turn.show("records", topic=topic.id)
    await turn.say(f"[{plain(topic.name)}](topic:{topic.id}): {count(number, 'record')}. {about}")
    await turn.ask("What now?", GO_ON, LIST)


@action(quick=True)
async def list_topics(turn: Turn) -> None:
    """All topics with their records, the largest first; long lists are in the panel."""
    every, counted = await turn.read(topics.all_topics), await turn.read(topics.counts)
    if not every:
        await turn.say("There are no topics yet.")
        await turn.ask("Shall we?", Option(label="Propose topics", action="offer_topics"))
        return
    paths = paths_of(every)
    parents = {t.parent_id for t in every}
    leaves = sorted((t.id for t in every if t.id not in parents), key=lambda i: -counted.get(i, 0))
    lines = [f"[{plain(paths[i])}](topic:{i}): {counted.get(i, 0):,}" for i in leaves[:LISTED]]
    more = f"\n\nAnd {len(leaves) - LISTED:,} more." if len(leaves) > LISTED else ""
    await turn.say(f"{count(len(leaves), 'topic')}:\n\n{bullets(lines)}{more}")
    await turn.ask(
        "What now?", Option(label="Open the Topics panel", action="modify_topics"), GO_ON
    )


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


async def done(turn: Turn, text: str) -> None:
    """Tell of an edit that can be undone."""
    await turn.say(text)
    await turn.ask("What now?", GO_ON, UNDO)


async def _known(turn: Turn, name: str) -> bool:
    return any(key(t.name) == key(name) for t in await turn.read(topics.all_topics))


def listed(names: str) -> list[str]:
    """The names in "A, B and C"."""
    parts = names.replace(" and ", ",").replace(" & ", ",").split(",")
    return [part.strip() for part in parts if part.strip()]
