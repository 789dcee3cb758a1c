"""The conversation of one dataset, as it is stored with it: added to, read back, searched."""

import asyncio
import logging
from typing import NamedTuple

from pydantic import ValidationError

from app.agent.entries import STORED, Entry, as_data, read_back, settled
from app.domain.plain import unmarked
from app.store import results
from app.store.database import Tx
from app.store.store import Store

log = logging.getLogger(__name__)
SEEN = 1000  # rows of the conversation that are read at once
AROUND = 40, 80  # characters of an entry before the words that were found, and with them after


class Found(NamedTuple):
    """A place in the conversation: its row, when (seconds since the epoch), who, and some words."""

    row: int
    at: float
    who: str
    excerpt: str


class Conversation:
    """Without a `store` no dataset is open: what is said then is kept only here."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._unsaved: list[Entry] = []

    async def add(self, entry: Entry) -> None:
        """Keep an entry, if it is of a kind that is kept."""
        if not isinstance(entry, STORED):
            return
        if self._store is None:
            self._unsaved.append(entry)
        else:
            await self._store.transaction(results.add_chat, entry.kind, as_data(entry))

    async def said(self, limit: int) -> list[Entry]:
        """The newest of what was said, oldest first, as it stands."""
        if self._store is None:
            return list(self._unsaved)
        return [entry for _, entry in await self.rows(limit)]

    async def rows(self, limit: int = SEEN, before: int = 0) -> list[tuple[int, Entry]]:
        """The stored entries, oldest first, each with its row; of those before a row where one is
        given."""
        if self._store is None:
            return []
        return await asyncio.to_thread(_entries, await self._store.read(_page, limit, before))

    async def search(self, text: str, limit: int = 50) -> list[Found]:
        """Where the words stand, newest first."""
        words = text.strip()
        if self._store is None or not words:
            return []
        rows = await self._store.read(results.search_chat, words, limit)
        return [_found(row, words) for row in rows]


def _page(tx: Tx, limit: int, before: int) -> list[results.ChatEntry]:
    """A page, and what was said later about it: which of it was taken back, or answered."""
    later = results.chat_marks(tx, before) if before else []
    return results.chat(tx, limit, before) + later


def _entries(rows: list[results.ChatEntry]) -> list[tuple[int, Entry]]:
    """What another version stored and this one cannot read is left out; nothing else is lost by it."""
    read: list[tuple[int, Entry]] = []
    for row in rows:
        try:
            read.append((row.id, read_back(row.kind, row.data, row.id)))
        except ValidationError as error:
            log.info("an entry of the conversation cannot be read: %s", error)
    return settled(read)


def _found(row: results.ChatEntry, words: str) -> Found:
    """The words with some of what stands around them."""
    text = " ".join(unmarked(str(row.data["text"])).split())
    at = max(0, text.casefold().find(unmarked(words).casefold()))
    before, after = AROUND
    start = max(0, at - before)
    excerpt = ("…" if start else "") + text[start : at + after]
    return Found(row.id, row.at, "you" if row.kind == "user" else "assistant", excerpt)
