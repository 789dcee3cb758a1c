"""The sentence encoder's files as shipped, and the proof that they are whole; loads no model."""

import hashlib
from pathlib import Path

from app.errors import InputError
from app.paths import resource

MODEL = "all-MiniLM-L6-v2.int8.onnx"
TOKENIZER = "tokenizer.json"
HASHES = {  # SHA-256 of the files in resources/encoder, see its README
    MODEL: "7e250cf9250acc27d95b66cdd4960a9a1e177daa887aea2b1a38c0b381e0dde2",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def encoder_folder() -> Path:
    """The folder of the encoder shipped with the app."""
    return resource("resources/encoder")


def checked(path: Path) -> bytes:
    """One of the encoder's files; raises InputError when it is missing or not as shipped."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The sentence encoder is not at {path.parent}: {error}.") from error
    if hashlib.sha256(data).hexdigest() != HASHES[path.name]:
        raise InputError(f"The sentence encoder's file {path} is damaged. Install the app again.")
    return data
