"""The application's one style sheet, written from the theme's tokens; no widget sets its own."""

from app.ui.theme import Theme

TONES = ("good", "warn", "bad", "info")


def stylesheet(theme: Theme) -> str:
    """The whole style sheet for this theme."""
    parts = (_text, _frames, _buttons, _inputs, _choices, _views, _tabs_and_bars, _window, _menus)
    return "\n".join(part(theme) for part in parts)


def _pad(theme: Theme, vertical: int, horizontal: int) -> str:
    return f"padding: {theme.px(vertical)}px {horizontal}px;"


def _ring(theme: Theme) -> str:
    """The focus ring; it takes its extra pixel from the padding, so nothing moves."""
    return f"border: 2px solid {theme.hex('focus')};"


def _mono(theme: Theme) -> str:
    return ", ".join(f'"{family}"' for family in theme.type["mono"])


def _text(theme: Theme) -> str:
    c = theme.colors
    roles = "".join(
        f'QLabel[role="{name}"] {{ font-size: {theme.text_px(name)}px; '
        f"font-weight: {spec['weight']}; }}\n"
        for name, spec in theme.type["scale"].items()
    )
    tones = "".join(f'QLabel[tone="{t}"] {{ color: {c[t + "_text"]}; }}\n' for t in TONES)
    return f"""
* {{ outline: none; }}
QWidget {{ color: {c["text"]}; font-size: {theme.text_px("body")}px; }}
QMainWindow, QDialog, QWidget#canvas {{ background: {c["canvas"]}; }}
QLabel {{ background: transparent; }}
{roles}{tones}
QLabel[role="code"] {{ font-family: {_mono(theme)}; }}
QLabel[tone="muted"] {{ color: {c["text_2"]}; }}
QLabel[tone="faint"] {{ color: {c["text_3"]}; }}
QLabel[tone="accent"] {{ color: {c["accent_text"]}; }}
QLabel:disabled {{ color: {c["text_disabled"]}; }}
"""


def _frames(theme: Theme) -> str:
    c, r = theme.colors, theme.radius
    tones = "".join(
        f'QFrame[role="banner"][tone="{t}"] '
        f"{{ background: {c[t + '_soft']}; border: 1px solid {c[t]}; }}\n"
        for t in TONES
    )
    return f"""
QFrame[role="card"] {{ background: {c["surface"]}; border: 1px solid {c["border"]};
    border-radius: {r["card"]}px; }}
QFrame[role="card"][selected="true"] {{ border: 2px solid {c["accent"]}; }}
QFrame[role="well"] {{ background: {c["sunken"]}; border: none;
    border-radius: {r["control"]}px; }}
QFrame[role="sunken"] {{ background: {c["canvas"]}; border: none;
    border-radius: {r["control"]}px; }}
QFrame[role="banner"] {{ border-radius: {r["control"]}px; background: {c["info_soft"]};
    border: 1px solid {c["info"]}; }}
{tones}
QFrame[role="bubble"] {{ background: {c["accent_soft"]}; border: none;
    border-radius: {r["card"]}px; }}
QFrame[role="queued"] {{ background: transparent; border: 1px dashed {c["border_strong"]};
    border-radius: {r["card"]}px; }}
QFrame[role="acts"] {{ background: {c["raised"]}; border: 1px solid {c["border"]};
    border-radius: {r["control"]}px; }}
QWidget[role="spoken"][found="true"] {{ background: {c["selected"]};
    border-radius: {r["control"]}px; }}
QFrame[role="bar"] {{ background: {c["surface"]}; border: none; }}
QFrame[role="rule"] {{ background: {c["border"]}; border: none;
    max-height: 1px; min-height: 1px; }}
QFrame[role="divider"] {{ background: {c["border"]}; border: none;
    max-width: 1px; min-width: 1px; }}
QFrame[role="drop"] {{ background: {c["surface"]}; border: 2px dashed {c["border_strong"]};
    border-radius: {r["card"]}px; }}
QFrame[role="drop"][hot="true"] {{ background: {c["accent_soft"]};
    border-color: {c["accent"]}; }}
QFrame[role="item"] {{ background: {c["surface"]}; border: 2px solid transparent;
    border-radius: {r["card"]}px; }}
QFrame[role="item"]:hover {{ background: {c["hover"]}; border-color: {c["hover"]}; }}
QFrame[role="item"][selected="true"] {{ background: {c["accent_soft"]};
    border-color: {c["accent_soft"]}; }}
QFrame[role="item"]:focus, QFrame[role="card"]:focus {{ {_ring(theme)} }}
"""


