"""Before a dry run: what will happen, how large it is, what is missing, what it costs."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame

from app.domain.thresholds import DEFAULTS
from app.ui import kit
from app.ui.dry_run.snapshot import DryRunSnapshot

MAX_PROMPTS, MAX_ANSWERS = 2_000, 32  # what the tool allows
STEPS = (
    ("The base model answers", "Several answers to each prompt, drawn evenly from all topics."),
    ("The grader scores them", "Errors are counted apart, never as 0."),
    ("A first look", "50 prompts × 2 come first: a broken grader ends it there."),
    ("Cheats and noise", "The crash test runs, and answers are graded twice."),
    ("The verdict", "GO, WARNING or NO-GO, with every number behind it."),
)


class Setup(QFrame):
    """`prompts` and `answers` hold the size; `run` is pressed to start."""

    def __init__(self, on_run: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        t = DEFAULTS
        self.prompts = kit.spin_box("Prompts", 1, MAX_PROMPTS, value=t.prompts, width=110)
        each = t.answers_per_prompt
        self.answers = kit.spin_box("Answers to each", 2, MAX_ANSWERS, value=each, width=110)
        self.run = kit.button("Run the dry run", on_run, kind="primary", icon="play")
        self.total = kit.label("", "small", "muted", wrap=True)
        self.missing = kit.Refill(gap=6)
        for spin in (self.prompts, self.answers):
            spin.valueChanged.connect(lambda value: self._show_total())
        sizes = kit.row(
            kit.column(kit.label("Prompts", "small", "muted"), self.prompts, gap=3),
            kit.column(kit.label("Answers to each", "small", "muted"), self.answers, gap=3),
            None,
            kit.column(None, self.run, gap=0),
            gap=12,
        )
        question = kit.label("Can training work here?", "h2")
        why = kit.label(
            "Training needs prompts that the model solves sometimes. A dry run finds out in "
            "minutes what would else cost hours.",
            tone="muted",
            wrap=True,
        )
        foot = kit.column(kit.rule(), self.missing, sizes, self.total, gap=8)
        body = kit.column(question, why, 2, *step_lines(), 2, foot, gap=8, margin=(16, 12, 16, 14))
        self.setLayout(body)
        self._train = 0
        self._show_total()

    @property
    def wanted(self) -> tuple[int, int]:
        """Prompts and answers to each."""
        return self.prompts.value(), self.answers.value()

    def show_snapshot(self, snapshot: DryRunSnapshot) -> None:
        self._train = snapshot.train_prompts
        words = [kit.label(f"•  {line}", wrap=True) for line in snapshot.missing]
        title = [kit.label("Needed first", "strong")] if words else []
        self.missing.show_items(*title, *words)
        self.run.setEnabled(not snapshot.missing)
        self.run.setToolTip("Something is needed first" if snapshot.missing else "")
        self._show_total()

    def grow(self) -> None:
        """Twice the prompts, as far as there are any; more answers to each where there are not."""
        prompts, answers = self.wanted
        if self._train > prompts:
            self.prompts.setValue(min(2 * prompts, self._train))
        else:
            self.answers.setValue(min(2 * answers, MAX_ANSWERS))

    def _show_total(self) -> None:
        prompts, answers = self.wanted
        used = min(prompts, self._train) if self._train else prompts
        of = f" of {self._train:,}" if self._train else ""
        self.total.setText(
            f"{used:,}{of} training prompts × {answers} = {used * answers:,} answers of the starter "
            "model, trained on your records first if need be. Free, about 2 min, on this computer."
        )


def step_lines() -> list[kit.Item]:
    """What a dry run does, in order."""
    return [
        kit.row(
            kit.label(f"{n}", "strong", "accent"),
            kit.label(name, "strong"),
            (kit.label(words, tone="muted", wrap=True), 1),
            top=True,
        )
        for n, (name, words) in enumerate(STEPS, 1)
    ]
