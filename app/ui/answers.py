"""One graded answer as every panel shows it: score, text, reason; what has no score says why."""

from PySide6.QtWidgets import QFrame

from app.ui import kit
from app.ui.parts import Badge, Tone

# Colour is the second cue of a score, never a verdict: halves and quarters of the scale.
GOOD, FAIR = 0.75, 0.35


def score_tone(score: float | None) -> Tone:
    """The chip's tone; grey where there is no score."""
    if score is None:
        return "muted"
    return "good" if score >= GOOD else "warn" if score >= FAIR else "bad"


def score_badge(score: float | None, error: str | None = None) -> Badge:
    """`0.60`, or `error`, or `n/a`: a missing score is never drawn as 0."""
    words = f"{score:.2f}" if score is not None else "error" if error else "n/a"
    return Badge(words, score_tone(score))


def answer_row(
    text: str,
    score: float | None,
    *,
    name: str = "Answer",
    error: str | None = None,
    reason: str = "",
    note: str = "",
) -> QFrame:
    """The whole answer beside its score; `note` stands at the right (an advantage, a count)."""
    badge = score_badge(score, error)
    words = kit.Prose(text or "(empty answer)", name, role="code")
    lines = [words]
    if why := error or reason:
        lines.append(kit.Prose(why, f"Why, {name.lower()}", role="small"))
    extra = [kit.label(note, "small", "muted")] if note else []
    line = kit.row(badge, (kit.column(*lines, gap=2), 1), *extra, gap=10, top=True)
    line.setContentsMargins(8, 5, 10, 5)
    row = kit.frame(line, "sunken")
    said = f"{name}, score {badge.text}: {text or 'empty'}. {why} {note}"
    row.setAccessibleName(" ".join(said.split()))
    return row
