"""The dry-run panel: can training work here? Before, while it runs, and the verdict after."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app.domain.diagnosis import Action
from app.jobs import Job
from app.store.events import GraderChanged, RecordsChanged, ResultsChanged, SettingsChanged
from app.ui import kit
from app.ui.dry_run.setup import Setup, step_lines
from app.ui.dry_run.snapshot import DryRunSnapshot, read_snapshot
from app.ui.dry_run.views import Answers, by_topic, summary, verdict_card
from app.ui.job_line import JobLine
from app.ui.panel import Panel
from app.ui.parts import Tone

VIEWS = ["Summary", "By topic", "Answers"]
ENDS = {
    "failed": "The dry run failed.",
    "stopped": "The dry run was stopped.",
}


class DryRunPanel(Panel):
    """Shows the newest run; `again` opens the setup beside the verdict of before."""

    events = (ResultsChanged, GraderChanged, RecordsChanged, SettingsChanged)
    title = "Dry run"

    def build(self) -> None:
        self.snapshot = DryRunSnapshot()
        self._drawn: tuple[DryRunSnapshot, int] | None = None
        self._setup_open = False
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.views = kit.Segments(VIEWS)
        self.views.chosen.connect(lambda index: self._draw())
        self.again = kit.button("Run again", self._open_setup, icon="arrow-clockwise", small=True)
        words = kit.column(kit.label("Dry run", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.again, self.views))
        self.line = JobLine(self.app.jobs, self._is_ours)
        self.line.changed.connect(lambda active: self._show_state())
        self.setup = Setup(self._run)
        self.accept = kit.button(
            "Accept the warning", self._accept, tip="Training may then start on exactly this"
        )
        self.banners, self.body = kit.Refill(), kit.Refill()
        title = kit.label("What happens now", "h2")
        self.doing = kit.card(title, *step_lines(), gap=8, margin=(16, 12, 16, 14))
        for widget in (self.line, self.doing, self.banners, self.setup, self.body):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    async def refresh(self) -> None:
        session = self.app.session
        self.show_snapshot(await read_snapshot(session) if session else DryRunSnapshot())

    def show_snapshot(self, snapshot: DryRunSnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        if snapshot.state == "running":
            self._setup_open = False
        self.snapshot = snapshot
        self.setup.show_snapshot(snapshot)
        self._show_state()
        self._draw()

    def point_at(self, target: dict[str, Any]) -> None:
        """`{"answers": True}` opens the answers."""
        if target.get("answers"):
            self.views.select(VIEWS.index("Answers"))
            self._draw()

    def sees(self) -> str:
        verdict = self.snapshot.verdict
        return f"Dry run, {verdict.verdict}" if verdict else "Dry run"

    def _is_ours(self, job: Job) -> bool:
        here = self.app.session is not None and job.dataset_id == self.app.session.dataset_id
        return here and (job.name == "Dry run" or "starter model" in job.name)

    @property
    def _busy(self) -> bool:
        return self.line.active or self.snapshot.state == "running"

    def _show_state(self) -> None:
        found = self.snapshot
        ended = found.state == "ended"
        self.setup.setVisible(not self._busy and (self._setup_open or not ended))
        told = bool(found.outdated) or found.run_state in ENDS  # its banner has the button
        self.again.setVisible(ended and not told and not self._busy and not self._setup_open)
        self.views.setVisible(ended and found.verdict is not None and not self._busy)
        self.body.setVisible(not self._busy)
        self.doing.setVisible(self._busy)
        self.facts.setText(self._facts())
        self._show_banners()

    def _facts(self) -> str:
        if self._busy:
            return (
                "The base model answers, the grader scores. A first look at 50 × 2 comes first; "
                "it ends there when nothing can be learned."
            )
        if self.snapshot.state == "ended":
            return self.snapshot.facts
        return "A look before training: prompts it solves sometimes, and a grader to be trusted."

    def _show_banners(self) -> None:
        found, items = self.snapshot, []
        if found.state == "ended" and not self._busy:
            if found.outdated:
                items.append(kit.banner("warn", found.outdated, self._again_button()))
            if found.run_state in ENDS:
                prompts, answers = found.size
                kept = f"{answers:,} answers to {prompts:,} prompts are kept."
                words = " ".join([ENDS[found.run_state], found.error, kept])
                tone: Tone = "bad" if found.run_state == "failed" else "warn"
                items.append(kit.banner(tone, words, self._again_button()))
        self.banners.show_items(*items)

    def _again_button(self) -> kit.Item:
        return kit.button("Run again", self._open_setup, kind="primary", small=True)

    def _draw(self) -> None:
        """The body of the chosen view; drawn anew only when it shows something else."""
        found, view = self.snapshot, self.views.selected
        if self._drawn == (found, view):
            return
        self._drawn = (found, view)
        self.accept.setParent(self)  # it outlives the card it stood in
        self.accept.hide()
        if found.state != "ended":
            self.body.show_items()
        elif found.verdict is None:
            self.body.show_items(*([Answers(found)] if found.prompts else []))
        else:
            self.body.show_in_turns(*self._makers(found, view))
        self._show_state()

    def _makers(self, found: DryRunSnapshot, view: int) -> list[Callable[[], kit.Item]]:
        verdict = found.verdict
        assert verdict is not None
        may_accept = verdict.verdict == "WARNING" and not found.accepted and not found.outdated
        self.accept.setVisible(may_accept)
        accept = self.accept if may_accept else None
        card = partial(verdict_card, found, verdict, take=self._take, accept=accept)
        if view == 1:
            return [card, partial(by_topic, verdict)]
        return [card, partial(Answers, found)] if view == 2 else [card, *summary(verdict)]

    def _take(self, action: Action) -> None:
        """Go where the verdict's action leads; more answers are asked for here."""
        if action.step != "dry_run":
            self.go.emit(action.step, {})
            return
        if "more" in action.text.lower():
            self.setup.grow()
        self._open_setup()

    def _open_setup(self) -> None:
        self._setup_open = True
        self._show_state()
        self.setup.run.setFocus()

    def _run(self) -> None:
        prompts, answers = self.setup.wanted
        call = self.app.call("run_dry_run", sample_size=prompts, samples_per_prompt=answers)
        self.act(self._finish(call), button=self.setup.run)

    async def _finish(self, call: Any) -> None:
        await call
        self._setup_open = False
        self.reload()

    def _accept(self) -> None:
        self.act(self.app.call("accept_warning"), button=self.accept)