def _button(
    theme: Theme, selector: str, *, face: tuple[str, str, str], hover: str, press: str
) -> str:
    """Rules of one kind of button; `face` is background, text and border."""
    c, (background, text, edge) = theme.colors, face
    return (
        f"{selector} {{ background: {background}; color: {text}; border: 1px solid {edge}; }}\n"
        f"{selector}:hover {{ background: {hover}; }}\n"
        f"{selector}:pressed {{ background: {press}; }}\n"
        f"{selector}:focus {{ {_ring(theme)} }}\n"
        f"{selector}:disabled {{ background: {c['sunken']}; color: {c['text_disabled']};"
        f" border: 1px solid {c['border']}; }}\n"
    )


def _kinds(theme: Theme) -> str:
    c = theme.colors
    kind = 'QPushButton[kind="{}"]'.format
    none = "transparent"
    plain = (c["surface"], c["text"], c["border_control"])
    primary = (c["accent"], c["on_accent"], c["accent"])
    danger = (c["surface"], c["bad_text"], c["bad"])
    return "".join(
        _button(theme, selector, face=face, hover=c[hover], press=c[press])
        for selector, face, hover, press in (
            ("QPushButton", plain, "hover", "sunken"),
            (kind("primary"), primary, "accent_hover", "accent_pressed"),
            (kind("danger"), danger, "bad_soft", "bad_soft"),
            (kind("ghost"), (none, c["text_2"], none), "hover", "sunken"),
            (kind("link"), (none, c["accent_text"], none), "hover", "sunken"),
        )
    )


def _buttons(theme: Theme) -> str:
    c, r, px = theme.colors, theme.radius, theme.px
    small = theme.text_px("small")
    return f"""
QPushButton {{ {_pad(theme, 5, 13)} min-height: {px(20)}px;
    border-radius: {r["control"]}px; font-weight: 500; }}
QPushButton:focus {{ {_pad(theme, 4, 12)} }}
{_kinds(theme)}
QPushButton[kind="primary"]:focus {{ border: 2px solid {c["text"]}; }}
QPushButton[kind="ghost"]:disabled, QPushButton[kind="link"]:disabled
    {{ background: transparent; border-color: transparent; }}
QPushButton[compact="true"] {{ {_pad(theme, 2, 9)} min-height: {px(18)}px;
    font-size: {small}px; }}
QPushButton[compact="true"]:focus {{ {_pad(theme, 1, 8)} }}
QPushButton[chip="true"] {{ border-radius: {(px(18) + 6) // 2}px; border-color: {c["border"]};
    color: {c["text_2"]}; font-weight: 400; }}
QPushButton[speaker="true"] {{ background: {c["info_soft"]}; color: {c["info_text"]};
    border-color: {c["info_soft"]}; }}
QPushButton[speaker="true"]:hover {{ border-color: {c["info"]}; }}
QPushButton[speaker="true"]:focus {{ {_ring(theme)} }}
QPushButton[segment="true"] {{ {_pad(theme, 3, 8)} border: 1px solid transparent;
    background: transparent; color: {c["text_2"]}; font-size: {small}px; }}
QPushButton[segment="true"]:checked {{ background: {c["surface"]}; color: {c["text"]};
    border: 1px solid {c["border"]}; }}
QPushButton[segment="true"]:focus {{ {_pad(theme, 2, 7)} {_ring(theme)} }}
QPushButton[option="true"] {{ text-align: left; {_pad(theme, 5, 11)} font-weight: 400; }}
QPushButton[option="true"]:focus {{ {_pad(theme, 4, 10)} }}
QPushButton[option="true"]:checked {{ background: {c["accent_soft"]};
    border: 1px solid {c["accent"]}; color: {c["accent_text"]}; font-weight: 500; }}
QToolButton {{ background: transparent; border: 1px solid transparent;
    border-radius: {r["control"]}px; padding: 4px; color: {c["text_2"]}; }}
QToolButton:hover {{ background: {c["hover"]}; }}
QToolButton:pressed, QToolButton:checked {{ background: {c["sunken"]}; }}
QToolButton:focus {{ {_ring(theme)} padding: 3px; }}
QToolButton[fold="true"] {{ color: {c["text"]}; padding: 2px; text-align: left; }}
QToolButton[fold="true"]:checked {{ background: transparent; }}
QToolButton[fold="true"]:focus {{ padding: 1px; }}
QPushButton[drop="true"] {{ padding-right: 14px; }}
QPushButton[drop="true"]:focus {{ padding-right: 13px; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QPushButton::menu-indicator {{ image: {theme.glyph_url("caret-down", "text_2")};
    subcontrol-position: right center; right: 8px; }}
"""


