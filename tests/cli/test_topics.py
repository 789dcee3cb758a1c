"""The command on topics: printed, written, proposed."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main


@pytest.fixture
def dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    file = tmp_path / "tickets.jsonl"
    rows = [{"messages": [{"role": "user", "content": f"question {n}"}]} for n in range(5)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["import", str(file)]) == 0
    assert main(["call", "add_topic", '{"name": "Cards"}', "--dataset", "tickets"]) == 0
    capsys.readouterr()
    return "tickets"


def test_topics_are_printed_written_and_proposed(dataset: str, tmp_path: Path, capsys: Any) -> None:
    assert main(["topics", dataset]) == 0
    assert capsys.readouterr().out == "- Cards\n"
    assert main(["topics", dataset, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "Cards"
    file = tmp_path / "topics.txt"
    assert main(["topics", dataset, "--export", str(file)]) == 0
    assert file.read_text() == "- Cards\n"
    file.write_text("- Cards\n  - Lost\n")
    assert main(["topics", dataset, "--import", str(file)]) == 0
    said = capsys.readouterr().out
    assert "added   Cards / Lost\n1 added, 1 unchanged. Nothing is applied yet" in said


def test_a_bad_file_is_bad_input(dataset: str, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "topics.txt"
    file.write_text("- Cards\n- cards\n")
    assert main(["topics", dataset, "--import", str(file)]) == 2
    assert "topics.txt: Line 2: two topics at the top level" in capsys.readouterr().err


def test_names_are_printed_without_what_hides_and_the_command_can_be_pasted(
    tmp_path: Path, capsys: Any
) -> None:
    file = tmp_path / "my tickets.jsonl"
    file.write_text(json.dumps({"messages": [{"role": "user", "content": "a question"}]}) + "\n")
    assert main(["import", str(file)]) == 0
    topic = json.dumps({"name": "Ca\u202erds\x9b31m"})
    assert main(["call", "add_topic", topic, "--dataset", "my tickets"]) == 0
    capsys.readouterr()
    assert main(["topics", "my tickets"]) == 0
    printed = capsys.readouterr().out
    written = tmp_path / "topics\u202e.txt"
    assert main(["topics", "my tickets", "--export", str(written)]) == 0
    exported = capsys.readouterr().out
    assert exported.endswith(": 1 topic\n")
    written.write_text(written.read_text(encoding="utf-8") + "- Bi\u202ells\n", encoding="utf-8")
    assert main(["topics", "my tickets", "--import", str(written)]) == 0
    proposed = capsys.readouterr().out
    assert "--dataset 'my tickets' --yes" in proposed
    for out in (printed, exported, proposed):
        assert not {"\u202e", "\x9b"} & set(out)
