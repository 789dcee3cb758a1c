"""Bulk building, exact duplicates, stopping; and an older file brought to this version."""

import json
import sqlite3

import pytest

from app.domain.validation import FLAG_BITS
from app.errors import Stopped, StoreError
from app.store import changes, generated, inverse, records, topics
from app.store.create import ROWS_A_STATEMENT, DatasetWriter, create_dataset, mark_duplicates
from app.store.records import RecordFilter
from app.store.rows import DEFAULTS, IMPORTED_COLUMNS, rows_of
from app.store.store import Store
from app.store.tables import PAGE_SIZE, SCHEMA_VERSION
from tests.store.conftest import row

VERSION_1 = """
CREATE TABLE meta (key VARCHAR(255) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE record (id INTEGER NOT NULL PRIMARY KEY, line INTEGER, messages TEXT NOT NULL,
  tools TEXT NOT NULL, reference TEXT NOT NULL, reply TEXT NOT NULL, extra TEXT NOT NULL,
  source VARCHAR(255) NOT NULL, parent_id INTEGER, topic_id INTEGER, topic_source VARCHAR(255),
  probability REAL, fit REAL, alternatives TEXT NOT NULL, split VARCHAR(255), issues TEXT NOT NULL,
  valid INTEGER NOT NULL, content_hash VARCHAR(255) NOT NULL, cluster VARCHAR(255) NOT NULL,
  tokens INTEGER NOT NULL, weight REAL NOT NULL, preview TEXT NOT NULL);
CREATE INDEX record_topic_id ON record(topic_id);
CREATE INDEX record_valid ON record(valid);
CREATE INDEX record_content_hash ON record(content_hash);
CREATE TABLE topic (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER, name TEXT NOT NULL,
  description TEXT NOT NULL, position INTEGER NOT NULL, target REAL, locked INTEGER NOT NULL);
CREATE TABLE grader (id INTEGER NOT NULL PRIMARY KEY, config TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE result (id INTEGER NOT NULL PRIMARY KEY, kind VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL, created REAL NOT NULL, ended REAL, fingerprint VARCHAR(255) NOT NULL,
  data TEXT NOT NULL);
CREATE TABLE answer (id INTEGER NOT NULL PRIMARY KEY, result_id INTEGER NOT NULL,
  record_id INTEGER NOT NULL, k INTEGER NOT NULL, text TEXT NOT NULL, tokens INTEGER NOT NULL,
  score REAL, error TEXT, reason TEXT NOT NULL, format_ok INTEGER, truncated INTEGER NOT NULL);
CREATE TABLE chat (id INTEGER NOT NULL PRIMARY KEY, at REAL NOT NULL, kind VARCHAR(255) NOT NULL,
  data TEXT NOT NULL);
CREATE TABLE change (id INTEGER NOT NULL PRIMARY KEY, label TEXT NOT NULL, actor VARCHAR(255)
  NOT NULL, tool VARCHAR(255) NOT NULL, at REAL NOT NULL, cells INTEGER NOT NULL, undoes INTEGER,
  undone_by INTEGER);
CREATE TABLE change_cell (id INTEGER NOT NULL PRIMARY KEY, change_id INTEGER NOT NULL,
  tbl VARCHAR(255) NOT NULL, row_id NOT NULL, op VARCHAR(255) NOT NULL, col VARCHAR(255) NOT NULL,
  before, after);
CREATE TABLE change_current (id INTEGER NOT NULL PRIMARY KEY, change_id INTEGER NOT NULL);
CREATE TABLE point (id INTEGER NOT NULL PRIMARY KEY, step VARCHAR(255) NOT NULL,
  change_id INTEGER NOT NULL, at REAL NOT NULL, label TEXT NOT NULL);
CREATE TRIGGER undo_record_d AFTER DELETE ON record BEGIN SELECT OLD.messages; END;
CREATE TRIGGER undo_topic_i AFTER INSERT ON topic BEGIN SELECT NEW.id; END;
CREATE TRIGGER undo_meta_i AFTER INSERT ON meta BEGIN SELECT NEW.key; END;
INSERT INTO meta VALUES ('goal', '"old goal"');
INSERT INTO topic VALUES (3, NULL, 'Cards', '', 0, NULL, 0);
INSERT INTO change VALUES (1, 'Edit', 'user', '', 0, 1, NULL, NULL);
INSERT INTO change_cell VALUES (1, 1, 'record', 1, 'U', 'messages', 'a', 'b');
PRAGMA application_id = 0x52465453;
PRAGMA user_version = 1;
"""
TURNS = [
    {"role": "user", "content": "hello\n  there " + "x" * 300},
    {"role": "assistant", "content": "yes"},
    {"role": "user", "content": "two\n lines"},
]
WARNING = {"code": "duplicate", "severity": "warn", "text": "The same as line 1."}


