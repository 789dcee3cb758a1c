"""What a generation brought, as it is told and kept; it asks and checks nothing."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from app.domain.diversity import Diversity
from app.domain.wording import count, joined, number
from app.generation.base import REASONS
from app.store import generated, results
from app.store.database import Tx
from app.store.generated import GeneratedItem


class GenerationReport(BaseModel):
    """What a generation brought. Counts are by topic name; `balance_after` is what accepting all that
    waits of it would give. `state` as of a result; `error` says why it ended early; `broken` requests
    came to nothing."""

    run_id: int | None = None
    state: str = "completed"
    text: str
    strategy: str = ""
    model: str = ""
    host: str = ""
    prompt_version: str = ""
    requested: dict[str, int] = {}
    waiting: dict[str, int] = {}
    refused: dict[str, int] = {}
    surplus: int = 0
    diversity: Diversity | None = None
    english: bool = True
    requests: int = 0
    broken: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None
    balance_before: float | None = None
    balance_after: float | None = None
    error: str = ""


def words(report: GenerationReport, note: str = "") -> str:
    """The report in a few sentences."""
    waiting, refused = sum(report.waiting.values()), sum(report.refused.values())
    said = [f"{count(waiting, 'new record')} of {sum(report.requested.values()):,} wait for you."]
    if refused:
        told = [f"{n:,} {REASONS[r]}" for r, n in report.refused.items() if r in REASONS]
        said.append(f"{refused:,} refused: {joined(told, len(told))}.")
    if report.broken:
        said.append(f"{count(report.broken, 'request')} came to nothing.")
    short = [t for t, n in report.requested.items() if report.waiting.get(t, 0) < n]
    if short and not report.error:
        said.append(f"{joined(short)} stayed short: nothing more of use came back.")
    if waiting:
        before, after = number(report.balance_before), number(report.balance_after)
        said.append(f"Accepting all of them takes balance from {before} to {after}.")
    if not report.english:
        said.append("Most records are not English: they are compared by spelling, not meaning.")
    return " ".join([*said, *filter(None, [note, report.error])])


def settle(
    tx: Tx, run_id: int, data: dict[str, Any], items: Sequence[GeneratedItem], replaced: list[int]
) -> None:
    """Keep what a run brought and how it went; those it was to replace are out of the way then."""
    generated.add(tx, items)
    for item_id in replaced:
        generated.edit(tx, item_id, state="replaced")
    results.update(tx, run_id, state=data["state"], data=data)
