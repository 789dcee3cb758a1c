"""Categorise: how sure the records' topics are, and the queue of those to look at."""

from dataclasses import replace

from PySide6.QtWidgets import QPushButton, QVBoxLayout

from app.domain.thresholds import DEFAULTS
from app.domain.wording import count
from app.store.events import RecordsChanged, ResultsChanged, SettingsChanged, TopicsChanged
from app.ui import kit
from app.ui.panel import Panel
from app.ui.parts import StackBar
from app.ui.theme import set_icon
from app.ui.topics.deciding import Deciding
from app.ui.topics.fit_card import FitCard
from app.ui.topics.reliability_card import ReliabilityCard
from app.ui.topics.review import ReviewCard
from app.ui.topics.standing import Band, StandingSnapshot, bands, read_standing, sentences

ASK_TIP = "The model places uncertain records, or says they fit none. The cost is shown first."
NO_MODEL = "No model is connected. One could place the {}, for what it charges."


class CategorizePanel(Panel):
    """Running again never touches what the user confirmed."""

    events = (RecordsChanged, TopicsChanged, ResultsChanged, SettingsChanged)
    title = "Categorise"

    def build(self) -> None:
        self.snapshot = StandingSnapshot()
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.rest = kit.button("Only the rest", kind="ghost", tip="Place what has no topic yet")
        self.again = kit.button("Categorise", icon="arrows-clockwise")
        self.rest.clicked.connect(lambda: self._run("unlabeled", self.rest))
        self.again.clicked.connect(lambda: self._run("all", self.again))
        self.ask = kit.button("", self._ask_model, kind="ghost")
        self.app.clients.on_change.append(self._show_ask)
        words = kit.column(kit.label("Categorise", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.ask, self.rest, self.again))
        self.notes = kit.column(gap=8)
        self.column.addLayout(self.notes)
        self.tiles = kit.row(gap=12)
        self.bands = kit.holder(self.tiles)
        self.column.addWidget(self.bands)
        self.lost = kit.button("", self._to_uncategorised, kind="link", small=True)
        self.bar = StackBar()
        self.column.addLayout(kit.row((self.bar, 1), self.lost))
        self.review = ReviewCard(self, large=True)
        self.deciding = Deciding(self, self.review)
        self.fit = FitCard()
        self.fit.chosen.connect(self._set_threshold)
        self.reliability = ReliabilityCard()
        self.reliability.look_at.connect(
            lambda pair: self.go.emit("topics_config", {"topic": pair[0], "topics": list(pair)})
        )
        self.about = QVBoxLayout()
        self.about.setSpacing(8)
        about = kit.card(kit.label("How it is decided", "h2"), self.about)
        side = kit.holder(kit.column(self.fit, self.reliability, about, None, gap=12))
        self.work = kit.holder(kit.row((self.review, 3), (side, 2), gap=12))
        self.column.addWidget(self.work, 1)
        to_topics = kit.button("Go to Topics", self._to_topics, kind="primary")
        words_none = "No topics yet. Records are placed as soon as you accept some."
        self.none = kit.empty("tag", words_none, to_topics)
        self.column.addWidget(self.none, 1)

    def start_over(self) -> None:
        self.deciding.start_over()
        self.fit.start_over()
        super().start_over()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self.show_snapshot(StandingSnapshot())
            return
        snapshot = await session.store.read(read_standing)
        await self.deciding.refresh()
        state = (await session.workflow())["categorize"]
        stale = state.reason if state.status == "stale" else ""
        self.show_snapshot(replace(snapshot, stale=stale))

    def show_snapshot(self, snapshot: StandingSnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        self.snapshot = snapshot
        ready = bool(snapshot.leaves)
        self.facts.setText(snapshot.facts)
        for widget in (self.bands, self.bar, self.work, self.again):
            widget.setVisible(ready)
        self.rest.setVisible(ready and bool(snapshot.uncategorised))
        self.none.setVisible(not ready)
        self._show_ask()
        self.again.setText("Categorise again" if snapshot.done else "Categorise")
        urgent = bool(snapshot.stale) or not snapshot.done
        kit.restyle(self.again, kind="primary" if urgent else "")
        set_icon(self.again, "arrows-clockwise", "on_accent" if urgent else "text_2")
        kit.clear(self.notes)
        if ready and snapshot.stale:
            self.notes.addWidget(kit.banner("warn", snapshot.stale))
        self._show_bands(bands(snapshot))
        self.fit.show_snapshot(snapshot)
        self.fit.setVisible(snapshot.threshold is not None)
        self.reliability.setVisible(snapshot.done)
        self.reliability.show_reliability(snapshot.reliability, snapshot.names)
        lost = snapshot.uncategorised
        self.lost.setText(f"Show the {lost:,} uncategorised")
        self.lost.setVisible(ready and bool(lost))
        kit.clear(self.about)
        for words in sentences(snapshot):
            self.about.addWidget(kit.label(words, "body", "muted", wrap=True))

    def sees(self) -> str:
        shown = self.review.shown
        return f"Categorise, record {shown.record_id}" if shown else "Categorise"

    def _show_bands(self, found: list[Band]) -> None:
        kit.clear(self.tiles)
        for band in found:
            tile = kit.stat(band.name, f"{band.records:,}", band.note, chip=(band.share, band.tone))
            self.tiles.addWidget(tile, 1)
        self.bar.show_parts([(band.name, band.records, band.tone) for band in found])

    @property
    def _connected(self) -> bool:
        return self.app.connections.for_role("generator") is not None

    def _show_ask(self) -> None:
        number = count(self.snapshot.uncertain, "uncertain record")
        self.ask.setVisible(bool(self.snapshot.leaves and self.snapshot.uncertain))
        if self._connected:
            self.ask.setText(f"Ask the model about {self.snapshot.uncertain:,}…")
            self.ask.setAccessibleName(f"Ask the model about {number}")
            self.ask.setToolTip(kit.tip(ASK_TIP))
        else:
            self.ask.setText("Connect a model…")
            self.ask.setAccessibleName(f"Connect a model that could place {number}")
            self.ask.setToolTip(kit.tip(NO_MODEL.format(number)))

    def _run(self, scope: str, button: QPushButton) -> None:
        review = DEFAULTS.topic_review
        work = self.app.call("categorize_records", scope=scope, confidence_threshold=review)
        self.act(work, button=button)

    def _set_threshold(self, threshold: float | None) -> None:
        self.act(self.app.call("set_fit_threshold", threshold=threshold))

    def _to_uncategorised(self) -> None:
        self.go.emit("records", {"uncategorised": True})

    def _ask_model(self) -> None:
        if self._connected:
            self.act(self.app.call("categorize_uncertain"), button=self.ask)
        else:
            self.go.emit("connections", {})

    def _to_topics(self) -> None:
        self.go.emit("topics_config", {})