def old_file(path):
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1)
        for i, issues in ((1, []), (7, [WARNING])):
            values = (
                i, i, json.dumps(TURNS), '[{"type":"function"}]', '"null"', "null", '{"n":1e400}',
                "imported", None, 3, "auto", 0.4, 0.2, "[[3,0.4]]", "test", json.dumps(issues), 1,
                "ab" * 16, "c", 12, 2.0, "two\n lines",
            )  # fmt: skip
            marks = ", ".join("?" for _ in values)
            db.execute(f"INSERT INTO record VALUES ({marks})", values)
    db.close()


async def test_a_file_of_version_1_is_brought_to_this_one(tmp_path):
    path = tmp_path / "dataset.sqlite"
    old_file(path)
    with sqlite3.connect(path) as db:
        db.execute("""UPDATE record SET extra = '{"n":1}'""")
    db.close()
    store = await Store.open(path, "d")
    try:
        record = await store.read(records.get, 7)
        assert [m.text for m in record.messages] == [t["content"] for t in TURNS]
        assert (record.reference, record.reply, record.extra) == ("null", None, {"n": 1})
        assert (record.topic_id, record.weight, record.content_hash) == (3, 2.0, "ab" * 16)
        (line,) = await store.read(records.rows, [7])
        assert (line.preview, line.turns, line.has_tools) == ("two lines", 2, True)
        assert line.length == sum(len(t["content"]) for t in TURNS)
        assert line.issues == ["duplicate"]
        for spec, number in (
            ({"has_reference": True}, 2), ({"has_reply": True}, 0), ({"issues": ("duplicate",)}, 1)
        ):  # fmt: skip
            assert await store.read(records.count, RecordFilter(**spec)) == number
        assert await store.read(changes.timeline) == []
        await store.write("Edit", records.edit, 7, extra={"n": 2})
        await store.undo()
        assert (await store.read(records.get, 7)).extra == {"n": 1}
        assert await store.read(lambda tx: tx.sql("SELECT record_id FROM unindexed")) == [(7,)]
        assert await store.read(lambda tx: tx.sql("PRAGMA user_version")) == [(SCHEMA_VERSION,)]
    finally:
        await store.close()


