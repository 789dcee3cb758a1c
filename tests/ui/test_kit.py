"""The builders: text stays text, tables keep their place, states say what they should."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.ui import kit
from app.ui.kit.chart import Plot
from app.ui.kit.code import CodeEdit
from app.ui.parts import NumberCell
from app.ui.theme import Theme, theme
from app.ui.theme_switch import use

pytestmark = pytest.mark.usefixtures("themed")


def test_markup_in_a_name_is_shown_as_text() -> None:
    shown = kit.label("<b>bold</b> & more")
    assert shown.textFormat() == Qt.TextFormat.PlainText
    assert kit.button("Save & close").text() == "Save && close"
    assert kit.tip("<b>x</b>") == "<span>&lt;b&gt;x&lt;/b&gt;</span>"


def test_a_table_read_again_keeps_the_row_and_says_nothing(qtbot: QtBot) -> None:
    table = kit.Table("Topics", [kit.Column("Topic"), kit.Column("Records", 60, right=True)])
    qtbot.addWidget(table)
    moves: list[int] = []
    table.show_rows([["Cards", NumberCell("418")], ["Refunds", NumberCell("34")]])
    table.picked.connect(moves.append)
    table.selectRow(1)
    table.show_rows([["Cards", NumberCell("420")], ["Refunds", NumberCell("36")], ["New", "1"]])
    assert moves == [1]
    assert table.currentIndex().row() == 1
    assert [table.text(1, 0), table.text(1, 1)] == ["Refunds", "36"]


def test_a_table_that_fits_is_as_tall_as_its_rows() -> None:
    table = kit.Table("Scores", [kit.Column("Score")], fit=True)
    table.show_rows([["1"], ["2"]])
    assert table.height() == theme().px(28) + 2 * theme().px(32) + 2


def test_segments_tell_only_what_the_user_chose(qtbot: QtBot) -> None:
    segments = kit.Segments(["Summary", "By topic"])
    told: list[int] = []
    segments.chosen.connect(told.append)
    segments.select(1)
    assert (segments.selected, told) == (1, [])
    qtbot.mouseClick(segments.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert told == [0]


def test_an_error_banner_folds_its_details_and_can_try_again(qtbot: QtBot) -> None:
    tries: list[int] = []
    banner = kit.ErrorBanner(
        "The file is locked.", details="errno 11", retry=lambda: tries.append(1)
    )
    qtbot.addWidget(banner)
    banner.show()
    details = next(label for label in banner.findChildren(QLabel) if label.text() == "errno 11")
    assert not details.isVisible()
    buttons = {button.text(): button for button in banner.findChildren(QPushButton)}
    buttons["Details"].click()
    assert details.isVisible()
    buttons["Try again"].click()
    assert tries == [1]


def test_clearing_a_layout_takes_all_of_it() -> None:
    inner = kit.row(kit.label("a"), kit.label("b"))
    outer = kit.column(inner, kit.label("c"))
    kit.clear(outer)
    assert outer.count() == 0


def test_a_long_name_is_cut_and_whole_in_the_tooltip(qtbot: QtBot) -> None:
    name = kit.ElidedLabel("x" * 500)
    qtbot.addWidget(name)
    name.resize(100, 20)
    name.show()
    assert name.text().endswith("…")
    assert "x" * 500 in name.toolTip()
    assert name.accessibleName() == "x" * 500


def test_a_plot_is_drawn_again_when_the_theme_changes(themed: QApplication) -> None:
    plot = Plot("Reward", x="step", y="mean reward")
    drawn: list[str] = []

    def draw(target: Plot) -> None:
        drawn.append(theme().mode)
        target.line([0, 1], [0.2, 0.4])
        target.band([0, 1], [0.1, 0.3], [0.3, 0.5])
        target.ring(1, 0.4)
        target.mark(0.3)
        target.words("baseline", 0, 0.3)

    plot.draw(draw)
    use(themed, Theme("dark", reduced_motion=True))
    assert drawn == ["light", "dark"]
    ticks = plot.getAxis("left")
    assert ticks.autoSIPrefixScale == 1.0


def test_python_is_highlighted_and_follows_the_theme(themed: QApplication) -> None:
    editor = CodeEdit("Script", "def grade():\n    return 1.0")
    use(themed, Theme("dark", reduced_motion=True))
    formats = editor.document().firstBlock().layout().formats()
    assert formats[0].format.foreground().color().name() == theme().hex("accent_text").lower()
