"""What was written for a topic, judged: looked at alone, compared with the data, made ready to wait for
the user. Where it was written by is not known here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from app.domain.records import preview_of
from app.embedding.candidates import Checked
from app.generation.base import Candidate, Read, Refused
from app.generation.checks import examine
from app.importing.tokens import TokenEstimate
from app.store.generated import GeneratedItem
from app.tools.comparing import Compared, Comparison, line


class Found(NamedTuple):
    """One thing that was written: for which topic, by which request (its key), what it is, and what the
    comparison found of it."""

    topic_id: int
    key: str
    wrote: Candidate | Refused
    checked: Checked | None = None

    @property
    def reason(self) -> str:
        if isinstance(self.wrote, Refused):
            return self.wrote.reason
        return self.checked.reason if self.checked else ""


def looked_at(wrote: Read, tokens: TokenEstimate) -> Read:
    """Each by itself: what has something wrong with it is Refused."""
    looked: Read = []
    for each in wrote:
        if isinstance(each, Candidate):
            size = tokens.of("\n".join(message.text for message in each.messages))
            looked.append(examine(each, size) or each)
        else:
            looked.append(each)
    return looked


async def compared(comparison: Comparison, found: list[Found]) -> tuple[list[Found], Compared]:
    """The same with what a worker found, which compares what can be with the data and each other."""
    lines = [
        line(number, each.wrote, each.topic_id)
        for number, each in enumerate(found)
        if isinstance(each.wrote, Candidate)
    ]
    result = await comparison.compare(lines)
    judged = [each._replace(checked=result.checked.get(i)) for i, each in enumerate(found)]
    return judged, result


def to_keep(
    found: Iterable[Found], counts: Mapping[int, int], made: Callable[[Found], GeneratedItem]
) -> tuple[list[GeneratedItem], int]:
    """What is stored: those that passed, up to the counts by topic, and the refused; and how many
    passed beyond that."""
    left, items, surplus = dict(counts), [], 0
    for each in found:
        if not each.reason and left.get(each.topic_id, 0) <= 0:
            surplus += 1
            continue
        if not each.reason:
            left[each.topic_id] -= 1
        items.append(made(each))
    return items, surplus


def item_of(found: Found, run_id: int, origin: Mapping[str, Any]) -> GeneratedItem:
    """It as it waits for the user, or as it was refused; `origin` says who wrote it and how."""
    wrote, checked = found.wrote, found.checked
    about, item = dict(origin), {}
    if isinstance(wrote, Candidate):
        about |= {"parents": list(wrote.parents), "note": wrote.note}
        item = wrote.model_dump(mode="json", exclude_none=True, exclude={"parents", "note"})
    else:
        about |= {"detail": wrote.detail}
    if checked:
        about["checks"] = checked.model_dump(exclude={"id", "reason"})
    return GeneratedItem(
        run_id=run_id,
        state="refused" if found.reason else "waiting",
        reason=found.reason,
        topic_id=found.topic_id,
        score=checked.probability if checked else 0.0,
        preview=preview_of(wrote.text),
        item=item,
        about=about,
    )
