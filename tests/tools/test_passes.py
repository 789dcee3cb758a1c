"""Background passes: begun at opening, finished, stopped for the session, and not begun for little."""

import hashlib
import json
import os

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from app.store import meta, records, search
from app.store.events import RecordsChanged, SearchChanged
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


COUNTS = "SELECT id, tokens, tokens_exact FROM record ORDER BY id"


def give_tokenizer(app, words, *, name="aaa"):
    """A base model's tokenizer as far as the pass sees one: it splits at blanks."""
    settings = app.session.settings
    folder = app.session.folder / "models" / f"starter-{settings.preset}-{settings.seed}-{name}"
    folder.mkdir(parents=True)
    tokenizer = Tokenizer(
        WordLevel({"[UNK]": 0, **{w: n for n, w in enumerate(words, 1)}}, "[UNK]")
    )
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))


async def counts(app):
    return await app.session.store.read(lambda tx: tx.sql(COUNTS))


async def prompts(app):
    every = await app.session.store.read(lambda tx: records.many(tx, range(1, 81)))
    return {r.id: "\n".join(m.text for m in r.messages) for r in every}


async def test_tokens_are_counted_once_there_is_a_base_model_and_again_for_another(program):
    async with program() as app:
        await passes.count_tokens(app.context())
        assert not any(exact for _, _, exact in await counts(app)), (
            "about, as long as there is none"
        )
        give_tokenizer(app, ["my", "card"])
        session, seen = app.session, []
        session.store.subscribe(seen.append)
        await passes.count_tokens(app.context())
        texts = await prompts(app)
        assert await counts(app) == [(i, len(t.split()), 1) for i, t in texts.items()]
        assert RecordsChanged(session.dataset_id) in seen
        names = []
        app.jobs.subscribe(lambda job: names.append(job.name))
        await passes.count_tokens(app.context())
        assert names == [], "nothing is counted twice"
        edited = [{"role": "user", "content": "one two three"}]
        await app.call("update_record", record_id=3, updates={"messages": edited})
        about = [row for row in await counts(app) if not row[2]]
        assert [row[0] for row in about] == [3]
        assert about[0][1] < 10, "about, by its length"
        await passes.count_tokens(app.context())
        assert (await counts(app))[2] == (3, 3, 1)
        await session.store.undo()
        await passes.count_tokens(app.context())
        assert (await counts(app))[2] == (3, len(texts[3].split()), 1)
        give_tokenizer(app, ["another"], name="bbb")
        os.utime(next((session.folder / "models").glob("*-bbb/*.json")), (2e9, 2e9))
        names.clear()
        await passes.count_tokens(app.context())
        assert set(names) == {"Count tokens"}, "another vocabulary counts otherwise"
        assert all(exact for _, _, exact in await counts(app))


async def test_what_an_earlier_run_set_down_is_used_where_it_still_holds(program):
    async with program() as app:
        give_tokenizer(app, ["my", "card"])
        session = app.session
        tokenizer = passes.tokenizer_of(session)
        key = hashlib.blake2b(tokenizer.read_bytes(), digest_size=16).hexdigest()
        await session.store.transaction(meta.put, "token_counts", key)
        folder = session.folder / "runs" / "count-tokens"
        folder.mkdir(parents=True, exist_ok=True)
        every = await session.store.read(lambda tx: records.many(tx, [1, 2, 3]))
        own = [[r.id, r.content_hash, 1000 + r.id] for r in every]
        own[1][1] = "00" * 16  # it was edited since
        for name, of in (("part-1.json", key), ("part-2.json", "another")):
            rows = own if of == key else [[3, every[2].content_hash, 7]]
            (folder / name).write_text(json.dumps({"key": of, "rows": rows}))
        await passes.count_tokens(app.context())
        texts = await prompts(app)
        wanted = [(1, 1001, 1), (2, len(texts[2].split()), 1), (3, 1003, 1)]
        assert (await counts(app))[:3] == wanted
        assert not list(folder.glob("part-*"))
