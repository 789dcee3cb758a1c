"""Whether the English sentence encoder suits texts: a cheap look at their script and small words."""

import re
from collections.abc import Sequence

LOOKED_AT = 500  # texts, evenly spread
LATIN_SHARE = 0.8  # of the letters
ENGLISH_LEAD = 0.5  # of the small words found: measured >= .98 in English files, 0 in MGSM
MIN_SMALL_WORDS = 10  # fewer say nothing: terse texts, code, names

# Frequent words of each side that are not words of the other.
_ENGLISH_TEXT = """
    and are can for have how is it my of please that the there this to what where which who with
    would you your
"""
_OTHER_TEXT = """
    der das und ist nicht ich ein eine mit wie für zu sie le la les des est et une pour que je du
    dans qui el los las de y por con para un una cómo es se o os não com uma em il di che per sono
    het een van jest nie jak som och att det ve bir için
"""
_ENGLISH = frozenset(_ENGLISH_TEXT.split())
_OTHERS = frozenset(_OTHER_TEXT.split())
_WORD = re.compile(r"[^\W\d_]+")


def encoder_fits(texts: Sequence[str]) -> bool:
    """False where most letters are not Latin or most small words are of another language.

    The shipped encoder has read English only: in other languages its topics are poor and the
    interface has to say so.
    """
    looked = texts[:: max(1, len(texts) // LOOKED_AT)]
    words = [word.lower() for text in looked for word in _WORD.findall(text[:1000])]
    letters = "".join(words)
    if letters and sum(c < "\u0250" for c in letters) / len(letters) < LATIN_SHARE:
        return False
    english = sum(word in _ENGLISH for word in words)
    other = sum(word in _OTHERS for word in words)
    if english + other < MIN_SMALL_WORDS:
        return True
    return english / (english + other) >= ENGLISH_LEAD