async def test_a_migrated_file_has_the_schema_of_a_new_one(tmp_path):
    def schema(path):
        with sqlite3.connect(path) as db:
            found = db.execute(
                "SELECT type, name FROM sqlite_master WHERE tbl_name IN ('record', 'body', "
                "'unindexed', 'scanned', 'meta', 'topic') AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
            columns = [db.execute(f"PRAGMA table_info({t})").fetchall() for t in ("record", "body")]
        db.close()
        return sorted(found), columns

    old_file(tmp_path / "old.sqlite")
    with sqlite3.connect(tmp_path / "old.sqlite") as db:
        db.execute("UPDATE record SET extra = '{}'")
    db.close()
    await (await Store.open(tmp_path / "old.sqlite", "d")).close()
    create_dataset(tmp_path / "new.sqlite", [], {})
    assert schema(tmp_path / "old.sqlite") == schema(tmp_path / "new.sqlite")


def built(path, rows, **more):
    made = [rows_of(number, each) for number, each in enumerate(rows, 1)]
    with DatasetWriter(path) as writer:
        writer.add([record for record, _ in made], [body for _, body in made])
        return writer.finish({"goal": "answer"}, **more)


def test_imported_rows_are_numbered_and_all_else_is_as_in_new_records(tmp_path):
    path, count = tmp_path / "d.sqlite", 2 * ROWS_A_STATEMENT + 3
    lines = [
        (n, "imported", "test", 1, 0, b"h", "c", 5, 1, 0, 0, 0, 9, "p", "[]") for n in range(count)
    ]
    with DatasetWriter(path) as writer:
        writer.add_imported(lines, [("[1]", "[2]", "3", "4", "{}")] * count)
        assert writer.finish({}, duplicates=False) == count
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        found = db.execute(
            "SELECT * FROM record JOIN body ON record_id = id ORDER BY id"
        ).fetchall()
    db.close()
    assert [(row["id"], row["line"]) for row in found] == [(n + 1, n) for n in range(count)]
    texts = {"messages": "[1]", "tools": "[2]", "reference": "3", "reply": "4", "extra": "{}"}
    given = dict(zip(IMPORTED_COLUMNS, lines[7], strict=True))
    assert dict(found[7]) == {**DEFAULTS, **given, **texts, "id": 8, "record_id": 8}


def issues_in(path):
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT issues, flags FROM record ORDER BY id").fetchall()
    db.close()
    return [([i["text"] for i in json.loads(text)], flags) for text, flags in found]


def test_exact_duplicates_are_marked_and_the_first_valid_one_stays_clean(tmp_path):
    path = tmp_path / "d.sqlite"
    flag = 1 << FLAG_BITS["duplicate"]
    warned = {"code": "user_twice", "severity": "warn", "text": "Twice."}
    assert built(path, [
        row(0, content_hash="a", line=10, valid=False), row(1, content_hash="a", line=20),
        row(2, content_hash="b", line=30), row(3, content_hash="a", line=40, issues=[warned]),
        row(4, content_hash="a", line=50, valid=False), row(5, content_hash="", line=60),
        row(6, content_hash="", line=70),
    ]) == 7  # fmt: skip
    twice = 1 << FLAG_BITS["user_twice"]
    wanted = [([], 0)] * 3 + [(["Twice.", "The same as line 20."], twice | flag)] + [([], 0)] * 3
    assert issues_in(path) == wanted
    with sqlite3.connect(path) as db:
        assert mark_duplicates(db) == 0, "once marked is enough"
        assert db.execute("PRAGMA page_size").fetchone() == (PAGE_SIZE,)
    db.close()
    assert issues_in(path) == wanted


def test_building_stops_within_a_statement_and_says_why(tmp_path):
    asked = []

    def stop():
        asked.append(1)
        if len(asked) > 1:
            raise Stopped("Stopped by the user.")

    record, body = rows_of(1, row(1))
    ids = range(1, 30_000)
    with (
        DatasetWriter(tmp_path / "d.sqlite", stop=stop) as writer,
        pytest.raises(Stopped, match="by the user"),
    ):
        writer.add([(i, *record[1:]) for i in ids], [(i, *body[1:]) for i in ids])


def test_trouble_while_building_names_the_file(tmp_path):
    with pytest.raises(StoreError, match="nowhere"):
        DatasetWriter(tmp_path / "nowhere" / "d.sqlite")
    record, body = rows_of(1, row(1))
    with (
        DatasetWriter(tmp_path / "d.sqlite") as writer,
        pytest.raises(StoreError, match=r"d\.sqlite"),
    ):
        writer.add([record, record], [body])


def as_version(number, path):
    """The file as an older version left it: without the tables and columns that came later."""
    with sqlite3.connect(path) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for since, statement in (
            (3, "DROP TABLE scanned"),
            (4, "DROP TABLE generated"),
            (5, "ALTER TABLE topic DROP COLUMN color"),
            (5, "ALTER TABLE topic DROP COLUMN quota"),
            (5, "DELETE FROM change_cell WHERE col IN ('color', 'quota')"),
        ):
            if number < since:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")
    db.close()


async def test_a_file_of_version_2_keeps_its_history_and_loses_the_counts_in_it(tmp_path):
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, [{"messages": TURNS, "tokens": 3}], {})
    store = await Store.open(path, "d")
    await store.write("Edit", records.edit, 1, reference="yes")
    await store.close()
    as_version(2, path)
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO change_cell(change_id, tbl, row_id, op, col, before, after) "
            "VALUES (1, 'record', 1, 'U', 'tokens', 3, 4)"
        )
    db.close()
    store = await Store.open(path, "d")
    try:
        await store.undo()
        assert (await store.read(records.get, 1)).reference is None
        assert (await store.read(records.get, 1)).tokens == 3
        await store.transaction(lambda tx: tx.sql("INSERT INTO scanned VALUES (1, 5)"))
        await store.write("Edit", records.edit, 1, reference="no")
        assert await store.read(lambda tx: tx.sql("SELECT * FROM scanned")) == []
    finally:
        await store.close()


