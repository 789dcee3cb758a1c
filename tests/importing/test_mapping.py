"""Which column is what: said on the command line, guessed, remembered, applied to rows."""

from pathlib import Path

import pytest

from app.errors import InputError
from app.importing.formats.reader import read
from app.importing.mapping import ColumnMapping, guess, read_mapping, remember, remembered
from app.importing.records import ParsedRecord, RecordReader


def test_a_line_of_parts_and_columns() -> None:
    mapping = read_mapping("user=question, reference=answer,assistant=said,drop=noise")
    assert mapping.columns == {
        "question": "user", "answer": "reference", "said": "reply", "noise": "leave",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["question", "user=", "who=question", "reference=answer", ""])
def test_a_wrong_line_says_what_is_right(text: str) -> None:
    with pytest.raises(InputError, match="--map"):
        read_mapping(text)


def test_guesses_by_name_and_by_what_is_said() -> None:
    named = guess(["id", "Utterance", "intent"], [])
    assert named.columns == {"id": "keep", "Utterance": "user", "intent": "reference"}
    rows = [{"a": "x", "b": "where is my parcel now", "c": "y"}] * 3
    assert guess(["a", "b", "c"], rows).of("user") == ["b"]
    turns = guess(["chat", "text", "label"], [])
    assert turns.of("messages") == ["chat"]
    assert not turns.of("user")
    assert guess(["a"], [{"a": 1}]).missing()


def test_a_row_becomes_a_chat() -> None:
    mapping = ColumnMapping(
        columns={"who": "system", "q": "user", "more": "user", "a": "reply", "g": "reference",
                 "no": "leave"}
    )  # fmt: skip
    row = {"who": "Be kind.", "q": "Hi", "more": {"n": 1}, "a": "Hello", "g": 0, "no": 1, "id": 7}
    assert mapping.apply(row) == {
        "id": 7,
        "reference": 0,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": 'Hi\n\n{"n":1}'},
            {"role": "assistant", "content": "Hello"},
        ],
    }


def test_turns_as_json_text_and_tools() -> None:
    mapping = ColumnMapping(columns={"turns": "messages", "fns": "tools"})
    made = mapping.apply({"turns": '[{"role": "user", "content": "hi"}]', "fns": "[]"})
    assert made == {"messages": [{"role": "user", "content": "hi"}], "tools": []}


def test_a_row_without_user_text_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("q,g\nWhat is it?,x\n,y\n")
    mapping = ColumnMapping(columns={"q": "user", "g": "reference"})
    reader = RecordReader()
    first, second = (reader.read(line) for line in read(file, mapping=mapping))
    assert isinstance(first, ParsedRecord)
    assert first.valid
    assert first.reference == "x"
    assert isinstance(second, ParsedRecord)
    assert not second.valid


def test_a_choice_is_remembered_for_the_same_columns(tmp_path: Path) -> None:
    assert remembered(tmp_path, ["b", "a"]) is None
    mapping = ColumnMapping(columns={"a": "user", "b": "leave"})
    remember(tmp_path, mapping)
    assert remembered(tmp_path, ["b", "a"]) == mapping
    assert remembered(tmp_path, ["a"]) is None
    (tmp_path / "mappings.json").write_text("{broken")
    assert remembered(tmp_path, ["a", "b"]) is None
