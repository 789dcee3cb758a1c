"""The lines of the tree: figures, arrangement, search, moves; without a window."""

import random

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.topic_tree import Tree
from app.domain.topics import Topic, build_tree
from app.ui.topics import moves
from app.ui.topics.cells import accessible, cell, explained
from app.ui.topics.lines import (
    Figures,
    Known,
    Line,
    Lines,
    Mark,
    arrange,
    heir,
    leaf_lines,
    matching,
    narrowed,
    stored_lines,
)
from app.ui.topics.model import TopicModel
from app.ui.topics.moves import Move

ROWS = [
    Topic(id=1, name="Cards", position=0),
    Topic(id=2, parent_id=1, name="Lost card", position=0),
    Topic(id=3, parent_id=1, name="Stolen", position=1),
    Topic(id=4, name="Money", position=1),
    Topic(id=5, parent_id=4, name="Card fees", position=0),
    Topic(id=6, parent_id=4, name="Rates", position=1),
    Topic(id=7, name="Other", position=2),
]
KNOWN = Known(
    figures={
        2: Figures(30, 0.9, 0.5, 10),
        3: Figures(10, 0.5, 0.9, 30),
        5: Figures(20, None),
        6: Figures(0),
    },
    marks={2: Mark(color=3, locked=True, target=0.25, quota=40), 3: Mark(quota=5)},
    goals={2: 0.25, 3: 0.25, 5: 0.25, 6: 0.25},
    quota=15,
)


def lines() -> Lines:
    return arrange(stored_lines(build_tree(ROWS), KNOWN))


def test_a_group_has_the_sums_and_weighted_means_of_its_leaves() -> None:
    cards = lines().by_key[1]
    assert (cards.records, cards.share) == (40, pytest.approx(40 / 60))
    assert cards.sure == pytest.approx((0.9 * 30 + 0.5 * 10) / 40)
    assert cards.figures.score == pytest.approx((0.5 * 10 + 0.9 * 30) / 40)
    assert lines().by_key[4].sure is None
    assert [line.name for line in leaf_lines([cards])] == ["Lost card", "Stolen"]


def test_a_topic_is_thin_by_its_own_number_before_the_datasets() -> None:
    by_key = lines().by_key
    assert [by_key[i].thin for i in (2, 3, 5, 6, 1)] == [True, False, False, True, False]


def test_figures_in_words() -> None:
    line = lines().by_key[2]
    assert accessible(line, 0) == (
        "Lost card, colour green, locked: proposals leave it alone, "
        "own target: 25 % wanted, 40 records wanted"
    )
    assert accessible(line, 1) == "30 records, 40 wanted"
    assert explained(line, 2) == "50.0 % of the records, 25.0 % wanted"
    assert "too few to judge by" in explained(line, 4)
    assert "too few" not in explained(lines().by_key[3], 4)
    assert cell(line, 4, lines()).text == "0.50"  # type: ignore[union-attr]
    assert explained(lines().by_key[7], 4) == "No score: no dry run has asked its records"


def test_a_search_keeps_the_groups_of_what_it_finds() -> None:
    found = matching(lines(), "CARD")
    assert found == [1, 2, 5]
    seen = narrowed(lines(), found)
    assert seen.below == {None: (1, 4), 1: (2,), 4: (5,)}
    assert narrowed(lines(), []).below == {}


TREE = Tree(ROWS)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (moves.before(TREE, [6, 2], 1, 3), Move((2, 6), 1, 0)),
        (moves.before(TREE, [3], 1, 3), Move((3,), 1, 1)),
        (moves.before(TREE, [1, 2], None, None), Move((1,), None, 2)),
        (moves.beside(TREE, [7], 1), Move((7,), None, 1)),
        (moves.beside(TREE, [2], 3), Move((2,), 1, 1)),
        (moves.shifted(TREE, [3], -1), Move((3,), 1, 0)),
        (moves.shifted(TREE, [3], 1), None),
        (moves.shifted(TREE, [2, 5], 1), None),
        (moves.indented(TREE, [7]), Move((7,), 4, 2)),
        (moves.indented(TREE, [1]), None),
        (moves.outdented(TREE, [2, 3]), Move((2, 3), None, 1)),
        (moves.outdented(TREE, [7]), None),
    ],
)
def test_moves(made: Move | None, expected: Move | None) -> None:
    assert made == expected


