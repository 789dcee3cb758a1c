"""`import` with a mapping, into a dataset, in place of one; `export-records`: as people type them."""

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Rft


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text("ticket,team\n" + "".join(f"Where is parcel {n}?,post\n" for n in range(30)))
    return path


def chat_file(tmp_path: Path, name: str, *numbers: int) -> Path:
    path = tmp_path / name
    lines = [{"messages": [{"role": "user", "content": f"What is {n} squared?"}]} for n in numbers]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return path


def test_an_unknown_shape_asks_for_a_map(rft: Rft, table: Path) -> None:
    refused = rft("import", table)
    assert refused.code == 2
    assert "tickets.csv" in refused.err
    assert "ticket, team" in refused.err
    assert "--map" in refused.err
    assert rft("stats", "--json").json == [[]]
    wrong = rft("import", table, "--map", "user:ticket")
    assert wrong.code == 2
    assert "PART=COLUMN" in wrong.err
    done = rft("import", table, "--map", "user=ticket,reference=team", "--json")
    assert done.code == 0
    assert done.json[0]["records"] == 30
    page = rft("records", done.json[0]["dataset"], "--query", "has:reference", "--json").json[0]
    assert page["total"] == 30
    assert page["records"][0]["preview"] == "Where is parcel 0?"


def test_append_skips_what_is_there(rft: Rft, tmp_path: Path) -> None:
    rft("import", chat_file(tmp_path, "a.jsonl", *range(10)), "--name", "squares")
    more = chat_file(tmp_path, "b.jsonl", *range(5, 20))
    done = rft("import", more, "--into", "squares", "--json")
    assert done.code == 0
    assert (done.json[0]["records"], done.json[0]["skipped"]) == (10, 5)
    assert rft("stats", "squares", "--json").json[0]["records"] == 20
    marked = rft("import", more, "--into", "squares", "--duplicates", "mark", "--json")
    assert marked.json[0]["records"] == 15
    assert rft("records", "squares", "--query", "is:duplicate", "--json").json[0]["total"] == 15


def test_replace_puts_the_old_one_in_the_trash(rft: Rft, tmp_path: Path, home: Path) -> None:
    old = rft("import", chat_file(tmp_path, "a.jsonl", *range(10)), "--name", "squares", "--json")
    new = chat_file(tmp_path, "b.jsonl", *range(3))
    done = rft("import", new, "--into", "squares", "--replace", "--json")
    assert done.code == 0
    assert done.json[0]["records"] == 3
    (left,) = rft("stats", "--json").json[0]
    assert (left["name"], left["records"]) == ("squares", 3)
    assert (home / "trash" / old.json[0]["dataset"]).is_dir()
    assert rft("import", new, "--replace").code == 2


def test_a_replacement_that_fails_leaves_the_old_one(rft: Rft, tmp_path: Path) -> None:
    rft("import", chat_file(tmp_path, "a.jsonl", *range(10)), "--name", "squares")
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{broken\n")
    assert rft("import", bad, "--into", "squares", "--replace").code == 2
    (left,) = rft("stats", "--json").json[0]
    assert left["records"] == 10


def test_several_files_each_or_together(rft: Rft, tmp_path: Path) -> None:
    files = [chat_file(tmp_path, f"{n}.jsonl", n, n + 1) for n in range(3)]
    assert len(rft("import", *files, "--json").json) == 3
    rft("import", *files, "--name", "together")
    assert rft("stats", "together", "--json").json[0]["records"] == 4  # equal ones once


def test_records_are_exported_by_a_line_and_by_the_ending(rft: Rft, tmp_path: Path) -> None:
    rft("import", chat_file(tmp_path, "a.jsonl", *range(10)), "--name", "squares")
    out = tmp_path / "out.jsonl"
    done = rft("export-records", "squares", out, "--query", '"7 squared"', "--format", "rft")
    assert done.code == 0
    assert "1 records" in done.out
    (line,) = out.read_bytes().splitlines()
    assert orjson.loads(line)["messages"][0]["content"] == "What is 7 squared?"
    table = tmp_path / "out.csv"
    assert rft("export-records", "squares", table, "--json").json[0]["written"] == 10
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) == 11
    nowhere = rft("export-records", "squares", tmp_path / "none" / "x.jsonl")
    assert nowhere.code == 2
    assert "no such folder" in nowhere.err
    assert rft("export-records", "squares", out, "--query", "topc:x").code == 2
