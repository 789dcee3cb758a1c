"""The tool that looks for personal data and secrets in the records; what it finds is stored by kind."""

import time
from typing import Any

from pydantic import BaseModel

from app.domain.sensitive import GROUPS, KINDS, scan_key
from app.jobs import Job
from app.store import meta, scans
from app.store.scans import Sensitive
from app.tools.base import Context, tool
from app.tools.parts import in_slices, run_in_parts

NAME = "Scan for personal data"
COVERS = (
    "It finds e-mail addresses, phone numbers with their country code (and, with a country given, as "
    "they are written there), IBANs, payment cards, US social security numbers; keys of well-known "
    "online services, private keys, sign-in tokens (JWT) and passwords in links."
)
MISSES = (
    "It cannot find names of people, street addresses, birth dates, health data or passwords in "
    "prose. A record without a finding may still hold such data."
)


class SensitiveReport(BaseModel):
    """How many records have which kind. The texts themselves are never given out."""

    scanned: int
    records: int
    groups: dict[str, int]
    kinds: dict[str, int]
    said: str
    covers: str = COVERS
    cannot_find: str = MISSES


@tool()
async def scan_sensitive(ctx: Context, country: str = "", again: bool = False) -> SensitiveReport:
    """Look for personal data and secrets in every record, and note for each record which kinds it
    holds, never the text. Records looked through before and not changed since are skipped unless
    `again`. `country` (two letters) also finds phone numbers as they are written there. List them
    with the filters sensitive:any, sensitive:personal, sensitive:secret or a kind (sensitive:email).
    Names of people and street addresses cannot be found."""
    session, store = ctx.open, ctx.open.store
    before = await store.read(meta.get, "scan")
    key = scan_key(country)
    config = {"database": str(store.path), "key": key, "country": country}

    async def work(job: Job) -> Any:
        if before is not None and (again or before["key"] != key):
            await in_slices(session, scans.forget_kinds)
        note = {"key": key, "at": time.time(), "country": country.upper()}
        await store.transaction(meta.put, "scan", note)
        return await run_in_parts(session, job, "scan", config, scans.place_kinds)

    await ctx.jobs.run(NAME, work, dataset_id=session.dataset_id, heavy=True)
    found = await store.read(scans.sensitive)
    return SensitiveReport(
        scanned=found.scanned,
        records=found.records,
        groups=found.groups,
        kinds=found.kinds,
        said=summary(found),
    )


def summary(found: Sensitive) -> str:
    """«Personal data in 12 records, secrets in 1»; "" where no scan was made."""
    if found.at is None:
        return ""
    parts = [f"{GROUPS[name]} in {_records(n)}" for name, n in found.groups.items() if n]
    said = ", ".join(parts) or "no personal data or secrets found"
    if found.waiting:
        said += f" ({found.waiting:,} not scanned yet)"
    return said[:1].upper() + said[1:]


def words_of(kind: str) -> str:
    """A kind or a group in words."""
    words = GROUPS.get(kind) or KINDS[kind].words
    return words[:1].upper() + words[1:]


def _records(number: int) -> str:
    return f"{number:,} {'record' if number == 1 else 'records'}"