def test_a_move_that_changes_nothing_and_one_that_cannot_be() -> None:
    assert not moves.changes(TREE, Move((2,), 1, 0))
    assert moves.changes(TREE, Move((2,), 1, 1))
    assert "below itself" in moves.refusal(TREE, Move((1,), 2, 0))
    assert moves.refusal(TREE, Move((2,), None, 0)) == ""


def shown(model: TopicModel, parent: QModelIndex | None = None) -> list[object]:
    """Names from the top down, those below in lists of their own."""
    parent = parent or QModelIndex()
    found: list[object] = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        found.append(index.data())
        if model.rowCount(index):
            found.append(shown(model, index))
    return found


def names(tree: tuple[Line, ...]) -> list[object]:
    found: list[object] = []
    for line in tree:
        found.append(line.name)
        if line.children:
            found.append(names(line.children))
    return found


def test_the_model_shows_each_tree_after_the_other(qapp: QApplication) -> None:
    """Random edits of a tree: rows that stay keep their items, and the order is that of the tree."""
    owner, draw = QWidget(), random.Random(5)
    model = TopicModel(owner)
    for size in [12] * 60 + [90, 3, 40]:
        ids = draw.sample(range(1, 100), size)
        rows: list[Topic] = []
        for place, topic_id in enumerate(ids):
            above = draw.choice([None, *(row.id for row in rows)])
            rows.append(Topic(id=topic_id, parent_id=above, name=f"t{topic_id}", position=place))
        made = stored_lines(build_tree(rows), Known())
        model.show(arrange(made))
        assert shown(model) == names(made)
        for row in rows:
            assert model.index_of(row.id).data() == row.name


def test_a_line_that_stays_keeps_its_row(qapp: QApplication) -> None:
    owner = QWidget()
    model = TopicModel(owner)
    model.show(lines())
    item = model.itemFromIndex(model.index_of(5))
    moved = [row.model_copy(update={"parent_id": 1}) if row.id == 5 else row for row in ROWS[:-1]]
    assert not model.show(arrange(stored_lines(build_tree(moved), KNOWN)))
    assert model.itemFromIndex(model.index_of(5)) is item
    assert not model.index_of(7).isValid()


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ({2}, 3),
        ({3}, 2),
        ({2, 3}, 1),
        ({1, 2, 3}, 4),
        ({7}, 4),
        ({4, 5, 6, 7}, 1),
        ({*range(1, 8)}, None),
    ],
)
def test_what_stands_where_a_line_was(gone: set[int], left: int | None) -> None:
    kept = [row for row in ROWS if row.id not in gone]
    now = arrange(stored_lines(build_tree(kept), KNOWN))
    assert heir(lines(), now, max(gone) if gone != {1, 2, 3} else 2) == left


def test_a_line_that_went_elsewhere_is_its_own_heir() -> None:
    moved = [*ROWS[:1], ROWS[1].model_copy(update={"parent_id": 4, "position": 2}), *ROWS[2:]]
    assert heir(lines(), arrange(stored_lines(build_tree(moved), KNOWN)), 2) == 2


def test_one_record_is_said_as_one() -> None:
    line = Line(1, ("Fees",), Figures(1, 0.9, 0.5, 1), mark=Mark(quota=1))
    assert explained(line, 1) == "1 record"
    assert "of 1 record in" in explained(line, 4)
    assert "own target: 1 record wanted" in explained(line, 0)
