"""The scan for personal data: stored and filtered by kind, dropped by an edit, resumed after a stop."""

import json

import pytest

from app.errors import InputError, Stopped
from app.store import scans
from app.tools.scan import summary

HELD = {2: "mail jane.doe@example.com", 4: "key ghp_" + "a1B2" * 9, 5: "call (650) 253-0000"}


def line(n, text):
    return json.dumps(
        {"messages": [{"role": "user", "content": f"{text}, number {n}"}], "note": f"n{n}"}
    )


@pytest.fixture
def data_file(tmp_path):
    path = tmp_path / "held.jsonl"
    lines = [line(n, HELD.get(n, "nothing to see in case")) for n in range(1, 8)]
    extra = {"messages": [{"role": "user", "content": "last one"}], "account": "j@d.org"}
    path.write_text("\n".join([*lines, json.dumps(extra)]))
    return path


async def ids(app, line):
    page = await app.call("get_dataset_records", query=line)
    return [row.id for row in page.records]


async def test_kinds_are_found_filtered_and_never_the_text(program):
    async with program() as app:
        assert summary(await app.session.store.read(scans.sensitive)) == ""
        assert await ids(app, "sensitive:any") == []
        names = []
        app.jobs.subscribe(lambda job: names.append((job.name, job.text)))
        report = await app.call("scan_sensitive")
        assert (report.scanned, report.records) == (8, 3)
        assert report.kinds == {"email": 2, "api-key": 1}
        assert report.said == "Personal data in 2 records, secrets in 1 record"
        assert any("8 of 8 records looked through" in text for _, text in names)
        assert await ids(app, "sensitive:any") == [2, 4, 8], "further fields are looked at too"
        assert await ids(app, "sensitive:secret") == [4]
        assert await ids(app, "sensitive:email last") == [8]
        dump = await app.session.store.read(lambda tx: tx.sql("SELECT * FROM scanned"))
        assert sorted(dump) == [(n, {2: 1, 4: 32, 8: 1}.get(n, 0)) for n in range(1, 9)]


async def test_an_edit_and_its_undo_are_looked_at_again_and_nothing_else(program):
    async with program() as app:
        await app.call("scan_sensitive")
        clean = [{"role": "user", "content": "mail [removed]"}]
        await app.call("update_record", record_id=2, updates={"messages": clean})
        assert await ids(app, "sensitive:email") == [8]
        found = await app.session.store.read(scans.sensitive)
        assert summary(found).endswith(" (1 not scanned yet)")
        report = await app.call("scan_sensitive")
        assert (report.scanned, report.kinds["email"]) == (8, 1)
        await app.session.store.undo()
        await app.call("scan_sensitive")
        assert await ids(app, "sensitive:email") == [2, 8]
        await app.call("delete_records", record_ids=[2])
        assert (await app.session.store.read(scans.sensitive)).kinds["email"] == 1


async def test_another_country_looks_at_all_again(program):
    async with program() as app:
        await app.call("scan_sensitive")
        assert await ids(app, "sensitive:phone") == []
        await app.call("scan_sensitive", country="us")
        assert await ids(app, "sensitive:phone") == [5]
        with pytest.raises(InputError, match="no country"):
            await app.call("scan_sensitive", country="Narnia")


async def test_a_stopped_scan_goes_on_where_it_was(program):
    async with program() as app:
        store, names = app.session.store, []
        stop = app.jobs.subscribe(lambda job: job.state == "running" and job.stop())
        with pytest.raises(Stopped):
            await app.call("scan_sensitive")
        stop()
        await store.transaction(lambda tx: tx.sql("INSERT OR REPLACE INTO scanned VALUES (2, 2)"))
        app.jobs.subscribe(lambda job: names.append(job.text))
        report = await app.call("scan_sensitive")
        assert report.kinds == {"email": 1, "phone": 1, "api-key": 1}, "2 was looked at before"
        assert any("of 7 records" in text for text in names)
        report = await app.call("scan_sensitive", again=True)
        assert report.kinds == {"email": 2, "api-key": 1}
