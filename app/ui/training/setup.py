"""Before training: the parameters explained, the split, what will be compared, what is missing."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QAbstractSpinBox, QFrame, QWidget

from app.training.base import PRESETS, Preset, TrainingParams
from app.ui import kit
from app.ui.form import Form
from app.ui.training.snapshot import TrainingSnapshot

MAIN = ("steps", "group_size", "prompts_per_step", "learning_rate")
MORE = ("temperature", "kl_coef", "max_new_tokens", "eval_every", "patience", "seed")
OPEN = ("steps", "prompts_per_step", "learning_rate", "max_new_tokens", "eval_every")
PRESET_WORDS: Mapping[Preset, str] = {
    "fast": "Fast: a smaller model and fewer steps, under a minute. A quick look.",
    "standard": "Standard: every training prompt once, about 3 min on this computer.",
}


class Setup(QFrame):
    """`params` is what was set; `start` is pressed to begin."""

    def __init__(self, on_start: Callable[[], object], preset: Preset) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._names: tuple[Preset, ...] = tuple(PRESETS)
        self._train = 0
        self.presets = kit.Segments([n.capitalize() for n in self._names])
        self.presets.select(self._names.index(preset))
        self.presets.chosen.connect(lambda index: self._show_open())
        self.preset_words = kit.label("", "small", "muted", wrap=True)
        self.main, self.more = Form(TrainingParams, shown=MAIN), Form(TrainingParams, shown=MORE)
        self.start = kit.button("Start training", on_start, kind="primary", icon="play")
        self.missing, self.split = kit.Refill(gap=6), kit.Refill(gap=6)
        fold = kit.Fold("More parameters", lambda: self.more, opened=True)
        fold.head.setChecked(False)
        left = kit.column(
            kit.label("How it is trained", "h2"),
            kit.row(self.presets, None),
            self.preset_words,
            self.main,
            fold,
            None,
            gap=10,
        )
        sides = kit.Reflow([(kit.holder(left), 1), (self._facts(), 1)], least=600, gap=24)
        foot = kit.row(self._note(), self.start)
        body = kit.column(sides, kit.rule(), self.missing, foot, gap=12, margin=(16, 12, 16, 14))
        self.setLayout(body)
        self._show_open()

    def _note(self) -> kit.Item:
        words = "You confirm a card with records, time and cost first. Pause any time."
        return (kit.label(words, "small", "muted", wrap=True), 1)

    def _facts(self) -> QWidget:
        compared = (
            ("Recorded replies", "what you have today"),
            ("Base", "the starter as it is"),
            ("Supervised on references", "plain training, where references exist"),
            ("Tuned", "the best checkpoint by validation"),
        )
        lines = [
            kit.column(kit.label(n, "strong"), kit.label(w, "small", "muted", wrap=True), gap=0)
            for n, w in compared
        ]
        title = kit.label("How it is judged", "h2")
        words = kit.label(
            "All on the same test prompts with 95 % intervals:", "small", "muted", wrap=True
        )
        return kit.holder(kit.column(self.split, title, words, *lines, None, gap=6))

    @property
    def preset(self) -> Preset:
        return self._names[self.presets.selected]

    def params(self) -> dict[str, object] | None:
        """What differs from the defaults; None when a field is wrong, which is said there."""
        if self.main.value() is None or self.more.value() is None:
            return None
        more = self.more.raw()
        values = {**self.main.raw(), **{name: more[name] for name in MORE}}
        fields = TrainingParams.model_fields
        changed = {n: v for n, v in values.items() if v != fields[n].default}
        return {"preset": self.preset, **changed}

    def show_snapshot(self, snapshot: TrainingSnapshot) -> None:
        self._train = snapshot.splits.get("train", 0)
        lines = [kit.label(f"•  {line}", wrap=True) for line in snapshot.missing]
        self.missing.show_items(*([kit.label("Needed first", "strong")] if lines else []), *lines)
        self.start.setEnabled(not snapshot.missing)
        self.start.setToolTip("Something is needed first" if snapshot.missing else "")
        self.split.show_items(kit.label("The records", "h2"), *split_lines(snapshot))
        self._show_open()

    def _show_open(self) -> None:
        """What an open value will be: chosen from the preset and the number of records."""
        self.preset_words.setText(PRESET_WORDS[self.preset])
        resolved = TrainingParams(preset=self.preset).resolved(train_prompts=max(1, self._train))
        for name in OPEN:
            editor = self.main.editors.get(name) or self.more.editors[name]
            if isinstance(editor.widget, QAbstractSpinBox):
                value = getattr(resolved, name)
                chosen = "by the data" if name == "max_new_tokens" else f"{value:g}"
                editor.widget.setSpecialValueText(f"automatic: {chosen}")


def split_lines(snapshot: TrainingSnapshot) -> list[QWidget]:
    """Train, validation and test with their numbers and what each is for."""
    times = "once" if snapshot.openings == 1 else f"{snapshot.openings} times"
    lines = (
        ("train", "Train", "learned from"),
        ("validation", "Validation", "picks the checkpoint, ends early"),
        ("test", "Test", f"for the report only, opened {times} so far"),
    )
    return [
        kit.holder(
            kit.row(
                kit.label(name, "strong"),
                (kit.label(words, "small", "muted", wrap=True), 1),
                kit.label(f"{snapshot.splits.get(key, 0):,}", "strong"),
            )
        )
        for key, name, words in lines
    ]
