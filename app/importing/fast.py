"""The quick way for the common line: a clean record goes from its object to its rows directly.

It gives the very rows the general way (`app.importing.records`) gives, or nothing: whatever is unusual
about a line is left to the other. A test holds the two equal.
"""

import unicodedata
from typing import Any

import orjson

from app.domain.normalise import IDENTITY_FIELDS, content_digest, frame_bytes, plain
from app.domain.records import PREVIEW_CHARS, PREVIEW_SCAN, preview_of
from app.domain.splits import cluster_id, split_of_cluster
from app.importing.forms import Form, Plan, Plans, form_of
from app.importing.lines import CONTAINERS, quotes, strings_in, too_nested
from app.importing.rows import NO_ISSUES, Row, converted, record_row
from app.importing.shapes import REFERENCE_FIELDS
from app.importing.tokens import TokenEstimate

REFERENCES = frozenset(REFERENCE_FIELDS)
FIRST_KEY = b'{"role":"'  # the order in which the store keeps a turn; no text can hold it
BETWEEN = "\0"  # texts: a sign that a clean one does not hold
# As app.domain.validation.CONTROL, which takes several times as long.
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
NOTHING: dict[str, Any] = {}


class FastLane:
    """Makes the rows of clean records; remembers what it found of sequences of roles."""

    def __init__(self, tokens: TokenEstimate) -> None:
        self._tokens = tokens
        self._plans = Plans()

    def rows(
        self, number: int, value: dict[str, Any], raw: bytes | None = None
    ) -> tuple[Row, Row] | None:
        """The rows of `record` and `body` of the object on line `number`; None: it is not clean.

        `raw`: the line's bytes when nobody has looked yet for keys given twice and for deep nesting.
        """
        try:
            form = form_of(value)
            if form is None:
                return None
            plan = self._plans[form.roles]
            joined = BETWEEN.join(form.texts)
        except (TypeError, KeyError, AttributeError):  # of other types than a clean record has
            return None
        if plan is None or not _clean(raw, form, joined):
            return None
        words = _words(joined)
        if not _says_something(words, form, plan):
            return None
        end = plan.end
        has_reply = end < len(words)
        length = len(joined) - end + 1 if not has_reply else sum(map(len, form.texts[:end]))
        more = _read_besides(form, end) if form.frames is not None else 0
        tokens = self._tokens.scaled(length + end - 1 + more)  # turns are a line each
        if tokens is None:
            return None
        rest, reference = _others(form.extra) if form.extra else (NOTHING, None)
        cluster = cluster_id(_key(words[plan.spoken : end], joined))
        last = plan.users[-1]
        flags, issues = converted(form.shape) if form.shape else (0, NO_ISSUES)
        row = record_row(
            line=number,
            split=split_of_cluster(cluster),
            content_hash=content_digest(_frame(form, plan, rest, reference), "\n".join(words)),
            cluster=cluster,
            tokens=tokens,
            turns=len(plan.users),
            length=length,
            preview=_preview(form.texts[last], words[last]),
            has_tools=bool(form.tools),
            has_reply=has_reply,
            has_reference=reference is not None,
            flags=flags,
            issues=issues,
        )
        return row, _body(form, end, reference)


def _clean(raw: bytes | None, form: Form, joined: str) -> bool:
    """Whether no text holds a control character, no key is there twice, and nesting is not deep."""
    if raw is None:
        return _without_controls(joined, len(form.texts))
    strings, flat = form.strings, form.frames is None
    for found in form.extra.values():
        if type(found) is str:
            strings += 1
        elif type(found) in CONTAINERS:
            strings += strings_in(found)
            flat = False
    if not flat and too_nested(raw):
        return False
    escapes, quoted = raw.count(b"\\"), joined.count('"')
    if escapes == joined.count("\n") + quoted and "\x7f" not in joined:
        # No escapes but of newlines and quotation marks: no control character is in the texts.
        marks = raw.count(b'"') - (raw.count(b'\\"') if quoted else 0)
        return marks == 2 * strings
    return quotes(raw) == 2 * strings and _without_controls(joined, len(form.texts))


