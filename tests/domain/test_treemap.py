"""The treemap's rectangles fill their box in proportion, and are never too many or too small to hit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.treemap import LEAST, Area, Box, at, beside, squarify, treemap

BOX = Box(0.0, 0.0, 600.0, 300.0)
sizes_of = st.lists(st.integers(1, 10_000), min_size=1, max_size=60)


@given(sizes_of, st.integers(40, 900), st.integers(40, 900))
def test_boxes_fill_the_whole_in_proportion(sizes: list[int], width: int, height: int) -> None:
    box = Box(5.0, 7.0, float(width), float(height))
    found = squarify(sorted(sizes, reverse=True), box)
    for size, part in zip(sorted(sizes, reverse=True), found, strict=True):
        assert part.area == pytest.approx(box.area * size / sum(sizes), rel=1e-6)
        assert part.x >= box.x - 1e-6
        assert part.y >= box.y - 1e-6
        assert part.x + part.width <= box.x + box.width + 1e-6
        assert part.y + part.height <= box.y + box.height + 1e-6


def test_the_example_of_the_paper() -> None:
    found = squarify([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert [(b.width, b.height) for b in found[:2]] == [(3.0, 2.0), (3.0, 2.0)]
    assert (found[2].width, found[2].height) == pytest.approx((12 / 7, 7 / 3))
    assert (found[3].width, found[3].height) == pytest.approx((9 / 7, 7 / 3))
    ratios = [max(b.width / b.height, b.height / b.width) for b in found]
    assert max(ratios) < 3.1  # in slices of the whole it would be 16


def test_a_group_holds_its_topics_below_its_name() -> None:
    below = (Area(2, 60, name="x"), Area(3, 40, name="y"))
    cells = treemap([Area(1, 100, below, name="g"), Area(4, 100, name="z")], BOX, head=18)
    group = next(c for c in cells if c.key == 1)
    assert group.opened
    for cell in cells:
        if cell.key in (2, 3):
            assert cell.depth == 1
            assert cell.box.y >= group.box.y + 18
            assert cell.box.x + cell.box.width <= group.box.x + group.box.width
    inner = next(c for c in cells if c.key == 3)
    found = at(cells, inner.box.x + 1, inner.box.y + 1)
    assert found is not None
    assert cells[found].key == 3
    assert at(cells, -1, 5) is None


def test_ten_thousand_topics_are_as_many_cells_as_can_be_hit() -> None:
    many = [Area(i, 1 + i % 50, name=str(i)) for i in range(10_000)]
    cells = treemap(many, BOX)
    assert sum(len(c.rest) or 1 for c in cells) == 10_000
    assert len(cells) <= BOX.area / LEAST + 1
    assert all(c.box.area >= LEAST * 0.99 for c in cells)


def test_a_box_without_room_draws_nothing_wrong() -> None:
    assert treemap([], BOX) == []
    assert all(c.box.area == 0 for c in treemap([Area(1, 5)], Box(0, 0, 0, 0)))


def test_arrows_go_to_the_neighbour_and_stay_at_the_edge() -> None:
    cells = treemap([Area(i, 1) for i in range(4)], Box(0, 0, 100, 100))
    left_top = at(cells, 10, 10)
    assert left_top is not None
    right = beside(cells, left_top, 1, 0)
    assert cells[right].box.x == pytest.approx(50)
    assert cells[right].box.y == pytest.approx(0)
    assert beside(cells, left_top, -1, 0) == left_top
    assert beside(cells, right, -1, 0) == left_top
