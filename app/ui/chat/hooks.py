"""What the pieces of the conversation may ask of the dock that shows them; no piece knows more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QUrl

from app.agent.entries import Question


@dataclass(frozen=True)
class Hooks:
    """All functions are called on the event loop's thread and return at once."""

    expires: float  # seconds after which a card that nobody answers is a no
    stop: Callable[[], object]
    choose: Callable[[Question, int], object]
    answer: Callable[[Question, str], object]
    approve: Callable[..., object]  # (key, yes=, always=)
    resend: Callable[[str, str], object]
    regenerate: Callable[[], object]
    follow: Callable[[QUrl], object]
    go: Callable[[str, dict[str, Any]], object]
    # (key of the tree, topics, what is told whether they were used)
    use_topics: Callable[[str, list[dict[str, Any]], Callable[[bool], object]], object]
    earlier: Callable[[], object]  # older entries than those read are wanted
