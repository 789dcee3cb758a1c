"""The generation family's contract: a strategy asks a model for new records of a topic and reads its
answer; it sees values only, never the store, and keeps nothing."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

import app.generation as family
from app.domain.records import Message, Record
from app.llm.client import Ask
from app.registry import Registry, load_family

Reason = Literal[
    "malformed", "structure", "refusal", "boilerplate", "tool_schema", "duplicate",
    "near_duplicate", "off_topic",
]  # fmt: skip
REASONS: dict[Reason, str] = {  # «3 outside their topic»
    "malformed": "not in the form that was asked for",
    "structure": "without a usable prompt or reference",
    "refusal": "refused by the model",
    "boilerplate": "with the opener of an assistant or a form",
    "tool_schema": "with calls that the tools do not allow, or tools named by the user",
    "duplicate": "the same as another",
    "near_duplicate": "nearly the same as another",
    "off_topic": "outside their topic",
}


class Brief(BaseModel):
    """What one request asks for. `seeds` are real records of the topic's training split; `avoid` are
    prompts not to repeat; `feedback` says what was wrong with earlier ones."""

    model_config = ConfigDict(frozen=True)

    topic: str
    count: int
    description: str = ""
    goal: str = ""
    seeds: tuple[Record, ...] = ()
    avoid: tuple[str, ...] = ()
    feedback: str = ""

    @property
    def tools(self) -> tuple[dict[str, Any], ...]:
        """The tools of the seeds, each once by its name."""
        known: dict[str, dict[str, Any]] = {}
        for tool in (tool for seed in self.seeds for tool in seed.tools):
            known.setdefault(str((tool.get("function") or {}).get("name", "")), tool)
        return tuple(tool for name, tool in known.items() if name)


class Candidate(BaseModel):
    """A record that a model wrote, not yet checked. `parents` are ids of records it was made from."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    reference: Any = None
    reply: Message | None = None
    extra: dict[str, Any] = {}
    parents: tuple[int, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The last user turn."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")


class Refused(BaseModel):
    """Something a model wrote that cannot become a record: why, in detail, and what it was."""

    model_config = ConfigDict(frozen=True)

    reason: Reason
    detail: str = ""
    text: str = ""


Read = list[Candidate | Refused]


class Strategy(Protocol):
    """One way to write records: its name, what it is good for, the version of its prompt."""

    name: str
    title: str
    description: str
    prompt_version: str
    with_tools: bool  # needs seeds that have tools

    def seeds_for(self, count: int) -> int:
        """How many seeds a request for `count` records is given."""
        ...

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        """The request; `structured` where the endpoint keeps to a JSON schema."""
        ...

    def read(self, brief: Brief, answer: str) -> Read:
        """What the answer holds, in its order; one Refused when it holds nothing to read."""
        ...


STRATEGIES: Registry[Strategy] = Registry("strategy")


def strategies() -> list[Strategy]:
    """All strategies by name, with their modules imported."""
    load_family(family)
    return [STRATEGIES[name] for name in STRATEGIES]


def strategy(name: str) -> Strategy:
    """The strategy of that name; raises InputError naming the known ones."""
    load_family(family)
    return STRATEGIES[name]
