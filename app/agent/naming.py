"""Finds the topic that a person means: by name, by path, by a part of it, or by the nearest spelling."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import plain
from app.domain.topics import Topic, key
from app.errors import ToolError
from app.store import topics

NEAR = 60  # rapidfuzz ratio: "Bilings" is near "Billing", "Cards" is near neither
GUESSES = 4
PART = 3  # letters from which a part of a name stands for it


class Meant(NamedTuple):
    """The topics that a name may mean, by path; `sure` when it is the one."""

    found: tuple[tuple[str, Topic], ...]
    sure: bool


def meant(every: Sequence[Topic], name: str) -> Meant:
    """Those of that path or name; else those that contain it; else those spelled nearly so."""
    paths = paths_of(every)
    wanted = key(name)
    for same in (
        lambda path, topic: key(path) == wanted,
        lambda path, topic: key(topic.name) == wanted,
        lambda path, topic: len(wanted) >= PART and wanted in key(topic.name),
    ):
        if found := tuple((paths[t.id], t) for t in every if same(paths[t.id], t)):
            return Meant(found, sure=len(found) == 1)
    names = {t.id: key(t.name) for t in every}
    near = process.extract(wanted, names, scorer=fuzz.ratio, score_cutoff=NEAR, limit=GUESSES)
    by_id = {t.id: t for t in every}
    return Meant(tuple((paths[i], by_id[i]) for _, _, i in near), sure=False)


def paths_of(every: Sequence[Topic]) -> dict[int, str]:
    """`Billing / Refunds` by id."""
    by_id = {t.id: t for t in every}

    def path(topic: Topic) -> str:
        above = by_id.get(topic.parent_id) if topic.parent_id is not None else None
        return f"{path(above)} / {topic.name}" if above else topic.name

    return {t.id: path(t) for t in every}


async def topic_named(
    turn: Turn, name: str, action: str, field: str, /, *, exact: bool = False, **arguments: Any
) -> Topic | None:
    """The one topic meant; `exact`: a part of its name is not enough. None: it was asked which, and the
    answer goes on with `action`, the path in its argument `field`. Raises ToolError where nothing is
    near."""
    every = await turn.read(topics.all_topics)
    if not every:
        raise ToolError("There are no topics yet. Type “propose topics”.")
    found, sure = meant(every, name)
    if sure and (not exact or key(name) in map(key, (found[0][0], found[0][1].name))):
        return found[0][1]
    if not found:
        raise ToolError(f"There is no topic “{name}”.")
    options = [
        Option(label=path, action=action, arguments={**arguments, field: path})
        for path, _ in found[:GUESSES]
    ]
    guesses = ", ".join(f"“{plain(t.name)}”" for _, t in found[:GUESSES])
    wanted = key(name)
    if any(wanted in key(path) for path, _ in found):
        await turn.say(f"“{plain(name)}” could be {guesses}.")
    else:
        await turn.say(f"There is no topic “{plain(name)}”. Did you mean {guesses}?")
    await turn.ask("Which one?", *options)
    return None