async def test_a_file_of_version_3_gets_a_place_for_what_a_model_wrote(tmp_path):
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, [{"messages": TURNS}], {})
    as_version(3, path)
    store = await Store.open(path, "d")
    try:
        item = generated.GeneratedItem(run_id=1, topic_id=1, item={"messages": []})
        await store.transaction(generated.add, [item])
        await store.write("Reject", generated.edit, 1, state="rejected")
        await store.undo()
        assert await store.read(generated.waiting_by_topic) == {1: 1}
    finally:
        await store.close()


async def test_topics_of_a_file_of_version_4_get_a_colour_and_a_quota(tmp_path):
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, [{"messages": TURNS}], {})
    store = await Store.open(path, "d")
    await store.write("Add", topics.add, "Cards")
    await store.close()
    as_version(4, path)
    store = await Store.open(path, "d")
    try:
        (old,) = await store.read(topics.all_topics)
        assert (old.name, old.color, old.quota) == ("Cards", 0, None)
        await store.write("Set", topics.put, [old.id], color=3, quota=50)
        (new,) = await store.read(topics.all_topics)
        assert (new.color, new.quota) == (3, 50)
        await store.undo()
        assert await store.read(topics.all_topics) == [old]
        await store.undo()
        assert await store.read(topics.all_topics) == [], "the history before is still right"
    finally:
        await store.close()


@pytest.mark.parametrize("many", [1, 1_000])
async def test_a_topic_deleted_by_version_4_comes_back_with_its_records(
    tmp_path, monkeypatch, many
):
    monkeypatch.setattr(inverse, "MANY_CELLS", many)
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, [{"messages": TURNS}], {})
    store = await Store.open(path, "d")
    for name in ("Cards", "Fees"):
        await store.write("Add", topics.add, name)
    await store.write("Put", topics.assign, [1], 1, source="user")
    before = await store.read(topics.all_topics)
    await store.write("Delete", topics.delete, [1, 2])
    await store.close()
    as_version(4, path)
    store = await Store.open(path, "d")
    try:
        for _ in range(2):
            await store.undo()
            assert await store.read(topics.all_topics) == before
            assert (await store.read(records.get, 1)).topic_id == 1
            await store.redo()
            assert await store.read(topics.all_topics) == []
    finally:
        await store.close()


def test_prompts_that_a_model_wrote_are_in_no_cluster_of_a_split(tmp_path):
    rows = [rows_of(n, row(n, source=s)) for n, s in enumerate(("imported", "generated"), 1)]
    with DatasetWriter(tmp_path / "d.sqlite") as writer:
        writer.add([record for record, _ in rows], [body for _, body in rows])
        assert [found[0] for found in writer.valid_prompts()] == [1]


async def test_a_count_becomes_an_estimate_when_the_text_changes_and_undo_never_trips(tmp_path):
    path = tmp_path / "dataset.sqlite"
    text = [{"role": "user", "content": "x" * 100}]
    create_dataset(path, [{"messages": text, "tokens": 25, "tokens_exact": True}], {})

    async def count(store):
        return (await store.read(lambda tx: tx.sql("SELECT tokens, tokens_exact FROM record")))[0]

    def recount(tx):
        tx.sql("UPDATE record SET tokens = 60, tokens_exact = 1")

    store = await Store.open(path, "d")
    try:
        await store.write("Tag", records.edit, 1, reference="a", tags="vip")
        assert await count(store) == (25, 1), "the prompt is the same"
        longer = [{"role": "user", "content": "x" * 200}]
        await store.write("Edit", records.edit, 1, messages=longer)
        assert await count(store) == (50, 0)
        await store.transaction(recount)
        await store.undo()
        assert await count(store) == (30, 0), "about, by the last exact count"
        await store.write("Delete", records.delete, [1])
        await store.undo()
        assert await count(store) == (30, 0)
        await store.transaction(recount)
        await store.write("Delete", records.delete, [1])
        await store.undo()
        assert await count(store) == (60, 0), "counted perhaps for another model"
    finally:
        await store.close()
