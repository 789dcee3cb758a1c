"""Background passes: begun at opening, finished, stopped for the session, and not begun for little."""

import json

from app.store import meta, search
from app.store.events import SearchChanged
from app.store.search import Search
from app.tools import passes


async def share(app):
    return (await app.session.store.read(search.coverage)).share


async def test_a_small_dataset_needs_no_index(program):
    async with program() as app:
        await passes.start(app.context())
        assert not search.index_path_of(app.session.store.path).exists()
        assert await share(app) == 1


async def test_the_index_is_made_at_opening_and_again_when_it_was_deleted(program, monkeypatch):
    async with program() as app:
        name = app.session.dataset_id
        await app.close_dataset()
        monkeypatch.setattr(search, "DIRECT", 10)
        monkeypatch.setattr(search, "CATCH_UP", 5)
        session, seen, texts = await app.open(name), [], []
        app.jobs.subscribe(lambda job: texts.append((job.name, job.text)))
        session.store.subscribe(seen.append)
        await passes.start(app.context())
        assert seen == [SearchChanged(name)]
        assert ("Index the text", "indexing 100 %") in [(n, t.split(",")[0]) for n, t in texts]
        assert await share(app) == 1
        assert await session.store.read(lambda tx: Search(tx, "stolen").count()) == 10
        search.index_path_of(session.store.path).unlink()
        page = await app.call("get_dataset_records", query="stolen")
        assert page.indexed_share < 1
        await passes.start(app.context())
        page = await app.call("get_dataset_records", query="stolen")
        assert (page.total, page.indexed_share) == (10, 1)


async def test_what_the_user_stopped_waits_for_the_next_opening(program, monkeypatch):
    async with program() as app:
        monkeypatch.setattr(search, "DIRECT", 10)
        monkeypatch.setattr(search, "CATCH_UP", 5)
        app.session.passes = None
        app.jobs.subscribe(lambda job: job.name == "Index the text" and job.stop())
        await passes.start(app.context())
        assert app.session.passes_stopped
        assert await share(app) < 1
        page = await app.call("get_dataset_records", query="stolen")
        assert page.indexed_share < 1
        assert app.session.passes.done()


async def test_near_duplicates_are_found_later_as_they_are_at_import(program, tmp_path):
    file = tmp_path / "near.jsonl"
    words = "please tell me how much money is left in the savings account number"
    texts = [f"{words} {n}" for n in ("one", "one!", "one!!")] + ["something else altogether"]
    lines = [json.dumps({"messages": [{"role": "user", "content": text}]}) for text in texts]
    file.write_text("\n".join(lines), encoding="utf-8")
    columns = "SELECT id, cluster, split, flags, issues FROM record ORDER BY id"
    async with program() as app:
        session = await app.open((await app.import_file(file)).dataset)
        await passes.start(app.context())
        store = session.store
        at_import = await store.read(lambda tx: tx.sql(columns))
        assert len({row[1] for row in at_import}) == 2

        def forget(tx):
            for record_id, *_ in at_import:
                own = f"{record_id:016x}"
                tx.sql("UPDATE record SET cluster = ?, flags = 0, issues = '[]' WHERE id = ?",
                       (own if record_id > 1 else at_import[0][1], record_id))  # fmt: skip
            meta.put(tx, "near_duplicates", "pending")

        await store.transaction(forget)
        await app.close_dataset()
        session = await app.open(session.dataset_id)
        await passes.start(app.context())
        found = await session.store.read(lambda tx: tx.sql(columns))
        assert found[:3] == at_import[:3]
        assert await session.store.read(meta.get, "near_duplicates") == "done"
