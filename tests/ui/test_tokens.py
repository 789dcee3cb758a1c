"""The design tokens: contrast of every pair in use, and chart colours apart for every eye."""

import itertools
import math
from collections.abc import Iterator

import pytest

from app.ui.theme import Mode, load_tokens

MODES: tuple[Mode, ...] = ("light", "dark")
TEXT, MARK = 4.5, 3.0  # WCAG 2.2: 1.4.3 for text, 1.4.11 for marks and the edges of inputs
LEAST_DIFFERENCE = 10.0  # CIELAB distance of two series under any of the visions below

# Machado et al. 2009, severity 1.0, on linear RGB.
VISIONS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
Triple = tuple[float, ...]


def linear(color: str) -> Triple:
    values = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)


def contrast(one: str, other: str) -> float:
    dark, light = sorted(
        sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True))
        for c in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def lab(color: str, vision: str) -> Triple:
    rgb = linear(color)
    seen = [sum(a * c for a, c in zip(row, rgb, strict=True)) for row in VISIONS[vision]]
    r, g, b = (min(1.0, max(0.0, v)) for v in seen)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def pairs() -> Iterator[tuple[str, str, float]]:
    for ground in ("canvas", "surface", "raised", "sunken", "hover", "selected"):
        for ink in ("text", "text_2", "text_3", "accent_text"):
            yield ink, ground, TEXT
    for tone in ("good", "warn", "bad", "info"):
        for ground in (f"{tone}_soft", "surface", "canvas"):
            yield f"{tone}_text", ground, TEXT
        for ink in ("text", "text_2"):
            yield ink, f"{tone}_soft", TEXT
        yield tone, "surface", MARK
        yield "surface", tone, TEXT  # the verdict's stamp
    for ink, ground in (
        ("text_2", "accent_soft"),
        ("accent_text", "accent_soft"),
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("on_bad", "bad"),
        ("tooltip_text", "tooltip_bg"),
        ("text_2", "code_bg"),
    ):
        yield ink, ground, TEXT
    for ink in ("border_strong", "focus"):
        yield ink, "surface", MARK
        yield ink, "canvas", MARK
    yield "accent", "surface", MARK


@pytest.mark.parametrize("mode", MODES)
def test_contrast_of_every_pair_in_use(mode: Mode) -> None:
    colors = load_tokens()["color"][mode]
    low = {
        f"{ink} on {ground}": round(contrast(colors[ink], colors[ground]), 2)
        for ink, ground, need in pairs()
        if contrast(colors[ink], colors[ground]) < need
    }
    assert not low


def test_both_modes_have_the_same_names() -> None:
    color = load_tokens()["color"]
    assert color["light"].keys() == color["dark"].keys()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
def test_chart_colours_stay_apart(mode: Mode, vision: str) -> None:
    tokens = load_tokens()
    series = tokens["chart"][mode]["categorical"]
    seen = [lab(color, vision) for color in series]
    least = min(math.dist(a, b) for a, b in itertools.combinations(seen, 2))
    assert least >= LEAST_DIFFERENCE
    surface = tokens["color"][mode]["surface"]
    assert min(contrast(color, surface) for color in series) >= MARK
