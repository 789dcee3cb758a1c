"""The editor of a user's own generator: its script, a few records on trial, and then all of them."""

from collections.abc import Coroutine
from typing import Any

import orjson
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.errors import AppError, DeclinedError, Stopped
from app.sandbox.helpers import LACKING
from app.sandbox.limits import GENERATOR
from app.tools.generators import Generator, GeneratorTrial, TriedRecord
from app.ui import dialogs, kit
from app.ui.controller import Controller
from app.ui.grader.script_edit import ScriptEdit, line_of
from app.ui.parts import Badge
from app.ui.theme import theme

ABOUT = (
    "Python that returns records of a topic, each with an answer that it computes. They are checked, "
    "capped and reviewed as a model's are; nothing leaves this computer."
)
LIMITS = (
    f"Sandbox: no files, no network, {GENERATOR.record_seconds:g} s and "
    f"{GENERATOR.memory_bytes >> 20} MB for each topic"
)
HELP = (
    (
        "topic, count",
        "The topic's name, and how many records it lacks. Return so many, or some more.",
    ),
    ("seed", "Another one for each call, the same when all is run again: random.seed(seed)."),
    ("examples", "Training records of the topic: prompt, messages, reference and further fields."),
    (
        "a record",
        "A dict with prompt (or messages) and reference; any further field is kept with it.",
    ),
    ("Not there", LACKING),
)
BEFORE = "Try shows three records before any is made."
SHOWN = 400  # characters of a prompt, or of a reference


class GeneratorDialog(QDialog):
    """Accepted when the script is saved and its records are wanted."""

    def __init__(self, parent: QWidget | None, app: Controller, generator: Generator) -> None:
        super().__init__(parent)
        self._app = app
        self._kept = "saved" if generator.saved else "an example"
        self._busy = False
        self.setWindowTitle("Generator")
        self.resize(theme().px(940), theme().px(620))
        self.script = ScriptEdit("Generator script")
        self.script.setPlainText(generator.code)
        self.error = kit.label("", "small", "bad", wrap=True, select=True)
        self.error.hide()
        self.state = Badge(self._kept, "muted")
        self.tried = QVBoxLayout()
        self.tried.setSpacing(8)
        self.attempt = kit.button("Try", self._try, icon="play", tip="Three records, kept nowhere")
        self.save = kit.button("Save", lambda: self._start(self._keep()))
        self.generate = kit.button(
            "Generate", self._generate, kind="primary", tip="As many as the plan says; they wait"
        )
        self._lay_out()
        self.script.document().modificationChanged.connect(self._show_state)
        self.script.textChanged.connect(self._show_ready)
        self._show_ready()
        self._tell(BEFORE)

    def _lay_out(self) -> None:
        head = kit.row(kit.label("Write a generator", "h2"), self.state, None, gap=8)
        shield = kit.row(
            kit.IconLabel("shield-check", "good"), (kit.label(LIMITS, "small", "muted"), 1)
        )
        left = kit.column((self.script, 1), self.error, shield, gap=6)
        results = QWidget()
        results.setLayout(kit.column(self.tried, kit.Fold("What a script may use", _help), None))
        right = kit.scroll(results)
        right.setMinimumWidth(theme().px(320))
        close = kit.button("Close", self.reject, kind="ghost")
        foot = kit.row(self.attempt, None, close, self.save, self.generate)
        about = kit.label(ABOUT, "body", "muted", wrap=True)
        both = kit.row((left, 3), (right, 2), gap=14)
        self.setLayout(kit.column(head, about, (both, 1), foot, gap=10, margin=20))

    @property
    def changed(self) -> bool:
        """Whether closing would lose words."""
        return self.script.document().isModified()

    def show_error(self, words: str) -> None:
        """What is wrong with the script; its line is marked. Empty: nothing is."""
        self.error.setText(words)
        self.error.setVisible(bool(words))
        self.script.show_error_line(line_of(words))

    def show_trial(self, trial: GeneratorTrial) -> None:
        """The records as they would wait, each with what is wrong with it."""
        kit.clear(self.tried)
        bad = sum(bool(record.reason) for record in trial.records)
        said = f"{trial.returned:,} returned for {trial.topic}"
        self.tried.addWidget(kit.label(said, "strong", wrap=True))
        if not trial.records:
            self._tell("It returned an empty list: return a dict for each record.")
        for number, record in enumerate(trial.records, 1):
            self.tried.addWidget(_shown(number, record))
        if trial.records and not bad:
            words = (
                "These look right. Likeness to the data and their topic are checked when all run."
            )
            self.tried.addWidget(kit.label(words, "small", "muted", wrap=True))

    def reject(self) -> None:
        if not self.changed:
            super().reject()
            return
        self._start(self._leave())

    async def _leave(self) -> None:
        if await dialogs.confirm(
            self, "Close without saving?", "The script was changed.", yes="Discard", kind="danger"
        ):
            super().reject()

    def _tell(self, words: str) -> None:
        self.tried.addWidget(kit.label(words, "body", "muted", wrap=True))

    def _show_state(self, modified: bool) -> None:
        self.state.show_text("unsaved" if modified else self._kept, "warn" if modified else "muted")

    def _show_ready(self) -> None:
        """Without a script there is nothing to run; saved, it takes the old one away."""
        some = bool(self.script.toPlainText().strip())
        self.save.setEnabled(not self._busy)
        for button in (self.attempt, self.generate):
            button.setEnabled(some and not self._busy)

    def _try(self) -> None:
        self._start(self._show_tried())

    async def _show_tried(self) -> None:
        kit.clear(self.tried)
        trial = await self._app.call("try_generator", code=self.script.toPlainText())
        if isValid(self):  # it may have been closed meanwhile
            self.show_trial(trial)

    def _generate(self) -> None:
        self._start(self._keep(then=True))

    async def _keep(self, *, then: bool = False) -> None:
        code = self.script.toPlainText()
        await self._app.call("set_generator", code=code)
        if not isValid(self):
            return
        self._kept = "saved" if code.strip() else "removed"
        self.script.document().setModified(False)
        self._show_state(False)
        if then:
            self.accept()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._app.jobs.start(self._run(work))

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time; what fails is told at its line."""
        self.show_error("")
        self._busy = True
        self._show_ready()
        try:
            await work
        except (DeclinedError, Stopped):
            pass  # the user knows
        except AppError as error:
            if isValid(self):
                self.show_error(str(error))
        finally:
            if isValid(self):
                self._busy = False
                self._show_ready()


def _shown(number: int, record: TriedRecord) -> QWidget:
    items: list[kit.Item] = [kit.Prose(_cut(record.text), f"Record {number}")]
    if record.reference is not None:
        items.append(kit.label("Reference", "small", "faint"))
        items.append(kit.Prose(_cut(_text(record.reference)), f"Reference of record {number}"))
    if record.why:
        items.append(kit.banner("warn", f"{record.why[:1].upper()}{record.why[1:]}"))
    return kit.card(*items, gap=4, margin=(12, 8, 12, 10))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _help() -> QWidget:
    lines = []
    for name, words in HELP:
        called = kit.label(name, "code")
        called.setFixedWidth(theme().px(100))
        lines.append(kit.row(called, (kit.label(words, "small", "muted", wrap=True), 1), top=True))
    return kit.holder(kit.column(*lines, gap=6))


async def write_generator(parent: QWidget, app: Controller) -> None:
    """Open the editor; when its records are wanted, make them. Raises AppError."""
    dialog = GeneratorDialog(parent, app, await app.call("get_generator"))
    if await dialogs.ask(dialog):
        await app.call("run_generator")
