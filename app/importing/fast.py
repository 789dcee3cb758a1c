"""The quick way for common lines: clean records go from their objects to their rows directly.

It gives the very rows the general way (`app.importing.records`) gives, or nothing: whatever is unusual
about a line is left to the other. A test holds the two equal. Many records are looked through as one
text, which costs a fraction of what it costs one by one.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from app.domain.normalise import IDENTITY_FIELDS, content_digest, frame_bytes, plain
from app.domain.provenance import is_generated
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
Rows = tuple[Row, Row]


class Candidate(NamedTuple):
    """A record that is clean if its text and its line are."""

    place: int  # among those that are read together
    form: Form
    plan: Plan
    text: str  # its turns
    strings: int  # keys and texts in the object
    raw: bytes | None


class FastLane:
    """Makes the rows of clean records; remembers what it found of sequences of roles."""

    def __init__(self, tokens: TokenEstimate) -> None:
        self._tokens = tokens
        self._plans = Plans()

    def rows(
        self, numbers: Sequence[int], values: Sequence[Any], raws: Sequence[bytes] | None = None
    ) -> list[Rows | None]:
        """The rows of `record` and `body` of the objects on these lines; None for what is not clean.

        `raws`: the lines' bytes when nobody has looked yet for keys given twice and for deep nesting.
        """
        made: list[Rows | None] = [None] * len(values)
        if self._tokens.calibration is None:
            return made
        ascii_: list[Candidate] = []
        others: list[Candidate] = []
        for place, value in enumerate(values):
            found = self._candidate(place, value, raws[place] if raws else None)
            if found:
                (ascii_ if found.text.isascii() else others).append(found)
        for batch, text in (*_clean(ascii_), *_clean(others)):
            words, end = _words(text), 0
            for each in batch:
                start, end = end, end + len(each.form.roles)
                made[each.place] = self._rows(numbers[each.place], each, words[start:end])
        return made

    def _candidate(self, place: int, value: Any, raw: bytes | None) -> Candidate | None:
        try:
            form = form_of(value)
            if form is None:
                return None
            plan = self._plans[form.roles]
            text = BETWEEN.join(form.texts)
        except (TypeError, KeyError, AttributeError):  # of other types than a clean record has
            return None
        if plan is None:
            return None
        strings, flat = form.strings, form.frames is None
        for found in form.extra.values():
            if type(found) is str:
                strings += 1
            elif type(found) in CONTAINERS:
                strings += strings_in(found)
                flat = False
        if raw is not None and not flat and too_nested(raw):
            return None
        return Candidate(place, form, plan, text, strings, raw)

    def _rows(self, number: int, found: Candidate, turns: list[str]) -> Rows | None:
        """`turns`: with single blanks."""
        form, plan = found.form, found.plan
        if "" in turns and not _says_something(turns, form, plan):
            return None
        end = plan.end
        has_reply = end < len(turns)
        length = len(found.text) - end + 1 - (len(form.texts[-1]) + 1 if has_reply else 0)
        more = _read_besides(form, end) if form.frames is not None else 0
        tokens = self._tokens.scaled(length + end - 1 + more)  # turns are a line each
        if tokens is None:
            return None
        rest, reference = _others(form.extra) if form.extra else (NOTHING, None)
        cluster = cluster_id(_key(turns[plan.spoken : end]))
        last = plan.users[-1]
        made = bool(form.extra) and is_generated(form.extra)
        flags, issues = converted(form.shape) if form.shape else (0, NO_ISSUES)
        row = record_row(
            line=number,
            split="train" if made else split_of_cluster(cluster),
            content_hash=content_digest(_frame(form, plan, rest, reference), "\n".join(turns)),
            cluster=cluster,
            tokens=tokens,
            turns=len(plan.users),
            length=length,
            preview=_preview(form.texts[last], turns[last]),
            has_tools=bool(form.tools),
            has_reply=has_reply,
            has_reference=reference is not None,
            flags=flags,
            issues=issues,
            source="generated" if made else "imported",
        )
        return row, _body(form, end, reference)


def _clean(batch: list[Candidate]) -> Iterator[tuple[list[Candidate], str]]:
    """The clean records, in batches, each with its joined text; a faulty one is found by halving."""
    if not batch:
        return
    text = BETWEEN.join([each.text for each in batch])
    if _is_clean(batch, text):
        yield batch, text
    elif len(batch) > 1:
        middle = len(batch) // 2
        yield from _clean(batch[:middle])
        yield from _clean(batch[middle:])


def _is_clean(batch: list[Candidate], text: str) -> bool:
    """Whether no text holds a control character and no key is there twice.

    A line has at least as many quotation marks as its value's keys and texts need, two each and one
    for each mark within a text: so where the sums are equal, each line's are.
    """
    data = text.encode()
    turns = sum([len(each.form.roles) for each in batch])
    if len(data) - len(data.translate(None, CONTROLS)) != turns - 1:
        return False
    raw = b"".join([each.raw for each in batch if each.raw is not None])
    if not raw:
        return True
    marks = 2 * sum([each.strings for each in batch])
    if raw.count(b'"') == marks + text.count('"') and b"u0022" not in raw:
        return True
    return quotes(raw) == marks


def _words(text: str) -> list[str]:
    """The joined texts, each as `" ".join(text.split())` gives it.

    Looking for one sign is many times as fast as looking for two, so newlines are cut at.
    """
    for blank in "\t\r":
        text = text.replace(blank, " ")
    text = " ".join([line for line in text.split("\n") if line])
    if not text.isascii() and not text.replace(BETWEEN, " ").isprintable():
        text = " ".join(text.split())  # of all blanks only a space is printable
    return [
        " ".join(each.split()) if "  " in each else each.strip(" ") for each in text.split(BETWEEN)
    ]


def _says_something(turns: list[str], form: Form, plan: Plan) -> bool:
    """Whether no user turn is empty, nor a reply; other turns may be, when they hold more than words."""
    if form.frames is None or "" in [turns[i] for i in plan.users]:
        return False
    return plan.end == len(turns) or bool(turns[-1])


def _key(turns: list[str]) -> str:
    """As `app.domain.normalise.cluster_key`, of texts with single blanks."""
    key = "\n".join(turns)
    if key.isascii():
        return key.lower()
    folded = unicodedata.normalize("NFKC", key).casefold()
    if "  " in folded or " \n" in folded or "\n " in folded or folded != folded.strip(" "):
        return "\n".join(map(plain, turns))  # signs that stand for another one after a blank
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
    if extra.keys() <= IDENTITY_FIELDS:
        return NOTHING, None
    rest = {name: found for name, found in extra.items() if name not in IDENTITY_FIELDS}
    if REFERENCES.isdisjoint(rest):
        return rest, None
    found = (rest[name] for name in REFERENCE_FIELDS if rest.get(name) is not None)
    return rest, next(found, None)
