"""What a record is: a prompt (messages ending in a user turn) with what rides along for the grader."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Split = Literal["train", "validation", "test"]
Source = Literal["imported", "generated", "edited"]
Severity = Literal["error", "warn"]
TopicSource = Literal["auto", "proposal", "user", "label", "model"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
PREVIEW_CHARS = 200
PREVIEW_SCAN = 1000  # characters looked at, so that a text of megabytes is not taken apart for it


class Message(BaseModel):
    """One turn as the OpenAI chat format has it; fields we do not know are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The words of the turn; parts that are not text are named in brackets."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content or []
        return "\n".join(
            str(p.get("text", "")) if p.get("type") == "text" else f"[{p.get('type', 'part')}]"
            for p in parts
        )


def preview_of(text: str) -> str:
    """The beginning of a text on one line, as lists show it: at most PREVIEW_CHARS characters."""
    return " ".join(text[:PREVIEW_SCAN].split())[:PREVIEW_CHARS]


class Issue(BaseModel):
    """One reason why a record is invalid (`error`) or worth a look (`warn`)."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity
    text: str


class Record(BaseModel):
    """A record as the store gives it out. `probability` and `fit` belong to the topic assignment."""

    model_config = ConfigDict(frozen=True)

    id: int
    line: int | None = None
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    reference: Any = None
    reply: Message | None = None
    extra: dict[str, Any] = {}
    source: Source = "imported"
    parent_id: int | None = None
    topic_id: int | None = None
    topic_source: TopicSource | None = None
    probability: float | None = None
    fit: float | None = None
    split: Split | None = None
    issues: tuple[Issue, ...] = ()
    content_hash: str = ""
    cluster: str = ""
    tokens: int = 0
    weight: float = 1.0
    tags: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not any(issue.severity == "error" for issue in self.issues)

    @property
    def last_user_turn(self) -> str:
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def turns(self) -> int:
        """Of the user."""
        return sum(m.role == "user" for m in self.messages)

    @property
    def length(self) -> int:
        """Characters of the prompt."""
        return sum(len(m.text) for m in self.messages)

    def item(self) -> dict[str, Any]:
        """What a grader sees as `item`: every further field of the record, and the reference."""
        return {
            **self.extra,
            "messages": [m.model_dump(exclude_none=True) for m in self.messages],
            "reference": self.reference,
        }
