"""Records that say nearly the same: within a topic, the nearest first, never the record itself."""

import numpy as np

from app.embedding.similar import COMPARED, MOST, alike


def at(*degrees: float) -> np.ndarray:
    turn = np.deg2rad(degrees)
    return np.stack([np.cos(turn), np.sin(turn)], 1).astype(np.float32)


def test_only_near_ones_of_the_same_topic() -> None:
    vectors = at(0, 20, 5, 90, 1)
    found = alike(vectors, np.array([1, 1, 1, 1, 2]), least=float(np.cos(np.deg2rad(16))))
    assert found == {0: [2], 1: [2], 2: [0, 1]}


def test_there_may_be_none_and_there_are_never_too_many() -> None:
    assert alike(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), least=0.9) == {}
    many = alike(at(*[0.0] * 300), np.ones(300, np.int64), least=0.9)
    assert {len(near) for near in many.values()} == {MOST}
    assert all(i not in near for i, near in many.items())
    assert COMPARED > 300
