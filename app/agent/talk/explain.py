"""Explains words of the field, with the dataset's own number where there is one."""

from rapidfuzz import fuzz, process

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.own_numbers import here
from app.agent.terms import ALIASES, RELATED, TERMS, term
from app.agent.turn import Turn
from app.agent.words import plain

NEAR = 75  # rapidfuzz ratio: "learnibility" is near "learnability"
GUESSES = 3
NAMED = 8


@action(quick=True, needs_dataset=False)
async def explain(turn: Turn, term: str) -> None:
    """One term, then its number here."""
    key = _known(term)
    if key is None:
        await _not_known(turn, term)
        return
    number = await turn.read(here, key) if turn.has_dataset else ""
    await turn.say(f"{TERMS[key]}{number}")


@action(quick=True, needs_dataset=False)
async def read_more(turn: Turn, term: str) -> None:
    """The same, and what is read together with it."""
    key = _known(term)
    if key is None:
        await _not_known(turn, term)
        return
    await turn.act("explain", term=key)
    related = RELATED.get(key) or tuple(k for k, others in RELATED.items() if key in others)
    if not turn.calling:
        back = Option(label="What comes next", action="next_step")
        await turn.ask("Read on:", *[_about(k) for k in related[:GUESSES]], back)


def _known(words: str) -> str | None:
    key = term(words)
    if key in TERMS:
        return key
    near = process.extractOne(key, [*TERMS, *ALIASES], scorer=fuzz.ratio, score_cutoff=NEAR)
    return term(near[0]) if near else None


async def _not_known(turn: Turn, words: str) -> None:
    known = ", ".join(list(TERMS)[:NAMED])
    await turn.say(
        f"I have no explanation of “{plain(words)}”. I can explain: {known} and "
        f"{len(TERMS) - NAMED} more."
    )
    near = process.extract(term(words), list(TERMS), scorer=fuzz.WRatio, limit=GUESSES)
    if not turn.calling:
        await turn.ask("Did you mean:", *[_about(key) for key, _, _ in near])


def _about(key: str) -> Option:
    return Option(label=key[:1].upper() + key[1:], action="read_more", arguments={"term": key})
