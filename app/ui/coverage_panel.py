"""Coverage: how even and how full the topics are, what helps the thin ones, and what a model wrote."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.domain.wording import count
from app.errors import InputError
from app.store.events import (
    GeneratedChanged,
    RecordsChanged,
    ResultsChanged,
    SettingsChanged,
    TopicsChanged,
)
from app.tools.generation_report import GenerationReport
from app.tools.plan_cost import plan_cost
from app.ui import dialogs, kit
from app.ui.coverage.generator_edit import write_generator
from app.ui.coverage.more_dialog import ask_more
from app.ui.coverage.offers import OffersCard
from app.ui.coverage.plan_card import PlanCard
from app.ui.coverage.review import GeneratedCard
from app.ui.coverage.rounds import RoundsCard
from app.ui.coverage.rows import BETWEEN
from app.ui.coverage.snapshot import CoverageSnapshot, footnote, read_view, stats
from app.ui.coverage.targets_dialog import ask_targets
from app.ui.coverage.topics_card import TopicsCard
from app.ui.kit.text import tip
from app.ui.panel import Panel

PAGE = 200  # records to review that are listed at once
LISTS = "Markdown (*.md);;CSV, to fill in (*.csv)"


class CoveragePanel(Panel):
    """The figures are of now; Analyse keeps them as a round. What a model wrote waits here."""

    events = (RecordsChanged, TopicsChanged, ResultsChanged, SettingsChanged, GeneratedChanged)
    title = "Coverage"

    def build(self) -> None:
        self.snapshot = CoverageSnapshot()
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.quota = kit.drop_button("Quota and targets", kind="ghost", icon="sliders-horizontal")
        self.analyse = kit.button("Analyse", self._analyse, kind="primary")
        words = kit.column(kit.label("Coverage and generation", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.quota, self.analyse))
        self.notes = kit.column(gap=8)
        self.column.addLayout(self.notes)
        self.cards = kit.row(gap=12)
        self.column.addLayout(self.cards)
        self.offers, self.plan, self.rounds = OffersCard(), PlanCard(), RoundsCard()
        self.review = GeneratedCard(self)
        self.column.addWidget(self.review)
        self.topics = TopicsCard()
        self.topics.topic_opened.connect(lambda topic: self.go.emit("records", {"topic": topic}))
        told = kit.holder(kit.column(self.plan, self.rounds, None, gap=12))
        below = kit.Reflow([(self.offers, 1), (told, 1)], least=560)
        self.work = kit.holder(kit.column((self.topics, 1), below, gap=12))
        self.column.addWidget(self.work, 1)
        self.none = kit.empty(
            "chart-bar",
            "Coverage needs topics with records in them.",
            kit.button("Go to Topics", lambda: self.go.emit("topics_config", {}), kind="primary"),
        )
        self.column.addWidget(self.none, 1)
        self._connect()

    def start_over(self) -> None:
        self.review.start_over()
        self.offers.start_over()
        super().start_over()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self.show_snapshot(CoverageSnapshot())
            return
        report, view = await session.store.read(read_view, self.app.context())
        state = (await session.workflow())["coverage_generation"]
        waiting, refused = [
            await self.app.call("review_generated", state=state, limit=PAGE)
            for state in ("waiting", "refused")
        ]
        offer = cost = None
        if report.coverage.leaves.topics and not state.missing:
            offer = await self.app.call("generation_offers")
            cost = await plan_cost(self.app.context())
        snapshot = CoverageSnapshot(
            report=report if report.coverage.leaves.topics else None,
            view=view,
            offer=offer,
            cost=cost,
            kept=state.status == "completed",
            stale=state.reason if state.status == "stale" else "",
            missing=state.missing,
            waiting=waiting,
            refused=refused,
        )
        for draw in self.drawing(snapshot):
            draw()
            await asyncio.sleep(0)

    def show_snapshot(self, snapshot: CoverageSnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        for draw in self.drawing(snapshot):
            draw()

    def drawing(self, snapshot: CoverageSnapshot) -> list[Callable[[], None]]:
        """The parts of drawing a snapshot, to be done in this order: together they take 55 ms."""
        report, view = snapshot.report, snapshot.view
        if report is None:
            return [lambda: self._show_figures(snapshot)]
        return [
            lambda: self._show_figures(snapshot),
            lambda: self.topics.show_topics(view.levels, view.areas, view.by_id, footnote(report)),
            lambda: self._show_plan(snapshot),
            lambda: self.offers.show_offer(snapshot.offer, report),
            lambda: self._show_review(snapshot),
        ]

    def _show_figures(self, snapshot: CoverageSnapshot) -> None:
        self.snapshot = snapshot
        report = snapshot.report
        self.facts.setText(snapshot.facts)
        for widget in (self.work, self.quota, self.analyse):
            widget.setVisible(report is not None)
        if report is None or not snapshot.to_review:
            self.review.start_over()  # shown only once it is filled
        self.none.setVisible(report is None)
        kit.clear(self.cards)
        kit.clear(self.notes)
        if report is None:
            return
        self._show_notes(snapshot)
        for stat in stats(report):
            card = kit.stat(stat.name, stat.value, stat.note, chip=(stat.chip, stat.tone))
            card.setToolTip(tip(stat.about))
            card.setAccessibleName(f"{stat.name} {stat.value}, {stat.note}, {stat.chip}")
            card.setAccessibleDescription(stat.about)
            self.cards.addWidget(card, 1)
        kit.restyle(self.analyse, kind="" if snapshot.kept else "primary")
        self.analyse.setText("Analyse again" if report.rounds else "Analyse")
        self.analyse.setEnabled(not snapshot.missing)
        self.analyse.setToolTip(
            f"Missing: {'; '.join(snapshot.missing)}" if snapshot.missing else ""
        )
        self._show_targets(snapshot)

    def _show_plan(self, snapshot: CoverageSnapshot) -> None:
        if snapshot.report is not None:
            self.plan.show_plan(snapshot.report.plan, snapshot.cost)
            self.rounds.show_rounds(snapshot.report.rounds)

    def _show_review(self, snapshot: CoverageSnapshot) -> None:
        if snapshot.waiting is not None and snapshot.refused is not None:
            self.review.show_review(snapshot.waiting, snapshot.refused)
        self.review.setVisible(snapshot.to_review)

    def sees(self) -> str:
        rounds = len(self.snapshot.rounds)
        return f"Coverage, round {rounds}" if rounds else "Coverage"

    def _connect(self) -> None:
        offers = self.offers
        offers.moved.connect(
            lambda ids: self.act(self.app.call("accept_generation_moves", record_ids=ids))
        )
        offers.weights_asked.connect(lambda: self.act(self.app.call("apply_topic_weights")))
        offers.list_asked.connect(lambda: self.act(self._save_list()))
        offers.merge_asked.connect(lambda: self.go.emit("topics_config", {}))
        offers.quota_asked.connect(lambda n: self.act(self.app.call("set_quota", quota=n)))

        offers.connect_asked.connect(lambda: self.go.emit("connections", {}))
        offers.script_asked.connect(lambda: self.act(write_generator(self, self.app)))
        offers.generate_asked.connect(
            lambda name: self.act(self.app.call("generate_synthetic_data", strategy=name))
        )
        offers.more_asked.connect(lambda: self.act(self._ask_more()))
        review = self.review
        review.accepted.connect(lambda ids: self.act(self.app.call("accept_generated", ids=ids)))
        review.accepted_from.connect(
            lambda bar: self.act(self.app.call("accept_generated", min_score=bar))
        )
        review.rejected.connect(lambda ids: self.act(self.app.call("reject_generated", ids=ids)))
        review.edited.connect(lambda *item: self.act(self._edit(*item)))
        review.anew.connect(lambda: self.act(self._write_anew()))

    def _show_notes(self, snapshot: CoverageSnapshot) -> None:
        """Why the figures are not a finished step, if they are not."""
        report = snapshot.report
        if snapshot.waiting is not None and snapshot.waiting.paused:
            resume = kit.button(
                "Resume…", lambda: self.act(self.app.call("resume_generation")), small=True
            )
            words = "A generation was cut off. What had come in is kept, and not paid again."
            self.notes.addWidget(kit.banner("info", words, resume))
        if snapshot.missing:
            button = kit.button(
                "Go to Categorise", lambda: self.go.emit("categorize", {}), small=True
            )
            words = f"Before the analysis: {'; '.join(snapshot.missing)}."
            self.notes.addWidget(kit.banner("warn", words, button))
        elif snapshot.stale:
            self.notes.addWidget(kit.banner("warn", f"{snapshot.stale} The figures are of now."))
        elif report is not None and report.coverage.grade != "good":
            self.notes.addWidget(kit.banner("info", report.coverage.note))

    def _show_targets(self, snapshot: CoverageSnapshot) -> None:
        report = snapshot.report

        def entry(words: str, targets: str) -> kit.Entry:
            work = self.app.call
            return kit.Entry(
                words,
                lambda: self.act(work("set_targets", targets=targets)),
                checked=report is not None and report.targets == targets,
            )

        own = "Own shares (set)…" if report and report.targets == "own" else "Own shares…"
        quota = f"Quota: {count(report.quota, 'record')} a topic…" if report else "Quota…"
        entries = [
            kit.Entry(quota, lambda: self.act(self._ask_quota())),
            kit.Entry(),
            entry("Every topic the same share", "uniform"),
            entry("As imported: no target", "as_imported"),
            kit.Entry(own, lambda: self.act(self._ask_targets())),
        ]
        kit.set_entries(self.quota, entries)

    def _analyse(self) -> None:
        self.act(self.app.call("analyze_coverage"), button=self.analyse)

    async def _ask_quota(self) -> None:
        report = self.snapshot.report
        text = await dialogs.ask_text(
            self,
            "Change quota",
            "Records wanted in each topic:",
            text=str(report.quota if report else ""),
        )
        if text is None:
            return
        if not text.isdecimal():
            raise InputError(f"“{text}” is not a number of records. Give a whole number.")
        await self.app.call("set_quota", quota=int(text))

    async def _ask_targets(self) -> None:
        report, view = self.snapshot.report, self.snapshot.view
        if report is None:
            return
        rows = view.levels[0].rows
        targets = await ask_targets(self, rows, view.wished)
        if targets is not None:
            await self.app.call("set_targets", targets=targets)

    async def _ask_more(self) -> None:
        """More for topics that the user ticks; the one selected in the table is ticked already."""
        report, table = self.snapshot.report, self.topics.table
        if report is None:
            return
        place, below = table.currentIndex().row(), []
        if 0 <= place < len(table.topics.rows):
            path = table.topics.rows[place].topic
            below = [t for t in report.topic_ids if t == path or t.startswith(path + BETWEEN)]
        wish = await ask_more(self, list(report.topic_ids), below)
        if wish is None:
            return
        made = await self.app.call("generate_synthetic_data", **wish)
        if isinstance(made, GenerationReport) and made.run_id is None:
            raise InputError(made.text)

    async def _edit(self, item_id: int, text: str) -> None:
        changed = await dialogs.ask_text(
            self, "Edit the record", "Its last user turn:", text=text, lines=True
        )
        if changed is not None and changed != text:
            await self.app.call("edit_generated", id=item_id, text=changed)

    async def _write_anew(self) -> None:
        prompt = "What was wrong with these? The model is told:"
        reason = await dialogs.ask_text(self, "Write others", prompt, lines=True)
        if reason is not None:
            await self.app.call("regenerate_rejects", reason=reason)

    async def _save_list(self) -> None:
        offer = self.snapshot.offer
        path = await dialogs.save_file(
            self, "Save the list of records to write", name="records-to-write.md", filters=LISTS
        )
        if path is None or offer is None:
            return
        text = offer.todo_csv if path.suffix == ".csv" else offer.todo_markdown
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            why = f"{path}: cannot be written ({error.strerror}). Choose a folder of yours."
            raise InputError(why) from error
