"""Charts of the conversation: all of their numbers in words, and none that breaks the drawing."""

import math
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.agent.entries import Chart
from app.ui.chat.chart import HEIGHT, MOST_BARS, ChartView, Drawing, described
from app.ui.parts import MiniBar
from app.ui.theme import Theme
from app.ui.theme_switch import use


def test_it_says_all_it_shows() -> None:
    bars = Chart(
        title="Records", form="bars", labels=("Cards", "Fees"), series=((418, 63),), target=100
    )
    assert described(bars) == "Records. Cards: 418, Fees: 63. Target: 100."
    bins = Chart(title="Scores", form="histogram", series=((3, 1),))
    assert described(bins) == "Scores. from 0.00: 3, from 0.50: 1."
    lines = Chart(title="R", form="lines", series=((0.2, 0.5), (0.1,)), names=("train", "test"))
    assert described(lines) == "R. train: 1: 0.20, 2: 0.50. test: 1: 0.10."


@pytest.mark.parametrize("form", ["bars", "histogram", "lines"])
@pytest.mark.parametrize(
    "series", [(), ((),), ((0.0,),), ((0.0, 0.0),), ((1.0, math.nan, 2.0),), ((-1.0, 5.0), (2.0,))]
)
def test_any_numbers_are_drawn(show: Any, form: Any, series: Any) -> None:
    view = show(ChartView(Chart(title="<b>T</b>", form=form, series=series, target=0.5)), 312, 240)
    assert not view.grab().isNull()
    assert view.accessibleDescription() == described(view_chart(form, series))


def view_chart(form: Any, series: Any) -> Chart:
    return Chart(title="<b>T</b>", form=form, series=series, target=0.5)


def test_bars_beyond_the_room_are_counted(show: Any) -> None:
    values = tuple(float(n) for n in range(40))
    view = show(ChartView(Chart(title="T", form="bars", series=(values,))))
    assert len(view.findChildren(MiniBar)) == MOST_BARS


def test_a_drawing_that_is_shown_grows_with_the_text(show: Any, themed: QApplication) -> None:
    view = show(ChartView(Chart(title="T", form="lines", series=((0.1, 0.5),), names=("train",))))
    (drawing,) = view.findChildren(Drawing)
    use(themed, Theme("light", text_scale=2.0, reduced_motion=True))
    try:
        assert drawing.height() == 2 * HEIGHT
    finally:
        use(themed, Theme("light", reduced_motion=True))
