"""A user's own generator: what its script is given, and its records read; runs no script."""

import hashlib
from typing import Any, Literal

from pydantic import ValidationError

from app.domain.records import Message, Record
from app.generation.base import Brief, Candidate, Read, Refused
from app.generation.parsing import SHOWN, Item, malformed, reference_of, system_of

STRATEGY: Literal["script"] = (
    "script"  # in the provenance of its records; it is none of those that ask a model
)
OWN_FIELDS = frozenset({"messages", "prompt", "reference", "tools", "extra", "provenance"})
EXAMPLE = """\
import random

NAMES = ["Ana", "Ben", "Chen", "Dara", "Emil", "Farah", "Goran"]
THINGS = ["apples", "stamps", "tickets", "marbles", "coins"]


def generate(topic, count, seed, examples):
    \"\"\"New records, each with an answer that is computed.\"\"\"
    random.seed(seed)
    made = []
    for _ in range(count):
        a, b = random.sample(NAMES, 2)
        thing = random.choice(THINGS)
        boxes, each = random.randint(2, 9), random.randint(3, 12)
        given = random.randint(1, 5)
        prompt = (
            f"{a} has {boxes} boxes with {each} {thing} each "
            f"and gives {given} to {b}. How many {thing} are left?"
        )
        made.append({"prompt": prompt, "reference": str(boxes * each - given)})
    return made
"""


def version_of(code: str) -> str:
    """«script/1f0c9a42d7be»: the first 12 hex digits of the SHA-256 of its text."""
    return f"{STRATEGY}/{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def example_of(record: Record) -> dict[str, Any]:
    """A record as the script sees it: its last user turn as `prompt`, and all that a grader sees."""
    return {**record.item(), "prompt": record.last_user_turn}


def read_made(brief: Brief, made: list[Any]) -> Read:
    """Each value that a script returned; more than twice what was asked for (and five) is not looked
    at."""
    return [_candidate(brief, value) for value in made[: 2 * brief.count + 5]]


def _candidate(brief: Brief, value: Any) -> Candidate | Refused:
    """A record with `messages`, or with a `prompt` that is framed as the topic's first example is: its
    system message and tools. Every field without a meaning of its own is kept beside it."""
    if not isinstance(value, dict):
        return malformed(value, "a record is no dict")
    frame = brief.seeds[0] if brief.seeds else None
    try:
        messages = _messages(value, frame)
    except (ValidationError, TypeError):
        return malformed(value, "a turn has no role, or content that is no text")
    if not messages:
        return malformed(value, "neither messages nor a prompt")
    reply = messages[-1] if messages[-1].role == "assistant" else None
    reference, fault = _reference(brief, value)
    tools = value.get("tools", frame.tools if frame and "messages" not in value else ())
    if fault or not _are_dicts(tools):
        detail = fault or "the tools are no list of definitions"
        return Refused(reason="structure", detail=detail, text=messages[-1].text[:SHOWN])
    return Candidate(
        messages=messages[:-1] if reply else messages,
        tools=tuple(tools),
        reference=reference,
        reply=reply,
        extra=_extra(value),
    )


def _messages(value: Item, frame: Record | None) -> tuple[Message, ...]:
    if given := value.get("messages"):
        return tuple(Message.model_validate(turn) for turn in given)
    prompt = value.get("prompt")
    if not isinstance(prompt, str):
        return ()
    return (*system_of(frame), Message(role="user", content=prompt.strip()))


def _reference(brief: Brief, value: Item) -> tuple[Any, str]:
    """Its computed answer, in the form that those of the data have, and what is wrong with it."""
    if any(seed.reference is not None for seed in brief.seeds):
        return reference_of(brief, value)
    return value.get("reference"), ""


def _are_dicts(tools: Any) -> bool:
    return isinstance(tools, list | tuple) and all(isinstance(tool, dict) for tool in tools)


def _extra(value: Item) -> dict[str, Any]:
    extra = value.get("extra")
    given = extra if isinstance(extra, dict) else {}
    kept = {**given, **{k: v for k, v in value.items() if k not in OWN_FIELDS}}
    return {k: v for k, v in kept.items() if k != "provenance"}
