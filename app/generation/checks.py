"""What is checked of a record that a model wrote by looking at it alone; nothing is compared here."""

from typing import Any

import orjson

from app.domain.json_schemas import check_schema, schema_faults
from app.domain.records import Message
from app.domain.validation import issues_of
from app.generation.base import Candidate, Refused
from app.generation.openers import is_boilerplate, refuses
from app.generation.parsing import SHOWN

# Warnings of real records that a new one has no excuse for.
STRICT = frozenset({
    "user_twice", "assistant_first", "tool_result_without_call", "arguments_not_json",
    "arguments_encoded_twice", "over_token_limit", "control_characters",
})  # fmt: skip
ALONE = 4  # letters from which a tool's name, taken as plain words, is found in a sentence


def examine(candidate: Candidate, tokens: int = 0) -> Refused | None:
    """The first reason against a candidate, the plainest first; None where there is none.

    `tokens` is an estimate of its length.
    """
    said = [message.text for message in candidate.messages if message.role == "user"]
    if any(map(refuses, said)):
        return _refused(candidate, "refusal", "the user's turn is a refusal")
    if is_boilerplate(candidate.text):
        return _refused(candidate, "boilerplate", "the opener of an assistant or a form")
    if fault := _structure(candidate, tokens):
        return _refused(candidate, "structure", fault)
    if fault := _tools(candidate):
        return _refused(candidate, "tool_schema", fault)
    return None


def _structure(candidate: Candidate, tokens: int) -> str:
    messages = candidate.messages
    if not messages or messages[-1].role != "user":
        return "The last turn is not from the user."
    found = issues_of(messages, tokens=tokens)
    bad = [issue for issue in found if issue.severity == "error" or issue.code in STRICT]
    return bad[0].text if bad else ""


def _tools(candidate: Candidate) -> str:
    """What is wrong with the calls of the reply; a candidate without calls has nothing wrong."""
    if candidate.reply is None or candidate.reply.tool_calls is None:
        return ""
    if not candidate.reply.tool_calls:
        return "It needs no tool."
    known = {str(f.get("name")): f for t in candidate.tools if (f := t.get("function"))}
    for call in candidate.reply.tool_calls:
        name = call["function"]["name"]
        if name not in known:
            return f"There is no tool “{name}”."
        if fault := _call_fault(known[name], call["function"]["arguments"]):
            return f"{name}: {fault}"
    named = [name for name in known if _names(candidate.messages, name)]
    return f"The user names the tool “{named[0]}”." if named else ""


def _call_fault(function: dict[str, Any], arguments: str) -> str:
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return "the arguments are not JSON."
    if not isinstance(value, dict):
        return "the arguments are no object."
    try:
        schema = check_schema(function.get("parameters") or {"type": "object"})
    except ValueError as error:
        return f"its own schema cannot be used: {error}."
    if known := schema.get("properties"):
        unknown = sorted(set(value) - set(known))
        if unknown and not schema.get("patternProperties"):
            return f"there is no argument “{unknown[0]}”."
    faults = schema_faults(schema, value)
    return f"{faults[0].message[:200]}." if faults else ""


def _names(messages: tuple[Message, ...], name: str) -> bool:
    """Whether a user writes a tool's name as it is in code: find_flights, FindFlights."""
    said = " ".join(message.text for message in messages if message.role == "user")
    in_code = "_" in name or any(c.isupper() for c in name[1:])
    return in_code and len(name) >= ALONE and name.lower() in said.lower()


def _refused(candidate: Candidate, reason: Any, detail: str) -> Refused:
    return Refused(reason=reason, detail=detail, text=candidate.text[:SHOWN])
