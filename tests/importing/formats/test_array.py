"""A JSON array is cut into its elements wherever the pieces of the file happen to end."""

import json
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.importing.formats import array as module
from app.importing.formats.array import Cutter
from app.importing.formats.reader import read
from app.importing.lines import Line

GOOD = '{"messages":[{"role":"user","content":"hi"}]}'


def cut(data: bytes, size: Callable[[], int]) -> tuple[list[tuple[bytes, int]], Cutter]:
    cutter, found, at = Cutter(), [], 0
    while at < len(data) and not cutter.closed:
        step = size()
        found += cutter.cut(data[at : at + step])
        at += step
    return found, cutter


def value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if depth < 3 and kind < 0.3:
        return {rng.choice(["a", 'b"', "c\\", "["]): value(rng, depth + 1) for _ in range(2)}
    if depth < 3 and kind < 0.5:
        return [value(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return rng.choice(["x", ' ,"]}', "\\", '\\"', "é\n", 1, None, True, ""])


def test_any_array_in_any_pieces() -> None:
    rng = random.Random(1)
    for _ in range(300):
        values = [value(rng) for _ in range(rng.randint(0, 6))]
        text = json.dumps(values, indent=rng.choice([None, 1]), ensure_ascii=rng.random() < 0.5)
        for size in (lambda: 1, lambda: rng.randint(1, 9), lambda: 10**9):
            found, cutter = cut(text.encode(), size)
            assert [orjson.loads(raw) for raw, _ in found] == values
            assert cutter.closed
            assert not cutter.wrong()


@pytest.mark.parametrize("size", [1, 3, 7, 10**9])
@pytest.mark.parametrize(
    "long", ['"' + "x" * 30 + '"', '{"a":"' + "\\\\" * 20 + '","b":[1]}', '"' + '\\"' * 20 + '"']
)
def test_an_element_over_the_limit_is_dropped_and_measured(
    monkeypatch: pytest.MonkeyPatch, size: int, long: str
) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 10)
    found, cutter = cut(f"[1,{long}, 2 ,{long}]".encode(), lambda: size)
    assert [measured for _, measured in found] == [1, len(long), 1, len(long)]
    assert [found[0][0], found[2][0]] == [b"1", b"2"]
    assert not cutter.wrong()


def lines(tmp_path: Path, text: str) -> list[Line]:
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    return list(read(file))


@pytest.mark.parametrize(
    ("text", "good", "words"),
    [
        (f"[\n{GOOD},\n{GOOD}", 1, "ends within the array"),
        (f"[\n{GOOD}]\n{GOOD}", 1, "something follows"),
        (f"[\n{GOOD},,{GOOD}]", 2, "nothing stands before"),
        (f"[\n{GOOD},\n]", 1, "nothing stands before"),
        (f"[\n{GOOD} 1,{GOOD}]", 1, "column"),
        (f'[\n{GOOD},{{"a":[}}],{GOOD}]', 2, "column"),
    ],
)
def test_what_is_wrong_with_an_array_is_told_and_the_rest_read(
    tmp_path: Path, text: str, good: int, words: str
) -> None:
    found = lines(tmp_path, text)
    assert sum(line.value is not None for line in found) == good
    assert any(words in issue.text for line in found for issue in line.issues)


def test_an_empty_array_has_no_lines(tmp_path: Path) -> None:
    assert lines(tmp_path, "[ ]\n") == []


def test_deep_nesting_costs_its_element_only(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    found = lines(tmp_path, f'[{GOOD},{{"a":{deep}}},{GOOD}]')
    assert [bool(line.value) for line in found] == [True, False, True]
    assert found[1].issues[0].code == "too_deep"


def test_memory_does_not_grow_with_the_array(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("[" + ",\n".join([GOOD] * 60_000) + "]")
    tracemalloc.start()
    count = sum(line.value is not None for line in read(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 1_500_000
