"""Bad input at the command line: a sentence on stderr and the right exit code, never a traceback."""

from pathlib import Path

import pytest

from app.cli.main import AT_A_GATE, BAD_INPUT, FAILED
from tests.cli.conftest import Rft


def assert_sentence(text: str) -> None:
    assert text.startswith("rft-studio: ")
    assert text.rstrip().endswith(".")
    assert "Traceback" not in text


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "binary":
        path.write_bytes(bytes(range(256)) * 20)
    return path


@pytest.mark.parametrize("kind", ["missing", "empty", "binary", "folder"])
@pytest.mark.parametrize("command", ["import", "validate"])
def test_a_file_that_is_none(rft: Rft, tmp_path: Path, kind: str, command: str) -> None:
    done = rft(command, bad_file(tmp_path, kind), "--json")
    assert done.code == BAD_INPUT
    assert_sentence(done.err.splitlines()[-1])
    assert kind in done.err


def test_a_failed_import_leaves_nothing(rft: Rft, tmp_path: Path, home: Path) -> None:
    rft("import", bad_file(tmp_path, "binary"))
    assert rft("stats", "--json").json == [[]]
    assert list((home / "datasets").iterdir()) == []


def test_a_command_that_is_none_lists_the_known_ones(
    rft: Rft, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        rft("frobnicate")
    assert ended.value.code == BAD_INPUT
    assert "doctor" in capsys.readouterr().err


def test_tools_that_are_none_and_arguments_that_are_wrong(rft: Rft, chats: Path) -> None:
    assert "import a file" in rft("call", "get_dataset_stats").err.lower()
    rft("import", chats)
    for arguments, words in (
        (("frobnicate",), "no tool named"),
        (("get_dataset_records", "{"), ""),
        (("get_dataset_records", '{"limit": "many"}'), "limit"),
        (("get_dataset_records", '{"colour": 1}'), "colour"),
        (("get_dataset_stats", "--dataset", "nowhere"), "nowhere"),
    ):
        done = rft("call", *arguments)
        assert done.code == BAD_INPUT, done
        assert words in done.err
        assert_sentence(done.err.splitlines()[-1])


def test_a_step_too_early_names_all_that_is_missing(rft: Rft, chats: Path) -> None:
    rft("import", chats)
    done = rft("call", "start_training", "--yes")
    assert done.code == AT_A_GATE
    assert "grader" in done.err
    assert "dry run" in done.err.lower()


def test_a_user_folder_that_cannot_be_used(
    rft: Rft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RFT_STUDIO_HOME", str(tmp_path / "file" / "home"))
    done = rft("stats")
    assert done.code == FAILED
    assert_sentence(done.err)
