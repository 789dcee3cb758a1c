"""Writes requests that need the records' tools, with the calls they need; the user names no tool."""

import json
from typing import Any

from app.domain.records import Message
from app.generation.base import STRATEGIES, Brief, Candidate, Read, Refused
from app.generation.parsing import Item, conversation, malformed, read_items
from app.generation.prompts import STRING, conversation_item, example, marked, obj, request
from app.llm.client import Ask

PROMPT_VERSION = "tool_chain/1"
EXAMPLES = 2
TOOLS_CHARS = 12_000  # of all definitions together
CALL = obj(
    name={**STRING, "description": "of a tool"},
    arguments={**STRING, "description": "JSON text that the tool's parameters allow"},
)
CALLS = {"type": "array", "items": CALL, "description": "the tool calls that answer the last turn"}
TASK = (
    "The assistant that is trained has the tools below. Write user requests of the topic that it can "
    "only answer by calling them: one call or a chain of calls, with every argument to be found in "
    "what the user says. Users do not know the tools: they never name one."
)


class ToolChain:
    name = "tool_chain"
    title = "Tool chain"
    description = "Requests that need the records' tools, with the calls they need."
    prompt_version = PROMPT_VERSION
    with_tools = True

    def seeds_for(self, count: int) -> int:
        return EXAMPLES

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        item = conversation_item(_without_references(brief), calls=CALLS)
        shown = [example(seed) for seed in brief.seeds]
        data = {"tools": _fitting(brief.tools), "examples": shown}
        return request(brief, TASK, item, model=model, structured=structured, **data)

    def read(self, brief: Brief, answer: str) -> Read:
        return read_items(brief, answer, lambda item: _candidate(brief, item))


def _candidate(brief: Brief, item: Item) -> Candidate | Refused:
    """The calls become the recorded reply and the reference, in the form of the OpenAI chat API."""
    calls = item.get("calls")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        return malformed(item, "no list of calls")
    made = [_call(number, call) for number, call in enumerate(calls, 1)]
    reply = Message(role="assistant", content=None, tool_calls=made)
    reference = {"tool_calls": [call["function"] for call in made]}
    frame = _without_references(brief)
    return conversation(frame, item, tools=brief.tools, reply=reply, reference=reference)


def _call(number: int, call: dict[str, Any]) -> dict[str, Any]:
    arguments = call.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    function = {"name": str(call.get("name", "")), "arguments": text}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _without_references(brief: Brief) -> Brief:
    """The calls are the reference here, whatever form the others have."""
    seeds = tuple(seed.model_copy(update={"reference": None}) for seed in brief.seeds)
    return brief.model_copy(update={"seeds": seeds})


def _fitting(tools: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """As many of the tools as there is room for, at least one."""
    shown: list[dict[str, Any]] = []
    for tool in tools:
        if shown and len(marked("tools", [*shown, tool])) > TOOLS_CHARS:
            break
        shown.append(tool)
    return shown


STRATEGIES.add("tool_chain", ToolChain())
