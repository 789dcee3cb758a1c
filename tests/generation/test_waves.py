"""Which requests come next, and the journal that a killed run goes on from."""

from collections import Counter

from app.generation.journal import Answered, Journal, Slot
from app.generation.waves import FIRST_LOOK, ITEMS, barren, next_wave

SEEDS = {1: list(range(10, 30)), 2: [40]}
SEEDS_FOR = dict.fromkeys(range(1, ITEMS + 1), 3)


def wave(number: int, missing: dict[int, int]) -> list[Slot]:
    return next_wave(number, missing, SEEDS, seeds_for=SEEDS_FOR, avoid={1: ["no"]}, run=4)


def test_a_first_look_is_short_and_the_rest_asks_for_just_what_is_missing() -> None:
    first = wave(0, {1: 90, 2: 11})
    assert len(first) == FIRST_LOOK
    assert {slot.topic_id for slot in first} == {1, 2}
    rest = wave(1, {1: 61, 2: 3})
    asked: Counter[int] = Counter()
    for slot in rest:
        asked[slot.topic_id] += slot.count
    assert asked == {1: 61, 2: 3}
    assert max(slot.count for slot in rest) <= ITEMS
    assert wave(1, {1: 0}) == []


def test_seeds_are_drawn_by_chance_and_the_same_again() -> None:
    assert wave(1, {1: 60}) == wave(1, {1: 60})
    drawn = {slot.seeds for slot in wave(1, {1: 60})}
    assert len(drawn) > 5
    assert all(len(seeds) == 3 and set(seeds) <= set(SEEDS[1]) for seeds in drawn)
    assert wave(0, {2: 2})[0].seeds == (40,)


def test_a_topic_that_gives_nothing_twice_is_left_alone() -> None:
    none, some = Counter[int](), Counter({1: 2})
    assert not barren([none], 1, [True])
    assert barren([some, none, none], 1, [True] * 3)
    assert not barren([none, some], 1, [True] * 2)
    assert not barren([none, none], 1, [True, False])


async def test_the_journal_holds_what_ended_and_drops_a_line_that_was_cut_off(tmp_path) -> None:
    path = tmp_path / "answers.jsonl"
    journal = Journal(path)
    await journal.load()
    slot = Slot(key="0.0", topic_id=1, count=2, seeds=(10,))
    await journal.begin_wave([slot])
    await journal.answered(Answered(key="0.0", text="{}", prompt_tokens=5, answer_tokens=2))
    with path.open("ab") as file:
        file.write(b'{"key": "0.1", "te')
    again = Journal(path)
    await again.load()
    assert again.waves == [[slot]]
    assert list(again.answers) == ["0.0"]
    await again.answered(Answered(key="0.1", error="broke off"))
    third = Journal(path)
    await third.load()
    assert (list(third.answers), third.tokens, third.errors) == (["0.0", "0.1"], (5, 2), 1)