def _inputs(theme: Theme) -> str:
    c, r, px = theme.colors, theme.radius, theme.px
    boxes = "QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox"
    every = f"{boxes}, QPlainTextEdit, QTextEdit"
    focused = ", ".join(f"{name}:focus" for name in every.split(", "))
    boxes_focused = ", ".join(f"{name}:focus" for name in boxes.split(", "))
    disabled = ", ".join(f"{name}:disabled" for name in every.split(", "))
    return f"""
{every} {{ background: {c["surface"]}; border: 1px solid {c["border_strong"]};
    border-radius: {r["control"]}px; selection-background-color: {c["accent"]};
    selection-color: {c["on_accent"]}; }}
{boxes} {{ {_pad(theme, 5, 9)} min-height: {px(20)}px; }}
{focused} {{ {_ring(theme)} }}
{boxes_focused} {{ {_pad(theme, 4, 8)} }}
{disabled} {{ background: {c["sunken"]}; color: {c["text_disabled"]};
    border-color: {c["border"]}; }}
QLineEdit[invalid="true"], QComboBox[invalid="true"], QSpinBox[invalid="true"],
QDoubleSpinBox[invalid="true"], QPlainTextEdit[invalid="true"]
    {{ border: 2px solid {c["bad"]}; }}
QLineEdit[invalid="true"] {{ {_pad(theme, 4, 8)} }}
QPlainTextEdit[role="code"], QTextEdit[role="code"], QTextBrowser[role="code"]
    {{ font-family: {_mono(theme)}; font-size: {theme.text_px("code")}px;
    background: {c["code_bg"]}; border-color: {c["border"]}; }}
QTextBrowser[role="plain"] {{ background: transparent; border: none; }}
QComboBox QLineEdit, QComboBox QLineEdit:focus, QComboBox QLineEdit:disabled {{ border: none;
    padding: 0; min-height: 0; background: transparent; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: {theme.glyph_url("caret-down", "text_2")}; }}
QComboBox QAbstractItemView {{ background: {c["raised"]}; border: 1px solid {c["border"]};
    padding: 4px; selection-background-color: {c["hover"]}; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ border: none; width: 18px; background: transparent; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow
    {{ image: {theme.glyph_url("caret-up", "text_2", 10)}; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow
    {{ image: {theme.glyph_url("caret-down", "text_2", 10)}; }}
"""


def _choices(theme: Theme) -> str:
    c, r, px = theme.colors, theme.radius, theme.px
    lists = ("QCheckBox", "QTableView", "QTreeView", "QListView")
    checks = ", ".join(f"{name}::indicator" for name in lists)
    on = checks.replace("indicator", "indicator:checked")
    return f"""
QCheckBox, QRadioButton {{ spacing: 8px; background: transparent; padding: 2px;
    border: 2px solid transparent; border-radius: {r["small"]}px; }}
QCheckBox:focus, QRadioButton:focus {{ {_ring(theme)} }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {c["text_disabled"]}; }}
{checks}, QRadioButton::indicator {{ width: {px(16)}px; height: {px(16)}px;
    border: 1px solid {c["border_strong"]}; background: {c["surface"]};
    border-radius: {r["small"]}px; }}
QRadioButton::indicator {{ border-radius: {px(16) // 2 + 1}px; }}
QRadioButton::indicator:checked {{ border: {px(5)}px solid {c["accent"]};
    width: {px(8)}px; height: {px(8)}px; }}
{on} {{ background: {c["accent"]}; border-color: {c["accent"]};
    image: {theme.glyph_url("check", "on_accent")}; }}
QCheckBox::indicator:indeterminate {{ background: {c["accent"]}; border-color: {c["accent"]};
    image: {theme.glyph_url("minus", "on_accent")}; }}
QSlider::groove:horizontal {{ height: 4px; background: {c["border"]}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {c["accent"]}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
    background: {c["surface"]}; border: 2px solid {c["accent"]}; }}
QSlider::handle:horizontal:focus {{ background: {c["accent"]}; }}
QGroupBox {{ border: none; border-top: 1px solid {c["border"]}; margin-top: {px(18)}px;
    padding-top: 12px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; padding: 0 8px 0 0;
    color: {c["text_2"]}; }}
"""


