"""Learnability by topic: only where enough prompts stand behind it, and by the same fit as the whole."""

from app.domain.learnability import learnability
from app.domain.topic_signals import topic_signals


def test_a_topic_needs_twenty_prompts() -> None:
    mixed = [[1.0, 0.0, 1.0, 0.0]]
    found = topic_signals({"a": mixed * 20, "b": mixed * 19, "c": [[1.0]] * 30}, group_size=8)
    assert found["b"].value is None
    assert (found["b"].prompts, found["c"].prompts) == (19, 0)
    whole = learnability(mixed * 20, group_size=8)
    assert whole is not None
    assert found["a"].value == whole.value
    assert (found["a"].low, found["a"].high) == (whole.low, whole.high)


def test_always_or_never_solved_topics_teach_nothing() -> None:
    solved, split = [[1.0] * 4] * 30, [[1.0, 1.0, 0.0, 0.0]] * 30
    found = topic_signals({"solved": solved, "split": split}, group_size=8)
    assert (found["solved"].value or 0.0) < 0.05
    assert (found["split"].value or 0.0) > 0.9


def test_a_topic_without_answers_is_told_apart_from_one_without_signal() -> None:
    assert topic_signals({"a": []})["a"].prompts == 0
    assert topic_signals({}) == {}
