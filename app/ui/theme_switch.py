"""Puts a theme on the running program: fonts, palette, style sheet, icons and paintings."""

from PySide6.QtWidgets import QAbstractButton, QApplication

from app.settings import Settings
from app.ui.qss import stylesheet
from app.ui.theme import Rethemed, Theme, load_fonts, make_current, paint_icon, system_mode


def use(app: QApplication, new: Theme) -> None:
    """Make `new` the theme of every widget there is and of all to come."""
    load_fonts()
    make_current(new)
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setFont(new.font())
    app.setPalette(new.palette())
    app.setStyleSheet(stylesheet(new))
    for widget in QApplication.allWidgets():
        if isinstance(widget, QAbstractButton):
            paint_icon(widget)
        if isinstance(widget, Rethemed):
            widget.retheme()
        widget.update()


def apply_appearance(chosen: Settings) -> None:
    """Put the chosen mode, text size and motion on the running program."""
    mode = system_mode() if chosen.appearance == "system" else chosen.appearance
    new = Theme(mode, text_scale=chosen.text_scale, reduced_motion=chosen.reduced_motion)
    running = QApplication.instance()
    assert isinstance(running, QApplication)
    use(running, new)
