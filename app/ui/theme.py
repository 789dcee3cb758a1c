"""Design tokens -> colours, fonts, lengths, icons and QPalette; widgets ask here and hold no hex value.

Style is set by dynamic properties (see qss.py): a button's `kind`, a label's `role` and `tone`, a
frame's `role`. Switching at run time is
`theme_switch.use(app, Theme("dark"))`: everything is painted anew.
"""

import atexit
import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import qtawesome
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QAbstractButton

from app.paths import resource

Mode = Literal["light", "dark"]
WEIGHTS = {
    400: QFont.Weight.Normal,
    500: QFont.Weight.Medium,
    600: QFont.Weight.DemiBold,
    700: QFont.Weight.Bold,
}
ROLES: dict[QPalette.ColorRole, str] = {
    QPalette.ColorRole.Window: "canvas",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "hover",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.Highlight: "selected",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.ToolTipBase: "tooltip_bg",
    QPalette.ColorRole.ToolTipText: "tooltip_text",
    QPalette.ColorRole.Link: "accent_text",
    QPalette.ColorRole.LinkVisited: "accent_text",
    QPalette.ColorRole.PlaceholderText: "text_3",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Light: "surface",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border_strong",
    QPalette.ColorRole.Shadow: "border_strong",
}


@runtime_checkable
class Rethemed(Protocol):
    """A widget that holds colours of its own (pixmaps, plots) and takes the new ones when told."""

    def retheme(self) -> None: ...


class Theme:
    """One mode at one text size. Immutable: a change is a new Theme given to `use`."""

    def __init__(
        self, mode: Mode = "light", *, text_scale: float = 1.0, reduced_motion: bool = False
    ) -> None:
        tokens = load_tokens()
        self.mode, self.scale, self.reduced_motion = mode, text_scale, reduced_motion
        self.colors: dict[str, str] = tokens["color"][mode]
        self.chart: dict[str, Any] = tokens["chart"][mode]
        self.type: dict[str, Any] = tokens["type"]
        self.radius: dict[str, int] = tokens["radius"]
        self.size: dict[str, Any] = tokens["size"]
        self._motion: dict[str, Any] = tokens["motion"]
        self._fonts: dict[tuple[str, int | None], QFont] = {}

    def hex(self, name: str) -> str:
        """The token's value, `#RRGGBB`; for style sheets and pyqtgraph."""
        return self.colors[name]

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """The token `name` with an opacity from 0 to 1."""
        value = QColor(self.colors[name])
        if alpha < 1:
            value.setAlphaF(alpha)
        return value

    def category(self, index: int) -> QColor:
        """The colour of a chart's series; eight, then again from the first."""
        return QColor(self.chart["categorical"][index % 8])

    def px(self, length: float) -> int:
        """A length that grows with the text (rows, controls); spacing stays fixed."""
        return round(length * self.scale)

    def motion(self, name: str) -> int:
        """A duration in milliseconds; 0 when motion is reduced."""
        return 0 if self.reduced_motion else int(self._motion[name])

    def text_px(self, role: str) -> int:
        """The size of a text role in pixels, never under the smallest allowed."""
        return max(self.type["minimum"], self.px(self.type["scale"][role]["size"]))

    def font(self, role: str = "body", weight: int | None = None) -> QFont:
        """The font of a text role, with tabular figures, for painting and for text documents.

        Made once: every painted cell asks for it.
        """
        if (role, weight) not in self._fonts:
            self._fonts[role, weight] = self._make_font(role, weight)
        return self._fonts[role, weight]

    def _make_font(self, role: str, weight: int | None) -> QFont:
        font = QFont(self.type["mono" if role == "code" else "family"])
        font.setPixelSize(self.text_px(role))
        font.setWeight(WEIGHTS[weight or self.type["scale"][role]["weight"]])
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        for tag, value in self.type["features"].items():
            font.setFeature(QFont.Tag(tag), value)
        if role == "code":
            font.setFeature(QFont.Tag("calt"), 0)  # else JetBrains Mono draws -> as one arrow
        return font

    def icon(self, name: str, color: str = "text_2") -> QIcon:
        """A Phosphor icon by its name (`check-circle`) in a token's colour."""
        return qtawesome.icon(
            f"ph.{name}", color=self.color(color), color_disabled=self.color("text_disabled")
        )

    def glyph_url(self, name: str, color: str, size: int = 12) -> str:
        """`url("…")` of an icon drawn to a file at 1x and 2x: style sheets take nothing else."""
        path = _glyph_folder() / f"{name}-{self.hex(color)[1:]}-{size}.png"
        if not path.exists():
            for ratio, suffix in ((1, ""), (2, "@2x")):
                pixmap = self.icon(name, color).pixmap(QSize(size, size) * ratio, 1.0)
                pixmap.save(str(path.with_stem(path.stem + suffix)))
        return f'url("{path.as_posix()}")'

    def palette(self) -> QPalette:
        palette = QPalette()
        for role, name in ROLES.items():
            palette.setColor(role, self.color(name))
        for role in (
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("text_disabled"))
        return palette


@lru_cache(maxsize=1)
def load_tokens() -> dict[str, Any]:
    """The design tokens as shipped."""
    text = (resource("resources/style") / "tokens.json").read_text(encoding="utf-8")
    tokens: dict[str, Any] = json.loads(text)
    return tokens


@lru_cache(maxsize=1)
def _glyph_folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="rft-glyphs-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


@lru_cache(maxsize=1)
def load_fonts() -> None:
    """Register the shipped fonts with Qt, once."""
    for file in sorted(resource("resources/fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))


_current: list[Theme] = []


def theme() -> Theme:
    """The theme in use; a light one before the first switch."""
    if not _current:
        _current.append(Theme())
    return _current[0]


def system_mode() -> Mode:
    """What the desktop asks for."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def make_current(new: Theme) -> None:
    """Set what `theme()` answers; `theme_switch.use` calls this and repaints the program."""
    _current[:] = [new]


def set_icon(button: QAbstractButton, name: str, color: str = "text_2") -> None:
    """Give a button an icon that follows the theme."""
    button.setProperty("glyph", name)
    button.setProperty("glyphColor", color)
    paint_icon(button)


def paint_icon(button: QAbstractButton) -> None:
    """Draw the icon set with `set_icon` in the current colours; nothing where there is none."""
    if name := button.property("glyph"):
        button.setIcon(theme().icon(name, button.property("glyphColor")))
