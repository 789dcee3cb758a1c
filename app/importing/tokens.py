"""About how many tokens a text has: counted on a sample, then scaled (exact counts take minutes)."""

from tokenizers import Tokenizer

from app.domain.validation import TOKEN_LIMIT
from app.paths import resource

TOKENIZER = "resources/encoder/tokenizer.json"
SAMPLE_RECORDS = 200
SAMPLE_CHARS = 2000


class TokenEstimate:
    """Tokens per character, calibrated on the first records of a file with the shipped tokenizer."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(resource(TOKENIZER)))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._records = self._chars = self._tokens = 0

    def of(self, text: str) -> int:
        """The estimate. A text that may be over the limit is measured on its own beginning."""
        if self._records < SAMPLE_RECORDS:
            self._records += 1
            return self._measure(text)
        estimate = self.scaled(len(text))
        return self._measure(text) if estimate is None else estimate

    def scaled(self, length: int) -> int | None:
        """The estimate for a text of that many characters; None where `of` has to see the text."""
        if self._records < SAMPLE_RECORDS:
            return None
        estimate = round(length * self._tokens / max(1, self._chars))
        return None if estimate > TOKEN_LIMIT // 2 else estimate

    def _measure(self, text: str) -> int:
        sample = text[:SAMPLE_CHARS]
        if not sample:
            return 0
        tokens = len(self._tokenizer.encode(sample, add_special_tokens=False))
        self._chars += len(sample)
        self._tokens += tokens
        return round(tokens * len(text) / len(sample))
