"""The card of a proposal that is not applied: what it would change, and the ways on."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.domain.topics import leaves
from app.tools.proposals import Proposal
from app.ui import kit
from app.ui.parts import Badge, Tone

CHANGES_SHOWN = 6  # more would push the review out of sight; Compare shows all


class ProposalCard(QFrame):
    """`accepted`, `discarded`, and `compared`: show the proposal's tree beside its figures."""

    accepted = Signal()
    discarded = Signal()
    compared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        self.accept = kit.button("Accept", self.accepted.emit, kind="primary", small=True)
        self.compare = kit.button("Compare", self.compared.emit, small=True)
        self.discard = kit.button("Discard", self.discarded.emit, kind="ghost", small=True)
        head = kit.row(kit.label("New proposal", "h2"), Badge("not applied", "info"), None)
        actions = kit.row(self.accept, self.compare, self.discard, None)
        self.setLayout(kit.column(head, self.body, actions, gap=8, margin=14))

    def show_proposal(self, proposal: Proposal, *, has_topics: bool, confirmed: int) -> None:
        """Draw what applying it would do."""
        kit.clear(self.body)
        lines = changes(proposal) if has_topics else []
        for line in lines[:CHANGES_SHOWN]:
            self.body.addWidget(_line(*line))
        if len(lines) > CHANGES_SHOWN:
            more = f"and {len(lines) - CHANGES_SHOWN:,} more changes"
            self.body.addWidget(kit.label(more, "small", "muted"))
        for words in sentences(proposal, has_topics=has_topics, confirmed=confirmed):
            self.body.addWidget(kit.label(words, "small", "muted", wrap=True))
        self.compare.setVisible(has_topics)
        self.setAccessibleName(f"New proposal, not applied: {proposal.diff.summary}")


def changes(proposal: Proposal) -> list[tuple[str, Tone, str, str]]:
    """(sign, tone, topic, what becomes of it) for each change, the most telling first."""
    sizes = {path: len(node.record_ids) for path, node in leaves(proposal.hierarchy)}
    diff = proposal.diff
    said: list[tuple[str, Tone, str, str]] = []
    for path in diff.added:
        size = f"{sizes[path]:,} records" if sizes.get(path) else "new"
        said.append(("+", "good", path[-1], size))
    said += [("→", "accent", f"{old[-1]} to {new[-1]}", "renamed") for old, new in diff.renamed]
    said += [
        ("→", "accent", new[-1], f"moved to {new[-2] if len(new) > 1 else 'the top'}")
        for _, new in diff.moved
    ]
    return said + [("−", "bad", path[-1], "removed") for path in diff.removed]


def sentences(proposal: Proposal, *, has_topics: bool, confirmed: int) -> list[str]:
    """What the lines do not say."""
    said = []
    if not has_topics:
        said.append(f"{proposal.leaves} topics, shown at the left. Accept, or change how many.")
    elif proposal.diff.empty:
        said.append("The same topics as now.")
    else:
        said.append(f"In all: {proposal.diff.summary}.")
    if has_topics and proposal.diff.removed:
        said.append("Records of removed topics are placed again.")
    if confirmed:
        said.append(f"Your {confirmed:,} confirmed records stay where their topic stays.")
    if proposal.note:
        said.append(proposal.note)
    return said


def _line(sign: str, tone: Tone, words: str, sub: str) -> QWidget:
    mark = kit.label(sign, "strong", tone)
    mark.setFixedWidth(14)
    name = kit.label(words, "body", wrap=True)
    about = kit.label(sub, "small", "muted")
    widget = kit.holder(kit.row(mark, (name, 1), about, gap=6))
    widget.setAccessibleName(f"{words}: {sub}")
    return widget


class ExamplesCard(QFrame):
    """The selected topic with the words of its surest records."""

    def __init__(self, on_records: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.title = kit.label("", "h2", wrap=True)
        self.count = Badge("")
        self.about = kit.label("", "body", "muted", wrap=True)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        self.records = kit.button("Show all", on_records, kind="link", small=True)
        self.records.setToolTip("Show its records in the record list")
        head = kit.row((self.title, 1), self.count, self.records)
        self.setLayout(kit.column(head, self.about, self.body, None, gap=6, margin=14))

    def show_topic(
        self, name: str, size: int, examples: tuple[str, ...], *, about: str, thin: bool
    ) -> None:
        """A topic, its size and typical records."""
        self.title.setText(name)
        self.count.show_text(f"{size:,} records", "warn" if thin else "muted")
        self.about.setText(about)
        self.about.setVisible(bool(about))
        kit.clear(self.body)
        for text in examples:
            short = text if len(text) <= 300 else text[:299] + "…"
            prose = kit.Prose(f"“{short}”", "Typical record")
            self.body.addWidget(prose)
        if not examples:
            self.body.addWidget(kit.label("No records yet.", "body", "muted"))
