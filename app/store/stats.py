"""A dataset in numbers, by SQL over the narrow rows; each is kept until the records change."""

import struct
from collections import Counter, defaultdict

from pydantic import BaseModel

from app.domain.thresholds import DEFAULTS
from app.domain.validation import FLAG_BITS, codes_of
from app.store.database import Tx
from app.store.filters import IN_REVIEW, SCORES

Sums = dict[tuple[str, int | None], tuple[int, int]]
SLICE = 20_000  # ids whose hashes are summed at a time
# By hex, which is 1.5 s CPU for a million records instead of 2.7 s for a Python loop over the rows;
# the plus signs keep SQLite from going through an index, one random row after the other.
HASHES = """SELECT COALESCE(split, ''), topic_id, COUNT(*), group_concat(hex(content_hash), '')
  FROM record WHERE valid AND LENGTH(content_hash) = 16 AND id BETWEEN ? AND ?
  GROUP BY +split, +topic_id"""


class RecordStats(BaseModel):
    """The dataset in numbers; all but `records` and `invalid` count valid records."""

    records: int = 0
    valid: int = 0
    invalid: int = 0
    warned: int = 0
    duplicates: int = 0
    near_duplicates: int = 0
    multi_turn: int = 0
    with_tools: int = 0
    with_reply: int = 0
    with_reference: int = 0
    generated: int = 0
    tokens: int = 0
    categorised: int = 0
    confirmed: int = 0
    review: int = 0
    splits: dict[str, int] = {}
    issues: dict[str, int] = {}


def stats(tx: Tx) -> RecordStats:
    return tx.cached(("stats", DEFAULTS.topic_review), lambda: _stats(tx))


def _stats(tx: Tx) -> RecordStats:
    bits = {name: 1 << FLAG_BITS[name] for name in ("duplicate", "near_duplicate")}
    query = f"""SELECT COUNT(*), SUM(valid), SUM(NOT valid), SUM(valid AND flags <> 0),
      SUM(flags & {bits["duplicate"]} <> 0), SUM(flags & {bits["near_duplicate"]} <> 0),
      SUM(valid AND turns > 1), SUM(valid AND has_tools), SUM(valid AND has_reply),
      SUM(valid AND has_reference), SUM(valid AND source = 'generated'), SUM(valid * tokens),
      SUM(valid AND topic_id IS NOT NULL), SUM(valid AND topic_source IS 'user'),
      SUM({IN_REVIEW}) FROM record"""
    numbers = [n or 0 for n in tx.sql(query, (DEFAULTS.topic_review,))[0]]
    names = [n for n in RecordStats.model_fields if n not in ("splits", "issues")]
    splits = tx.sql("SELECT split, COUNT(*) FROM record WHERE valid AND split <> '' GROUP BY 1")
    return RecordStats(
        **dict(zip(names, numbers, strict=True)), splits=dict(splits), issues=_issues(tx)
    )


def _issues(tx: Tx) -> dict[str, int]:
    """How many records have each issue, the most frequent first."""
    found: Counter[str] = Counter()
    for flags, number in tx.sql(
        "SELECT flags, COUNT(*) FROM record WHERE flags <> 0 GROUP BY flags"
    ):
        for code in codes_of(flags):
            found[code] += number
    return dict(found.most_common())


def bands(tx: Tx, *, high: float, review: float) -> tuple[int, int, int]:
    """Categorised valid records as (high, medium, review) by probability; a confirmed one is high.

    What has no probability (put there by a proposal or a label) counts as high too. What a connected
    model placed is medium at least, however unsure the app was of that topic itself.
    """
    sure = (
        "CASE topic_source WHEN 'user' THEN 1 WHEN 'model' THEN MAX(COALESCE(probability, 0), ?2) "
        "ELSE COALESCE(probability, 1) END"
    )
    query = (
        f"SELECT SUM({sure} >= ?1), SUM({sure} < ?1 AND {sure} >= ?2), SUM({sure} < ?2) "
        "FROM record WHERE valid AND topic_id IS NOT NULL"
    )
    values = (high, review)
    found = tx.cached(("bands", values), lambda: tx.sql(query, values)[0])
    first, second, third = (n or 0 for n in found)
    return first, second, third


def topic_scores(tx: Tx) -> dict[int, tuple[float, int]]:
    """(mean score, number of records) of each topic's records in the newest dry run."""
    query = f"""SELECT topic_id, AVG(score), COUNT(*) FROM ({SCORES}) JOIN record ON id = record_id
      WHERE topic_id IS NOT NULL GROUP BY topic_id"""
    return {topic_id: (mean, number) for topic_id, mean, number in tx.sql(query)}


def content_sums(tx: Tx) -> Sums:
    """(number, sum of content hashes as numbers) of the valid records by (split, topic id).

    What fingerprints of the data are made of (`app.domain.fingerprints.of_groups`).
    """
    return tx.cached("content sums", lambda: _content_sums(tx))


def _content_sums(tx: Tx) -> Sums:
    numbers: dict[tuple[str, int | None], int] = defaultdict(int)
    totals: dict[tuple[str, int | None], int] = defaultdict(int)
    (last,) = tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    for start in range(0, last, SLICE):
        for split, topic, number, hashes in tx.sql(HASHES, (start + 1, start + SLICE)):
            halves = struct.unpack(f">{2 * number}Q", bytes.fromhex(hashes))
            numbers[split, topic] += number
            totals[split, topic] += (sum(halves[::2]) << 64) + sum(halves[1::2])
    return {key: (numbers[key], totals[key]) for key in numbers}
