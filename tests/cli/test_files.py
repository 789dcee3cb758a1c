"""The commands others script against: their JSON keeps its shape."""

from pathlib import Path

import orjson

from tests.cli.conftest import Rft

GRADER = {"type": "script", "source": "def grade(sample, item): return float(item['a'])"}


def test_import(rft: Rft, chats: Path) -> None:
    done = rft("import", chats, "--json")
    (report,) = done.json
    assert done.code == 0
    assert set(report) == {"dataset", "records", "invalid", "rejected_lines", "seconds"}
    assert (report["records"], report["invalid"], report["rejected_lines"]) == (40, 0, 1)
    (listed,) = rft("stats", "--json").json[0]
    assert (listed["id"], listed["name"]) == (report["dataset"], "chats")


def test_validate_says_something_of_every_line(rft: Rft, chats: Path) -> None:
    done = rft("validate", chats, "--json")
    assert done.code == 0
    assert [row["line"] for row in done.json] == list(range(1, 42))
    assert all(set(row) == {"line", "status", "reasons"} for row in done.json)
    assert {row["status"] for row in done.json} <= {"ok", "warn", "error", "skip"}
    assert done.json[-1]["status"] == "error"
    assert done.json[-1]["reasons"]


def test_grade_keeps_the_lines_order_and_tells_errors_from_zeros(rft: Rft, tmp_path: Path) -> None:
    grader, answers = tmp_path / "grader.json", tmp_path / "answers.jsonl"
    grader.write_bytes(orjson.dumps(GRADER))
    sample = {"output_text": "x"}
    rows = [{"item": {"a": a}, "sample": sample} for a in (1, 0, 7, "text", 0.5)]
    lines = [orjson.dumps(row) for row in rows]
    lines.insert(2, b"{no json")
    answers.write_bytes(b"\n".join(lines))
    done = rft("grade", grader, answers, "--json")
    assert done.code == 0
    assert [row.get("score", "error") for row in done.json] == [
        1,
        0,
        "error",
        "error",
        "error",
        0.5,
    ]
    assert all(row["error"] for row in done.json if "score" not in row)


def test_call_reaches_a_tool(rft: Rft, chats: Path) -> None:
    rft("import", chats)
    (page,) = rft("call", "get_dataset_records", '{"limit": 2}').json
    assert len(page["records"]) == 2
    (stats,) = rft("stats", "chats", "--json").json
    assert stats["records"] == 40
