"""From a line of a file to a record with all its issues; knows nothing of where records are kept."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from app.domain.normalise import cluster_key, content_hash, read_messages, read_tools
from app.domain.provenance import is_generated
from app.domain.records import Issue, Message, Source, Split
from app.domain.splits import cluster_id, split_of_cluster
from app.domain.validation import issue, issues_of, worst
from app.importing.lines import Line
from app.importing.seen import Seen
from app.importing.shapes import Draft, recognise
from app.importing.tokens import TokenEstimate


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """Everything of a record but its id. `key` is the text that duplicates are found by."""

    line: int
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...]
    reference: Any
    reply: Message | None
    extra: dict[str, Any]
    issues: tuple[Issue, ...]
    content_hash: str
    key: str
    cluster: str  # of the record alone; clustering may give it its first near-duplicate's
    split: Split
    tokens: int
    source: Source = "imported"

    @property
    def valid(self) -> bool:
        return not any(found.severity == "error" for found in self.issues)

    @property
    def last_user_turn(self) -> str:
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")


@dataclass
class RecordReader:
    """Reads the lines of one file in order; with `seen` it tells contents that came before.

    With None it does not: the caller finds exact duplicates when all records are in one place.
    """

    tokens: TokenEstimate = field(default_factory=TokenEstimate)
    seen: Seen | None = None

    def read(self, line: Line) -> ParsedRecord | tuple[Issue, ...]:
        """The record of a line, valid or not; the reasons when the line is no record at all."""
        if line.value is None:
            return line.issues
        draft = recognise(line.value)
        if isinstance(draft, Issue):
            return (*line.issues, draft)
        return self._record(line, draft)

    def _record(self, line: Line, draft: Draft) -> ParsedRecord:
        messages, repairs = read_messages(draft.turns)
        tools, tool_repairs = read_tools(draft.tools)
        messages, reply = split_reply(messages)
        tokens = self.tokens.of(prompt_text(messages, tools))
        digest = content_hash(
            messages, tools=tools, reference=draft.reference, reply=reply, extra=draft.extra
        )
        issues = [*line.issues]
        if draft.shape:
            issues.append(issue("converted", shape=draft.shape))
        issues += [*repairs, *tool_repairs]
        issues += issues_of(messages, reply=reply, tokens=tokens, size=line.size)
        if self.seen is not None and not any(found.severity == "error" for found in issues):
            first = self.seen.setdefault(bytes.fromhex(digest), line.number)
            if first != line.number:
                issues.append(issue("duplicate", line=first))
        key = cluster_key(messages)
        cluster = cluster_id(key)
        made = is_generated(draft.extra)  # by an earlier dataset of this app: for training only
        return ParsedRecord(
            line=line.number,
            messages=messages,
            tools=tools,
            reference=draft.reference,
            reply=reply,
            extra=draft.extra,
            issues=worst(issues),
            content_hash=digest,
            key=key,
            cluster=cluster,
            split="train" if made else split_of_cluster(cluster),
            tokens=tokens,
            source="generated" if made else "imported",
        )


def split_reply(
    messages: tuple[Message, ...],
) -> tuple[tuple[Message, ...], Message | None]:
    """The prompt and the recorded reply, which is a trailing assistant turn that says something."""
    if not messages or messages[-1].role != "assistant":
        return messages, None
    *prompt, reply = messages
    says = reply.text.strip() or reply.tool_calls
    return tuple(prompt), reply if says else None


def prompt_text(messages: tuple[Message, ...], tools: tuple[dict[str, Any], ...]) -> str:
    """All that a model reads of a prompt, for counting tokens."""
    texts = [message.text for message in messages]
    texts += [
        orjson.dumps(message.tool_calls).decode() for message in messages if message.tool_calls
    ]
    return "\n".join([*texts, orjson.dumps(tools).decode()] if tools else texts)