def _without_controls(joined: str, count: int) -> bool:
    data = joined.encode()
    return len(data) - len(data.translate(None, CONTROLS)) == count - 1


def _words(joined: str) -> list[str]:
    """The texts with single blanks: each as `" ".join(text.split())` gives it."""
    text = joined
    if "\n" in text:
        text = text.replace("\n\n", " ").replace("\n", " ")
    if "\t" in text:
        text = text.replace("\t", " ")
    if "\r" in text:
        text = text.replace("\r", " ")
    if not text.isascii() and not text.replace(BETWEEN, " ").isprintable():
        text = " ".join(text.split())  # of all blanks only a space is printable
    while "  " in text:
        text = text.replace("  ", " ")
    return [words.strip(" ") for words in text.split(BETWEEN)]


def _says_something(words: list[str], form: Form, plan: Plan) -> bool:
    """Whether no user turn is empty, nor a reply; other turns may be, when they hold more than words."""
    if "" not in words:
        return True
    if form.frames is None or "" in [words[i] for i in plan.users]:
        return False
    return plan.end == len(words) or bool(words[-1])


def _key(words: list[str], joined: str) -> str:
    """As `app.domain.normalise.cluster_key`, of texts with single blanks."""
    key = "\n".join(words)
    if joined.isascii() or key.isascii():
        return key.lower()
    folded = unicodedata.normalize("NFKC", key).casefold()
    if "  " in folded or " \n" in folded or "\n " in folded or folded != folded.strip(" "):
        return "\n".join(map(plain, words))  # signs that stand for another one after a blank
    return folded


def _preview(text: str, words: str) -> str:
    return words[:PREVIEW_CHARS] if len(text) <= PREVIEW_SCAN else preview_of(text)


def _read_besides(form: Form, end: int) -> int:
    """Characters that a model reads of a prompt besides its texts: tool calls and tools, a line each."""
    turns = form.turns or []
    read = [turn["tool_calls"] for turn in turns[:end] if "tool_calls" in turn]
    read += [form.tools] if form.tools else []
    return sum(1 + len(orjson.dumps(each).decode()) for each in read)


def _frame(form: Form, plan: Plan, rest: dict[str, Any], reference: Any) -> bytes:
    if form.frames is None and not rest and reference is None:
        return plan.frame
    frames, end = form.frames or list(form.roles), plan.end
    reply = frames[end] if end < len(frames) else None
    return frame_bytes([frames[:end], reply, list(form.tools), reference, rest])


def _body(form: Form, end: int, reference: Any) -> Row:
    turns, extra, count = form.turns, form.extra, len(form.roles)
    messages, reply = (b"", b"") if turns is None else _dumped(turns, end)
    if form.frames is None and messages.count(FIRST_KEY) + reply.count(FIRST_KEY) != count:
        pairs = zip(form.roles, form.texts, strict=True)
        messages, reply = _dumped([{"role": role, "content": text} for role, text in pairs], end)
    return (
        None,
        messages.decode(),
        orjson.dumps(form.tools).decode() if form.tools else "[]",
        "null" if reference is None else orjson.dumps(reference).decode(),
        reply.decode(),
        orjson.dumps(extra).decode() if extra else "{}",
    )


def _dumped(turns: list[dict[str, Any]], end: int) -> tuple[bytes, bytes]:
    """A prompt and its reply as JSON."""
    if end == len(turns):
        return orjson.dumps(turns), b"null"
    return orjson.dumps(turns[:end]), orjson.dumps(turns[end])


def _others(extra: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The further fields that do not only name the record, and the reference among them."""
    rest = {name: found for name, found in extra.items() if name not in IDENTITY_FIELDS}
    if REFERENCES.isdisjoint(rest):
        return rest, None
    found = (rest[name] for name in REFERENCE_FIELDS if rest.get(name) is not None)
    return rest, next(found, None)
