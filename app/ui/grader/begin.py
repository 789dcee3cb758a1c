"""Before there is a grader: what makes a good answer, asked by example."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QFrame, QWidget

from app.ui import kit
from app.ui.grader.kinds import KINDS, start_config
from app.ui.grader.snapshot import GraderSnapshot

Choose = Callable[[dict[str, Any]], object]


def begin_card(
    snapshot: GraderSnapshot, choose: Choose, load: Callable[[], object], supplied: QWidget | None
) -> QFrame:
    """The question, what fits these records, the types by example, and a file of one's own."""
    advice = snapshot.advice
    items: list[kit.Item] = [
        kit.label("What makes a good answer?", "h2"),
        kit.label(
            "A grader gives every answer a score from 0 to 1. Begin with the nearest; "
            "you test it before it counts.",
            tone="muted",
            wrap=True,
        ),
    ]
    files = [kit.button("Load a grader file…", load, icon="file-plus")]
    items.append(kit.row(*([supplied] if supplied else []), *files, None))
    if advice.suggestions:
        items += [4, kit.label("Fits your records", "strong")]
        items += [
            _option(a.title, a.why, partial(choose, dict(a.config))) for a in advice.suggestions
        ]
    items += [4, kit.label("By example", "strong")]
    cells = [
        _option(kind.title, kind.example, partial(choose, start_config(kind, advice.suggestions)))
        for kind in KINDS
    ]
    items.append(kit.Tiles(cells, least=250, most=2, gap=8))
    if advice.note:
        items.append(kit.banner("info", advice.note))
    return kit.card(*items, gap=8)


def _option(title: str, words: str, on: Callable[[], object]) -> kit.Clickable:
    """A clickable card: a name and an example below it."""
    card = kit.Clickable(f"{title}. {words}")
    card.setProperty("role", "card")
    lines = (kit.label(title, "strong"), kit.label(words, "small", "muted", wrap=True))
    card.setLayout(kit.column(*lines, None, gap=2, margin=(12, 8, 12, 10)))
    card.clicked.connect(lambda: on())
    return card
