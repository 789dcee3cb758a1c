"""A page is the same stretch of the list whatever way it is found, also where a sample misleads."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from app.store import filters, paging, records, results, search
from app.store.create import create_dataset
from app.store.database import Tx
from app.store.records import RecordFilter, Sort
from app.store.store import Store
from tests.store.conftest import OpenStore
from tests.store.test_search import index

FILTERS = (
    RecordFilter(),
    RecordFilter(split="test"),
    RecordFilter(tag="rare"),
    RecordFilter(topic_ids=(1, 3)),
    RecordFilter(valid=True, tokens=(20, None)),
    RecordFilter(text="common"),
    RecordFilter(text="common -odd", split="train"),
    RecordFilter(text="common", tag="rare"),
    RecordFilter(text="odd"),
)
STRETCHES = ((3, 40), (95, 20), (390, 30))


def row(number: int) -> dict[str, Any]:
    draw = random.Random(number)
    text = f"{draw.choice(('please help me with the ', ''))}{draw.randrange(60):03} common"
    return {
        "messages": [{"role": "user", "content": f"{text} {'odd' * (number % 9 == 0)}"}],
        "tokens": number // 4,  # rises through the file: a sample knows the last stretch only
        "topic_id": draw.choice((None, 1, 2, 3)),
        "probability": draw.choice((None, None, 0.25, 0.5)),
        "split": draw.choice(("train", "train", "test", None)),
        "source": "generated" if number == 377 else "imported",
        "tags": "rare" if number % 131 == 5 else "",
        "weight": draw.random(),
        "valid": number % 50 != 0,
        "issues": [{"code": "user_twice", "severity": "warn", "text": ""}] * (number % 40 == 1),
    }


@pytest.fixture
def scored(tmp_path: Path) -> OpenStore:
    """Opens a store of 400 indexed records, some of them scored."""
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, map(row, range(1, 401)), {})
    index(path)

    @asynccontextmanager
    async def open_it() -> AsyncIterator[Store]:
        store = await Store.open(path, "d1")
        try:
            await store.transaction(_score)
            yield store
        finally:
            await store.close()

    return open_it


def _score(tx: Tx) -> None:
    result = results.add(tx, "dry_run", state="completed", fingerprint="", data={})
    for record_id in range(10, 200, 10):
        tx.sql(
            "INSERT INTO answer(result_id, record_id, k, text, tokens, score, reason, truncated) "
            "VALUES (?, ?, 0, '', 0, ?, '', 0)",
            (result, record_id, record_id % 3 / 2),
        )


def _compare(tx: Tx) -> list[Any]:
    wrong = []
    for spec in FILTERS:
        for sort in get_args(Sort):
            for down in (False, True):
                whole = records.ids(tx, spec, sort, down)
                for offset, limit in STRETCHES:
                    page = paging.page(tx, spec, sort, down, offset=offset, limit=limit)
                    if page != whole[offset : offset + limit]:
                        wrong.append((spec, sort, down, offset))
    return wrong


@pytest.mark.parametrize("sample", [1, 500])
async def test_every_page_is_a_stretch_of_the_whole_order(scored, monkeypatch, sample):
    monkeypatch.setattr(paging, "SAMPLE", sample)
    monkeypatch.setattr(paging, "SAFETY", 1)
    async with scored() as store:
        assert await store.read(_compare) == []


async def test_hits_of_common_words_are_sifted_alike(scored, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 20)
    monkeypatch.setattr(search, "SLICE", 7)
    for sizes in ((5, 10, 20), (200, 400, 800)):
        monkeypatch.setattr(paging, "SIFTED", sizes)
        async with scored() as store:
            assert await store.read(_compare) == []


async def test_changed_texts_are_sifted_by_what_they_are_now(scored, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 20)
    new = [{"role": "user", "content": "nothing of that"}]
    spec = RecordFilter(text="common")
    async with scored() as store:
        await store.write("edit", lambda tx: records.edit(tx, 400, messages=new))
        found = await store.read(records.page, spec, "tokens", True, limit=4)
    assert list(found) == [396, 397, 398, 399]


async def test_a_list_of_columns_never_reads_the_rows(scored):
    """The index that lists go through holds all that they filter and sort by."""
    spec = RecordFilter(
        split="test", source="x", tag="y", valid=True, has_tools=True, has_reply=True,
        has_reference=True, multi_turn=True, tokens=(1, 2), length=(1, 2), probability=(0, 1),
        batch=(0, 1), topic_ids=(1,), review=True,
    )  # fmt: skip

    def plan(tx: Tx) -> str:
        found_by, values = filters.where(spec, scan=True)
        query = f"SELECT id FROM record WHERE {found_by} ORDER BY +fit, +weight, +flags, id"
        return str(tx.sql(f"EXPLAIN QUERY PLAN {query}", values))

    async with scored() as store:
        assert "COVERING INDEX record_listed" in await store.read(plan)


async def test_about_is_exact_where_the_sample_is_everything(scored):
    async with scored() as store:
        for spec in FILTERS[:5]:
            assert await store.read(paging.about, spec) == await store.read(records.count, spec)
