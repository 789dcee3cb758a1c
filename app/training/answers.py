"""From the text a model wrote to the sample a grader sees: tool calls are parsed out, never executed."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.grading.base import Sample, Score

Pair = tuple[Sample, dict[str, Any]]
Grade = Callable[[Sequence[Pair]], Awaitable[list[Score]]]

# How Qwen's, Hermes' and the starter's chat templates write a call.
_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


def to_sample(text: str) -> Sample:
    """The answer's text without its tool calls, and the calls in OpenAI's shape.

    What looks like a call but is not one stays in the text, for the grader to judge.
    """
    calls: list[dict[str, Any]] = []

    def take(match: re.Match[str]) -> str:
        call = _call(match[1], len(calls))
        if call is None:
            return match[0]
        calls.append(call)
        return ""

    rest = _CALL.sub(take, text)
    return Sample(output_text=rest.strip() if calls else text, output_tools=calls)


def _call(text: str, index: int) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return None
    arguments = data.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    function = {"name": data["name"], "arguments": arguments}
    return {"id": f"call_{index}", "type": "function", "function": function}
