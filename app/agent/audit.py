"""What the assistant did or tried, as a trail to read: made from the stored conversation, never from
what a model says of itself; what was withdrawn from the conversation stays in it."""

import time
from typing import Literal

from pydantic import BaseModel, ValidationError

from app.agent.entries import CardAnswered, CardAsked, ToolDone, read_back
from app.domain.plain import one_line, visible
from app.store import results
from app.store.database import Tx
from app.store.results import ChatEntry

KINDS = ("tool", "asked", "card")
OWN = frozenset({"final", "ask_follow_up"})  # how a model ends its turn: nothing is done
GIVEN, DETAILS = 2_000, 4_000  # characters kept of arguments and of details
PAGE = 200
Outcome = Literal["ran", "refused", "approved", "declined", "expired", "failed", "stopped"]
OUTCOMES: tuple[Outcome, ...] = (
    "ran", "approved", "declined", "expired", "refused", "failed", "stopped",
)  # fmt: skip
Who = Literal["model", "guide", "user", "--yes", "standing yes", "nobody"]


class AuditRow(BaseModel):
    """A call that a model or the guide made, or the answer to a card. `at` in seconds since the epoch;
    `row` counts up and finds the next page; `arguments` as the caller wrote them."""

    row: int
    at: float
    who: Who
    tool: str
    arguments: str
    outcome: Outcome
    said: str
    details: str = ""

    @property
    def time(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.at))


def trail(tx: Tx, limit: int = PAGE, before: int = 0) -> list[AuditRow]:
    """The newest rows (of those before row `before`), newest first; fewer than `limit` at the end."""
    found: list[AuditRow] = []
    while len(found) < limit:
        wanted = limit - len(found)
        page = results.chat_trail(tx, KINDS, wanted, before)
        found += [row for entry in page if (row := _row(entry)) is not None]
        if len(page) < wanted:
            break
        before = page[-1].id
    return found


def _row(entry: ChatEntry) -> AuditRow | None:
    """None for what is no deed: how a model ended its turn."""
    try:
        found = read_back(entry.kind, entry.data, entry.id)
    except ValidationError as error:
        return _unreadable(entry, str(error))
    match found:
        case ToolDone() as done:
            return _call(entry, done) if done.tool not in OWN or done.tone == "bad" else None
        case CardAnswered() as answered:
            return _answer(entry, answered)
        case CardAsked(card=card, key=key):
            ended = CardAnswered(key=key, card=card, yes=False, how="ended")
            return _answer(entry, ended)
    return None


def _unreadable(entry: ChatEntry, why: str) -> AuditRow:
    """What another version stored, or another hand: it hides no other row."""
    said = f"an entry of kind {entry.kind} that this version cannot read"
    return AuditRow(
        row=entry.id, at=entry.at, who="nobody", tool="", arguments="", outcome="failed", said=said,
        details=visible(why[:DETAILS]),
    )  # fmt: skip


def _call(entry: ChatEntry, done: ToolDone) -> AuditRow:
    return AuditRow(
        row=entry.id,
        at=entry.at,
        who="model" if done.reply else "guide",
        tool=one_line(done.tool, 80),
        arguments=visible(done.arguments[:GIVEN]),
        outcome=done.outcome or ("failed" if done.tone == "bad" else "ran"),
        said=one_line(done.result, 200),
        details=visible((done.details or done.content)[:DETAILS]),
    )


def _answer(entry: ChatEntry, answered: CardAnswered) -> AuditRow:
    """How a card was answered; one that the turn or the program ended was not."""
    card = answered.card
    who: dict[str, Who] = {"click": "user", "named": "--yes", "always": "standing yes"}
    ends: dict[str, Outcome] = {"expired": "expired", "ended": "stopped"}
    rows = "\n".join(f"{label}: {value}" for label, value in card.rows)
    return AuditRow(
        row=entry.id,
        at=entry.at,
        who=who.get(answered.how, "nobody"),
        tool=one_line(card.tool, 80),
        arguments="",
        outcome=ends.get(answered.how, "approved" if answered.yes else "declined"),
        said=card.title,
        details=f"{rows}\n{card.warning}".strip(),
    )
