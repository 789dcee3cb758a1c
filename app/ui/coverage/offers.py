"""The card of what helps thin topics, with a connected model and without; it only tells the choice."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.domain.wording import count
from app.generation.base import strategies
from app.tools.coverage import CoverageReport
from app.tools.generation import GenerationOffer, ProposedMove
from app.ui import kit
from app.ui.coverage.rows import short_names
from app.ui.coverage.snapshot import weight_words
from app.ui.parts import Badge

MOVES_SHOWN = 3


class OffersCard(QFrame):
    """`moved` carries record ids; `quota_asked` a quota that the records allow; `generate_asked` the
    name of a strategy; `more_asked` is for topics of the user's choice, `script_asked` for the user's
    own generator."""

    moved = Signal(list)
    weights_asked = Signal()
    list_asked = Signal()
    merge_asked = Signal()
    quota_asked = Signal(int)
    generate_asked = Signal(str)
    more_asked = Signal()
    connect_asked = Signal()
    script_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._offer: GenerationOffer | None = None
        self._refused: set[int] = set()
        self._names: dict[str, str] = {}
        self.count = kit.label("", "small", "muted")
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        head = kit.row(kit.label("For thin topics", "h2"), None, self.count)
        self.setLayout(kit.column(head, self.body, None, gap=8, margin=14))

    def start_over(self) -> None:
        """Another dataset is open, where the same ids are other records."""
        self._refused.clear()

    def show_offer(self, offer: GenerationOffer | None, report: CoverageReport | None) -> None:
        """What can be done now, the surest help first."""
        self._offer, self._report = offer, report
        self._names = short_names(report.topic_ids if report else ())
        self._draw()

    def _draw(self) -> None:
        kit.clear(self.body)
        offer, report = self._offer, self._report
        if offer is None or report is None:
            self.count.setText("")
            words = "Offers come with the analysis."
            self.body.addWidget(kit.label(words, "body", "muted", wrap=True))
            return
        lacking = sum(offer.needed.values())
        self.count.setText(f"{lacking:,} missing" if lacking else "nothing missing")
        if not lacking:
            words = "Every topic has its quota. There is nothing to add."
            self.body.addWidget(kit.label(words, "body", "muted", wrap=True))
        self._add_writer(offer)
        moves = [move for move in offer.moves if move.record_id not in self._refused]
        if moves:
            self._add_moves(moves)
        if lacking:
            self._add_roads(offer, report)
        words = "Your own Python with computed answers; no model is needed."
        write = kit.button("Write a generator…", self.script_asked.emit, small=True)
        self._road("Generator", words, write)
        self.body.addWidget(kit.rule())
        self.body.addWidget(kit.label(offer.text, "small", "muted", wrap=True))

    def _add_writer(self, offer: GenerationOffer) -> None:
        """A connected model may write what the plan gives, or more where it is asked for."""
        if not offer.possible:
            connect = kit.button("Connect…", self.connect_asked.emit, small=True)
            self._road("Generate", "A connected model can write records.", connect)
            return
        entries = [
            kit.Entry(s.title, partial(self.generate_asked.emit, s.name), tip=s.description)
            for s in strategies()
        ]
        tip = "Edge cases, variants, more of anything: for topics that you choose, also full ones"
        entries += [kit.Entry(), kit.Entry("For chosen topics…", self.more_asked.emit, tip=tip)]
        words = f"{offer.planned:,} by the plan. " if offer.planned else "No more is planned. "
        button = kit.drop_button("Generate", entries, small=True, tip="You see the cost first")
        self._road("Generate", words + "Checked, then reviewed by you.", button)

    def _add_moves(self, moves: list[ProposedMove]) -> None:
        ids = [move.record_id for move in moves]
        accept_all = kit.button(
            f"Move all {len(moves):,}" if len(moves) > 1 else "Move it",
            lambda: self.moved.emit(ids),
            small=True,
            tip="Put them into the thin topics; can be undone",
        )
        words = kit.label("May belong in a thin topic", "strong", wrap=True)
        self.body.addLayout(kit.row((words, 1), accept_all))
        for move in moves[:MOVES_SHOWN]:
            self.body.addWidget(self._move(move))
        if len(moves) > MOVES_SHOWN:
            rest = f"and {len(moves) - MOVES_SHOWN:,} more"
            self.body.addWidget(kit.label(rest, "small", "muted"))

    def _move(self, move: ProposedMove) -> QWidget:
        text = " ".join(move.preview.split())
        short = text if len(text) <= 160 else text[:159] + "…"
        name = self._names.get(move.target, move.target)
        place = kit.row(
            Badge(name if len(name) <= 28 else name[:27] + "…", "accent"),
            kit.label(f"{move.probability:.2f}", "small", "muted"),
            None,
            gap=6,
        )
        accept = kit.button("Move", lambda: self.moved.emit([move.record_id]), small=True)
        refuse = kit.button("Leave", lambda: self._refuse(move.record_id), kind="ghost", small=True)
        accept.setAccessibleName(f"Move record {move.record_id} to {name}")
        refuse.setAccessibleName(f"Leave record {move.record_id} where it is")
        lines = kit.column(
            kit.Prose(short, f"Record {move.record_id}"),
            place,
            kit.row(accept, refuse, None, gap=4),
            gap=6,
            margin=(12, 8, 12, 8),
        )
        return kit.frame(lines, "sunken")

    def _refuse(self, record_id: int) -> None:
        self._refused.add(record_id)
        self._draw()

    def _add_roads(self, offer: GenerationOffer, report: CoverageReport) -> None:
        lacking = sum(offer.needed.values())
        save = kit.button("Save the list…", self.list_asked.emit, small=True)
        self._road(f"Write {lacking:,} more", "What to write for which topic, with examples.", save)
        if words := weight_words(offer.weights):
            apply = kit.button("Apply weights", self.weights_asked.emit, small=True)
            self._road("Weights", words, apply)
        short = [topic for topic in report.plan.topics if topic.short]
        if short:
            merge = kit.button("Merge in Topics", self.merge_asked.emit, small=True)
            self._road("Merge", merge_words([topic.quota for topic in short]), merge)
        reachable = report.plan.reachable_quota
        if 0 < reachable < report.quota:
            lower = kit.button(
                f"Set {reachable:,}", lambda: self.quota_asked.emit(reachable), small=True
            )
            others = any(topic.quota != report.quota for topic in report.plan.topics)
            where = "every topic that follows it" if others else "every topic"
            self._road("Lower quota", f"The records allow {reachable:,} in {where}.", lower)

    def _road(self, title: str, words: str, button: QWidget) -> None:
        said = kit.column(
            kit.label(title, "strong"), kit.label(words, "small", "muted", wrap=True), gap=1
        )
        self.body.addLayout(kit.row((said, 1), button, gap=8))


def merge_words(quotas: Sequence[int]) -> str:
    """«3 topics cannot reach 100 records.»; `quotas` are those of the topics that stay short."""
    goal = count(quotas[0], "record") if len({*quotas}) == 1 else "their quotas"
    return f"{count(len(quotas), 'topic')} cannot reach {goal}."