def _views(theme: Theme) -> str:
    c, px = theme.colors, theme.px
    return f"""
QTableView, QTreeView, QListView {{ background: {c["surface"]};
    alternate-background-color: {c["surface"]}; border: none; gridline-color: transparent;
    selection-background-color: {c["selected"]}; selection-color: {c["text"]}; }}
QListView#datasets {{ background: transparent; }}
QTableView::item, QTreeView::item, QListView::item {{ padding: 0 8px; border: none;
    border-bottom: 1px solid {c["border"]}; min-height: {px(28)}px; }}
QTreeView::item {{ padding: 0 4px; border-bottom: none; }}
QTableView::item:hover, QTreeView::item:hover, QListView::item:hover
    {{ background: {c["hover"]}; }}
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected
    {{ background: {c["selected"]}; color: {c["text"]}; }}
QTableView::item:focus, QListView::item:focus, QTreeView::item:focus
    {{ border: 1px solid {c["focus"]}; }}
QTreeView::branch {{ background: transparent; }}
QTreeView::branch:selected {{ background: {c["selected"]}; }}
QTreeView::branch:has-children:closed {{ image: {theme.glyph_url("caret-right", "text_3")}; }}
QTreeView::branch:has-children:open {{ image: {theme.glyph_url("caret-down", "text_3")}; }}
QHeaderView {{ background: {c["surface"]}; border: none; }}
QHeaderView::section {{ background: {c["surface"]}; color: {c["text_3"]}; border: none;
    border-bottom: 1px solid {c["border"]}; padding: {px(5)}px 8px {px(5)}px 11px;
    font-size: {theme.text_px("label")}px; font-weight: 600; }}
QHeaderView::section:hover {{ color: {c["text"]}; }}
QTableCornerButton::section {{ background: {c["surface"]}; border: none; }}
"""


def _tabs_and_bars(theme: Theme) -> str:
    c, r, px = theme.colors, theme.radius, theme.px
    return f"""
QTabWidget::pane {{ border: none; border-top: 1px solid {c["border"]}; top: -1px; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {c["text_2"]};
    padding: {px(6)}px 2px {px(7)}px 2px; margin-right: 20px; border: none;
    border-bottom: 2px solid transparent; font-weight: 500; }}
QTabBar::tab:hover {{ color: {c["text"]}; }}
QTabBar::tab:selected {{ color: {c["text"]}; border-bottom: 2px solid {c["accent"]}; }}
QTabBar::tab:focus {{ border: 2px solid {c["focus"]}; border-radius: {r["small"]}px; }}
QTabBar::tab:disabled {{ color: {c["text_disabled"]}; }}
QScrollArea, QScrollArea > QWidget > QWidget#scrollbody
    {{ background: transparent; border: none; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 10px; }} QScrollBar:horizontal {{ height: 10px; }}
QScrollBar::handle {{ background: {c["border_control"]}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {c["text_3"]}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {c["border"]}; border: none; border-radius: 2px;
    max-height: 4px; min-height: 4px; }}
QProgressBar::chunk {{ background: {c["accent"]}; border-radius: 2px; }}
QProgressBar[tone="good"]::chunk {{ background: {c["good"]}; }}
QProgressBar[tone="bad"]::chunk {{ background: {c["bad"]}; }}
"""


def _window(theme: Theme) -> str:
    c = theme.colors
    return f"""
QWidget#dock {{ background: {c["surface"]}; }}
QDockWidget {{ border: none; color: {c["text"]}; }}
QMainWindow::separator {{ background: {c["border"]}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {c["accent"]}; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:horizontal {{ width: 12px; }} QSplitter::handle:vertical {{ height: 12px; }}
QSplitter::handle:hover {{ background: {c["accent_soft"]}; }}
QStatusBar {{ background: {c["surface"]}; border-top: 1px solid {c["border"]}; }}
QStatusBar::item {{ border: none; }}
"""


def _menus(theme: Theme) -> str:
    c, r, px = theme.colors, theme.radius, theme.px
    small = theme.text_px("small")
    return f"""
QMenuBar {{ background: {c["surface"]}; padding: 2px 8px; font-size: {small}px; }}
QMenuBar::item {{ background: transparent; padding: {px(4)}px 9px;
    border-radius: {r["small"]}px; color: {c["text_2"]}; }}
QMenuBar::item:selected {{ background: {c["hover"]}; color: {c["text"]}; }}
QMenu {{ background: {c["raised"]}; border: 1px solid {c["border"]};
    border-radius: {r["control"]}px; padding: 4px; }}
QMenu::item {{ padding: {px(5)}px 28px {px(5)}px 12px; border-radius: {r["small"]}px; }}
QMenu::item:selected {{ background: {c["selected"]}; }}
QMenu::item:disabled {{ color: {c["text_disabled"]}; }}
QMenu::separator {{ height: 1px; background: {c["border"]}; margin: 4px 8px; }}
QToolTip {{ background: {c["tooltip_bg"]}; color: {c["tooltip_text"]}; border: none;
    padding: 6px 8px; font-size: {small}px; }}
"""
