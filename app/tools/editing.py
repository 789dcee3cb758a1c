"""Another text for a stored record: hash, findings and size follow it; no tool is defined here."""

from collections.abc import Iterable
from typing import Any

from app.domain.normalise import cluster_key, content_hash
from app.domain.records import Issue, Record
from app.domain.validation import FLAG_BITS, ONLY_AT_IMPORT, issue, issues_of, worst
from app.importing.tokens import TokenEstimate
from app.store import records
from app.store.database import Tx
from app.store.rows import encode, hash_of

DUPLICATE = 1 << FLAG_BITS["duplicate"]
# Found at the import of turns that a person has now seen and set right.
OF_TURNS = frozenset({"message_not_object", "tool_calls_unreadable", "content_coerced"})
# Found anew from what is stored.
FOUND_AGAIN = frozenset({"duplicate", "too_big"})


def edited(record: Record, **texts: Any) -> Record:
    """The record with other `messages`, `reply` or `reference`; not checked and not stored."""
    if "messages" in texts:
        texts["messages"] = tuple(texts["messages"])
    return record.model_copy(update=texts)


def put(tx: Tx, before: Record, after: Record, *, by_hand: bool) -> Record:
    """Store what differs and return the record as it is now.

    `by_hand`: a person saw the turns, so what the import said of them is settled. Cluster and split
    stay: a held-out prompt must not move into training by an edit.
    """
    texts = {
        name: getattr(after, name)
        for name in ("messages", "reply", "reference")
        if getattr(after, name) != getattr(before, name)
    }
    if not texts:
        return before
    checked = _checked(tx, before, after, by_hand=by_hand)
    columns = {
        "content_hash": checked.content_hash,
        "issues": list(checked.issues),
        "valid": checked.valid,
        "source": "edited" if before.source == "imported" else before.source,
    }
    if "messages" in texts:
        texts["messages"] = list(after.messages)
    records.edit(tx, before.id, **texts, **columns)
    return checked


def findings(record: Record) -> list[Issue]:
    """All that speaks against a stored record: checked now, or seen only by the import."""
    kept = [i for i in record.issues if i.code in ONLY_AT_IMPORT]
    found = issues_of(record.messages, reply=record.reply, tokens=record.tokens)
    return [*found, *kept]


def settle_duplicates(tx: Tx, hashes: Iterable[str]) -> None:
    """Where all records of one content are called duplicates the first of them is none any more."""
    query = (
        "SELECT MIN(id) FROM record WHERE content_hash = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM record WHERE content_hash = ?1 AND NOT flags & ?2)"
    )
    for each in set(hashes):
        first = tx.sql(query, (hash_of(each), DUPLICATE))[0][0] if each else None
        if first is not None:
            record = records.get(tx, first)
            kept = [i for i in record.issues if i.code != "duplicate"]
            valid = not any(i.severity == "error" for i in kept)
            records.edit(tx, first, issues=kept, valid=valid)


def _checked(tx: Tx, before: Record, after: Record, *, by_hand: bool) -> Record:
    tokens = before.tokens
    if after.messages != before.messages:
        tokens = _tokens(before, after)
    size = sum(len(encode(v)) for v in (after.messages, after.reply, after.reference, after.extra))
    found = issues_of(after.messages, reply=after.reply, tokens=tokens, size=size)
    dropped = FOUND_AGAIN | (OF_TURNS if by_hand else frozenset())
    if cluster_key(after.messages) != cluster_key(before.messages):
        dropped |= {"near_duplicate"}
    kept = [i for i in before.issues if i.code in ONLY_AT_IMPORT - dropped]
    digest = content_hash(
        after.messages,
        tools=after.tools,
        reference=after.reference,
        reply=after.reply,
        extra=after.extra,
    )
    twin = tx.sql(
        "SELECT COALESCE(line, id) FROM record WHERE content_hash = ? AND id <> ? AND valid LIMIT 1",
        (hash_of(digest), before.id),
    )
    if twin and not any(i.severity == "error" for i in (*found, *kept)):
        kept.append(issue("duplicate", line=twin[0][0]))
    changes = {"content_hash": digest, "tokens": tokens, "issues": worst([*found, *kept])}
    return after.model_copy(update=changes)


def _tokens(before: Record, after: Record) -> int:
    """About: by the tokens per character that the record had."""
    if before.tokens and before.length:
        return round(before.tokens * after.length / before.length)
    return TokenEstimate().of("\n".join(message.text for message in after.messages))
