"""The rollout microscope: the same prompts answered by the base model and at a step of training."""

from functools import partial
from typing import Any

from PySide6.QtWidgets import QFrame

from app.training.advantages import advantages
from app.ui import kit
from app.ui.answers import answer_row
from app.ui.comparison import signed
from app.ui.parts import Tone
from app.ui.training.course import Course


class Microscope(QFrame):
    """`show_step` looks at another step; the newest is followed until the user chose one."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._course = Course()
        self._prompt, self._step = 0, 0
        self._chosen: int | None = None
        self.place = kit.label("", "small", "muted")
        self.steps = kit.combo("Step", [], self._choose)
        before = kit.tool_button("caret-left", "Previous prompt", lambda: self._move(-1))
        after = kit.tool_button("caret-right", "Next prompt", lambda: self._move(1))
        title = kit.label("Rollout microscope", "h2")
        head = kit.row(title, None, self.steps, self.place, before, after)
        self.question = kit.Prose("", "Prompt")
        self.base, self.after = _Side(), _Side("accent")
        sides = kit.Reflow([(self.base, 1), (self.after, 1)], least=560, gap=16)
        body = kit.column(self.question, sides, gap=8)
        self.setLayout(kit.column(head, body, gap=8, margin=(16, 8, 12, 14)))
        self.hide()

    def show_course(self, course: Course) -> None:
        """Take the newest rollouts, unless a step was chosen."""
        self._course = course
        known = sorted(course.rollouts)
        self.setVisible(bool(known))
        if not known:
            return
        if self._chosen not in known:
            self._chosen = None
        words = [f"Step {step}" for step in known]
        if [self.steps.itemText(i) for i in range(self.steps.count())] != words:
            self.steps.clear()
            self.steps.addItems(words)
        self._look(known[-1] if self._chosen is None else self._chosen)

    def show_step(self, step: int) -> None:
        """The rollouts of a step, or of the nearest that has some."""
        known = sorted(self._course.rollouts)
        if known:
            self._chosen = min(known, key=lambda s: abs(s - step))
            self._look(self._chosen)

    def _choose(self, index: int) -> None:
        self._chosen = sorted(self._course.rollouts)[index]
        self._look(self._chosen)

    def _move(self, by: int) -> None:
        prompts = self._course.rollouts.get(self._step, [])
        self._prompt = (self._prompt + by) % max(1, len(prompts))
        self._step = -1  # draw anew
        self.show_course(self._course)

    def _look(self, step: int) -> None:
        self.steps.setCurrentIndex(sorted(self._course.rollouts).index(step))
        if step == self._step:
            return
        self._step = step
        prompts = self._course.rollouts[step]
        self._prompt = min(self._prompt, len(prompts) - 1)
        self.place.setText(f"prompt {self._prompt + 1} of {len(prompts)}")
        shown = prompts[self._prompt]
        self.question.show_text(shown["prompt"])
        self.base.show_answers("Base", shown["before"])
        self.after.show_answers(f"Step {step}", shown["after"])


class _Side(QFrame):
    """A group of answers: score, text, and how much better each is than its group."""

    def __init__(self, tone: Tone = "") -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._shown: object = None
        self.name, self.mean = kit.label("", "strong", tone), kit.label("", "small", "muted")
        self.rows = kit.Refill(gap=5)
        self.setLayout(kit.column(kit.row(self.name, self.mean, None), self.rows, None, gap=5))

    def show_answers(self, name: str, answers: list[dict[str, Any]]) -> None:
        """Replace the rows, one in each turn; what is shown already stays."""
        scores = [a["score"] for a in answers]
        known = [s for s in scores if s is not None]
        mean = f"mean {sum(known) / len(known):.2f}" if known else "mean n/a"
        self.name.setText(name)
        self.mean.setText(mean)
        self.setAccessibleName(f"{name}, {mean}")
        if self._shown == (name, answers):
            return
        self._shown = (name, answers)
        gains = advantages(scores, scale="none")  # plain differences, as one reads the scores
        self.rows.show_in_turns(
            *(partial(_row, name, a, gain) for a, gain in zip(answers, gains, strict=True))
        )


def _row(name: str, answer: dict[str, Any], gain: float) -> QFrame:
    reason = answer.get("reason", "")
    missing = answer["score"] is None
    row = answer_row(
        answer["text"],
        answer["score"],
        name=f"{name} answer",
        error=(reason or "not graded") if missing else None,
        reason="" if missing else reason,
        note="" if missing else signed(gain),
    )
    row.setToolTip("At the right: how much better than the mean of its group.")
    return row
