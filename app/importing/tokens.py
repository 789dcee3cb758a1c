"""About how many tokens a text has: counted on a sample, then scaled (exact counts take minutes)."""

from functools import cache

from tokenizers import Tokenizer

from app.domain.validation import TOKEN_LIMIT
from app.paths import resource

TOKENIZER = "resources/encoder/tokenizer.json"
SAMPLE_RECORDS = 200
SAMPLE_CHARS = 2000


class TokenEstimate:
    """Tokens per character, calibrated on the first records of a file with the shipped tokenizer."""

    def __init__(self, calibration: tuple[int, int] | None = None) -> None:
        """`calibration`: what another gave out as its own."""
        self._chars, self._tokens = calibration or (0, 0)
        self._records = SAMPLE_RECORDS if calibration else 0

    @property
    def calibration(self) -> tuple[int, int] | None:
        """The characters and tokens of the sample; None until there were enough records."""
        return None if self._records < SAMPLE_RECORDS else (self._chars, self._tokens)

    def of(self, text: str) -> int:
        """The estimate. A text that may be over the limit is measured on its own beginning."""
        if self._records < SAMPLE_RECORDS:
            return self._sample(text)
        estimate = self.scaled(len(text))
        return _measured(text)[0] if estimate is None else estimate

    def scaled(self, length: int) -> int | None:
        """The estimate for a text of that many characters; None where `of` has to see the text."""
        if self._records < SAMPLE_RECORDS:
            return None
        estimate = round(length * self._tokens / max(1, self._chars))
        return None if estimate > TOKEN_LIMIT // 2 else estimate

    def _sample(self, text: str) -> int:
        estimate, chars, tokens = _measured(text)
        self._records += 1
        self._chars += chars
        self._tokens += tokens
        return estimate


def _measured(text: str) -> tuple[int, int, int]:
    """The estimate for a text by its own beginning; that beginning's characters and tokens."""
    sample = text[:SAMPLE_CHARS]
    if not sample:
        return 0, 0, 0
    tokens = len(_tokenizer().encode(sample, add_special_tokens=False))
    return round(tokens * len(text) / len(sample)), len(sample), tokens


@cache
def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(resource(TOKENIZER)))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
