"""Tokens reach every widget, and a switch at run time reaches those already there."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget

import app.ui
from app.ui import kit
from app.ui.theme import Mode, Theme, theme
from app.ui.theme_switch import use


def ink(image: QImage) -> QColor:
    """The most opaque pixel: the colour an icon was drawn in."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda color: color.alpha())


def test_switching_repaints_icons_that_are_already_shown(themed: QApplication) -> None:
    button, picture = kit.button("Go", icon="play"), kit.IconLabel("play", "accent_text", 32)
    use(themed, Theme("dark", reduced_motion=True))
    assert ink(picture.pixmap().toImage()).name() == theme().hex("accent_text").lower()
    drawn = button.icon().pixmap(32, 32).toImage()
    assert ink(drawn).name() == theme().hex("text_2").lower()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_style_sheet_is_understood_by_qt(themed: QApplication, mode: Mode) -> None:
    use(themed, Theme(mode, reduced_motion=True))  # a parse error would be a Qt warning: a failure
    widget = QWidget()
    widget.setObjectName("canvas")
    widget.resize(20, 20)
    shown = widget.grab().toImage().pixelColor(10, 10)
    assert shown.name() == theme().hex("canvas").lower()


def test_text_scale_grows_fonts_and_controls(themed: QApplication) -> None:
    normal = theme().font("body").pixelSize()
    use(themed, Theme("light", text_scale=2.0, reduced_motion=True))
    assert theme().font("body").pixelSize() == 2 * normal
    assert theme().px(32) == 64


def test_shipped_fonts_are_in_use(themed: QApplication) -> None:
    from PySide6.QtGui import QFontInfo

    assert QFontInfo(theme().font("body")).family() == "Inter"
    assert QFontInfo(theme().font("code")).family() == "JetBrains Mono"


def test_no_module_of_the_window_holds_a_colour() -> None:
    folder = Path(str(app.ui.__file__)).parent
    literal = re.compile(r"[\"']#[0-9A-Fa-f]{6}")
    holding = [
        file.name for file in folder.rglob("*.py") if literal.search(file.read_text("utf-8"))
    ]
    assert [name for name in holding if name != "chart.py"] == []
