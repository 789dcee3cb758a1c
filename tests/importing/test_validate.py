"""The report agrees with the agreed verdict on every line of the examples of dirty imports."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from app.importing.seen import Seen
from app.importing.validate import validate_file


def test_every_line_of_the_dirty_file(shared_data: Callable[[str], Path]) -> None:
    expected = json.loads(shared_data("data/dirty_import.expected.json").read_text())
    reports = list(validate_file(shared_data("data/dirty_import.jsonl")))
    assert [(r.line, r.status) for r in reports] == [(e["line"], e["expect"]) for e in expected]
    assert all(bool(r.reasons) == (r.status in ("warn", "error")) for r in reports)


def test_the_real_files_have_no_invalid_record(shared_data: Callable[[str], Path]) -> None:
    for name in ("gsm8k_500", "bfcl_simple_parallel", "mt_bench", "sgd_multiturn_tools_small"):
        reports = list(validate_file(shared_data(f"data/{name}.jsonl")))
        assert {report.status for report in reports} <= {"ok", "warn"}, name


def test_all_reasons_of_a_line_are_given(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    turns = [{"role": "wizard", "content": "\x01"}, {"role": "user", "content": ""}]
    file.write_text(json.dumps({"messages": turns}))
    (report,) = validate_file(file)
    codes = [reason.code for reason in report.reasons]
    assert codes == ["unknown_role", "empty_user_turn", "control_characters"]
    assert report.status == "error"


def test_duplicates_name_the_first_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    rows = [{"id": i, "prompt": f"Q{i % 2}"} for i in range(4)]
    file.write_text("\n".join(json.dumps(row) for row in rows))
    found = [
        [r.text for r in report.reasons if r.code == "duplicate"] for report in validate_file(file)
    ]
    assert found == [[], [], ["The same as line 1."], ["The same as line 2."]]


def test_what_was_seen_takes_no_more_memory_for_more_lines() -> None:
    """Python's own memory is counted: what is kept for a line must not be among it."""
    with Seen() as seen:
        assert [seen.setdefault(bytes([n % 2]), n) for n in range(1, 5)] == [1, 2, 1, 2]
        tracemalloc.start()
        try:
            for number in range(20_000):
                seen.setdefault(number.to_bytes(16, "big"), number)
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < 100_000
        assert seen.setdefault((77).to_bytes(16, "big"), 99_999) == 77
