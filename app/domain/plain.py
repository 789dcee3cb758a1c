"""Words from data as plain text: nothing in them hides, turns the line around or ends a mark."""

import re

# Letters of no width that names in some scripts and emoji are joined with: dropped, they say nothing.
_JOINERS = re.compile("[\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\u00ad\U000e0100-\U000e01ef]")
# Control characters but tab and newline, line separators, marks that turn the direction of what is
# read (bidi), invisible operators, tags (Unicode's own hidden ASCII), surrogates, private letters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200e\u200f\u2028-\u202e"
    "\u2061-\u206f\u3164\uffa0\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e007f"
    "\U000f0000-\U0010ffff]+"
)
# Marks of Markdown on its words, not a star that stands alone, as in a product.
_EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+|`+")
SHOWN = "�"  # in the place of what would be hidden, so that one sees that something was there
MARK, END = "<data>", "</data>"
_ANGLES = str.maketrans(dict.fromkeys("<＜﹤", "\\u003c"))


def visible(text: str) -> str:
    """The text without letters that cannot be seen; lines and tabs stay."""
    return _HIDDEN.sub(SHOWN, _JOINERS.sub("", text))


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, without letters that cannot be seen."""
    line = " ".join(visible(text[: 4 * limit].replace("\r", "\n")).split())
    return line if len(line) <= limit and len(text) <= 4 * limit else f"{line[: limit - 1]}…"


def unmarked(text: str) -> str:
    """Markdown without the stars of emphasis and the quotes of code."""
    return _EMPHASIS.sub("", text)


def marked(text: str) -> str:
    """Text for a language model that is data, whatever it says: it cannot end its mark."""
    return f"{MARK}{visible(text).translate(_ANGLES)}{END}"
