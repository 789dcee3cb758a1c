"""Whether excerpts of a dataset may be sent to a connected model, and up to which limit it may be
asked; for whoever asks a model."""

import hashlib

from app.domain.wording import count
from app.errors import DeclinedError
from app.llm.address import host_of, is_loopback
from app.llm.connections import Connection
from app.settings import Settings
from app.store import meta
from app.store.database import Tx
from app.store.results import Usage
from app.tools.base import Approver, Card
from app.tools.session import Session


async def consented(session: Session, connection: Connection) -> bool:
    """Whether excerpts of the dataset may go to this connection: a local one, or by an earlier yes."""
    if is_loopback(connection.base_url):
        return True
    return host_of(connection.base_url) in await session.store.read(meta.get, "hosts", [])


async def consent(session: Session, connection: Connection, approve: Approver, sent: str) -> None:
    """Ask once a dataset and host, where `sent` says what goes there; raises DeclinedError at a no."""
    if await consented(session, connection):
        return
    host = host_of(connection.base_url)
    card = Card(
        tool="send_to_host",
        title=f"Send excerpts of this dataset to {host}?",
        rows=[("Connection", connection.name), ("Model", connection.model), ("Sent", sent)],
        verb="Send",
        note="Asked once a dataset and host",
        warning=unencrypted(connection),
        key=hashlib.blake2b(f"{session.dataset_id} {host}".encode()).hexdigest()[:32],
    )
    if not await approve(card):
        raise DeclinedError(f"Nothing was sent to {host}.")
    await session.store.transaction(_allow, host)


def unencrypted(connection: Connection) -> str:
    """A warning where anyone on the way could read what is sent; empty where nobody can."""
    if is_loopback(connection.base_url) or connection.base_url.lower().startswith("https:"):
        return ""
    return "The way there is not encrypted."


def limit_reached(
    settings: Settings,
    connection: Connection,
    before: Usage,
    *,
    prompt_tokens: int,
    answer_tokens: int,
) -> str:
    """The limit that these tokens, on top of what was used `before`, would reach; empty while there is
    room. Money where prices are known, else tokens."""
    cost = connection.cost(prompt_tokens, answer_tokens)
    if cost is not None:
        over = (before.cost or 0) + cost >= settings.spend_cap
        return f"spending limit of {settings.spend_cap:.2f}" if over else ""
    over = before.tokens + prompt_tokens + answer_tokens >= settings.token_cap
    return f"limit of {count(settings.token_cap, 'token')}" if over else ""


def _allow(tx: Tx, host: str) -> None:
    meta.put(tx, "hosts", sorted({*meta.get(tx, "hosts", []), host}))
