"""The one RFT loop: sample groups, grade, advantages, update, evaluate, checkpoint.

It drives any `StepEngine`, grades through a function it is given, and never sees store or torch.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.errors import Stopped, TrainingError
from app.grading.base import Score
from app.training.advantages import advantages
from app.training.alarms import STEPS, Alarm, StepRecord, step_alarms, validation_alarms
from app.training.answers import Grade, to_sample
from app.training.base import (
    Group,
    LossConfig,
    Prompt,
    Rollout,
    StepEngine,
    StepStats,
    TrainingParams,
)
from app.training.checkpoints import (
    Checkpoints,
    Evaluation,
    LoopState,
    ShownAnswer,
    replace_folder,
)
from app.training.measures import GradedBatch, interval, order, some, step_metrics, why

FOLLOWED = 4  # prompts under the rollout microscope, with as many answers each
NOT_FINITE_MOST = 3  # steps in a row that could not be applied


class Reporter(Protocol):
    """Where a run tells what happens and learns that it should stop; a `Worker` is one."""

    def emit(self, kind: str, **data: Any) -> None: ...

    def progress(self, done: float, total: float, text: str = "") -> None: ...

    def stop_requested(self) -> bool: ...


@dataclass(frozen=True)
class RftResult:
    """The end of a run: the best model by validation (step 0 is the start model)."""

    model: Path
    best_step: int
    steps: int
    validation: Evaluation | None


class RftLoop:
    """One run of reinforcement fine-tuning; `params` must be resolved."""

    def __init__(
        self,
        engine: StepEngine,
        *,
        train: Sequence[Prompt],
        validation: Sequence[Prompt],
        grade: Grade,
        params: TrainingParams,
        out: Path,
        reporter: Reporter,
    ) -> None:
        if not train:
            raise TrainingError("There are no training prompts. Check the records and their split.")
        self.engine = engine
        self.train = train
        self.validation = some(validation, params.eval_prompts, seed=params.seed)
        self.followed = some(train, FOLLOWED, seed=params.seed)
        self.grade = grade
        self.params = params
        self.reporter = reporter
        self.state = LoopState()
        self._checkpoints = Checkpoints(out)
        self._loss = LossConfig(
            clip=params.clip,
            kl_coef=params.kl_coef,
            normalise=params.normalise,
            temperature=params.temperature,
            max_new_tokens=params.max_new_tokens,
            max_grad_norm=params.max_grad_norm,
        )

    async def run(self, *, resume: bool = False) -> RftResult:
        """Train to the end and return the best model.

        With `resume` it continues from the newest checkpoint, bit by bit as if never stopped.
        Raises Stopped after the present step, its checkpoint written, when asked to stop;
        TrainingError when the numbers or the grader fail for good.
        """
        if not (resume and self._resume()):
            await self._begin()
        while not self.state.finished:
            self._heed_stop()
            await self._step()
            due = self.state.step % self.params.eval_every == 0
            if due or self.state.step >= self.params.steps:
                await self._evaluate()
                self._decide_end()
                self._checkpoint()
        return self._result()

    def _resume(self) -> bool:
        found = self._checkpoints.newest()
        if found is None:
            return False
        folder, self.state = found
        self.engine.load(folder)
        if self.state.step < self.params.steps and self.state.stale < self._patience():
            self.state.finished = False  # more steps were allowed since
        return True

    async def _begin(self) -> None:
        """The baseline: the start model's reward, and its answers for the microscope."""
        self._progress("measuring the start model")
        answers, scores = await self._follow()
        self.state.before = [
            [
                ShownAnswer(text=r.text, score=s.score, reason=why(s))
                for r, s in zip(*row, strict=True)
            ]
            for row in zip(answers, scores, strict=True)
        ]
        await self._evaluate()
        if not self.validation:
            self._keep_best()

    def _heed_stop(self) -> None:
        if self.reporter.stop_requested():
            self._checkpoint()
            raise Stopped(f"Training was stopped after step {self.state.step}; it can be resumed.")

    async def _step(self) -> None:
        step = self.state.step + 1
        batch = await self._sample(step)
        rate = self._learning_rate(step)
        stats = [
            self.engine.train_step(batch.groups, self._loss, learning_rate=rate)
            for _ in range(self.params.updates_per_batch)
        ]
        self.state.step = step
        self.state.num_tokens += sum(len(r.tokens) for g in batch.groups for r in g.rollouts)
        metrics = step_metrics(batch, stats, state=self.state)
        metrics |= {"learning_rate": rate, "epoch": step * len(batch.groups) / len(self.train)}
        self.reporter.emit("metrics", step=step, **metrics)
        self._watch(metrics, stats)
        self._progress(f"reward {metrics['reward']:.3f}")

    async def _sample(self, step: int) -> GradedBatch:
        """Groups of this step's prompts, graded, with advantages."""
        began = time.monotonic()
        prompts = self._prompts(step)
        answers = self._answers(prompts, self.params.group_size, step)
        scores = await self._grade(prompts, answers)
        version = self.engine.policy_version
        groups = [
            Group(
                p, a, advantages([s.score for s in row], scale=self.params.scale_rewards), version
            )
            for p, a, row in zip(prompts, answers, scores, strict=True)
        ]
        return GradedBatch(groups, scores, began)

    def _prompts(self, step: int) -> list[Prompt]:
        """The prompts of a step: seeded passes over all of them, one after the other."""
        size, count = self.params.prompts_per_step, len(self.train)
        chosen = []
        for position in range((step - 1) * size, step * size):
            epoch, place = divmod(position, count)
            chosen.append(self.train[order(count, self.params.seed, epoch)[place]])
        return chosen

    def _answers(self, prompts: Sequence[Prompt], n: int, step: int) -> list[tuple[Rollout, ...]]:
        base = (self.params.seed * 1_000_003 + step) * 10_007
        return self.engine.sample(
            prompts,
            n,
            policy_version=self.engine.policy_version,
            temperature=self.params.temperature,
            max_new_tokens=self.params.max_new_tokens,
            seeds=[base + i for i in range(len(prompts))],
        )

    async def _grade(
        self, prompts: Sequence[Prompt], answers: Sequence[Sequence[Rollout]]
    ) -> list[list[Score]]:
        """Scores in the shape of the answers; raises TrainingError when none could be graded."""
        pairs = [
            (to_sample(r.text), p.item)
            for p, row in zip(prompts, answers, strict=True)
            for r in row
        ]
        scores = await self.grade(pairs)
        if all(s.score is None for s in scores):
            raise TrainingError(f"The grader failed on every answer: {scores[0].error}")
        flat = iter(scores)
        return [[next(flat) for _ in row] for row in answers]

    def _watch(self, metrics: dict[str, Any], stats: Sequence[StepStats]) -> None:
        """Alarms from this step; raises TrainingError when no step can be applied any more."""
        history = self.state.history
        history.append(
            StepRecord(
                length=metrics["completions/mean_length"],
                kl=metrics["kl"],
                without_signal=metrics["frac_reward_zero_std"],
                applied=all(s.applied for s in stats),
            )
        )
        del history[STEPS:-STEPS]  # the start and the present are all that is looked at
        self._ring(step_alarms(history), {"nan", "length", "kl", "signal"})
        if len(history) >= NOT_FINITE_MOST and not any(
            r.applied for r in history[-NOT_FINITE_MOST:]
        ):
            raise TrainingError(
                f"The loss was not a finite number {NOT_FINITE_MOST} times in a row at step "
                f"{self.state.step}. Lower the learning rate; the best checkpoint is kept."
            )

    def _ring(self, found: Sequence[Alarm], watched: set[str]) -> None:
        """Tell each alarm once, and again only after it has been silent."""
        for alarm in found:
            if alarm.name not in self.state.ringing:
                self.reporter.emit("alarm", step=self.state.step, name=alarm.name, text=alarm.text)
        rest = [name for name in self.state.ringing if name not in watched]
        self.state.ringing = rest + [alarm.name for alarm in found]

    async def _evaluate(self) -> None:
        """Validation reward of the present weights; keeps them when they are the best so far."""
        if self.state.step:
            await self._show_followed()
        if not self.validation:
            return
        answers = self.engine.evaluate(
            self.validation,
            temperature=self.params.eval_temperature,
            max_new_tokens=self.params.max_new_tokens,
            seed=self.params.seed,
        )
        scores = await self._grade(self.validation, [[a] for a in answers])
        found = interval(self.state.step, [s.score for (s,) in scores if s.score is not None])
        best = self.state.best
        self.state.evaluations.append(found)
        if best is None or found.reward > best.reward:
            self.state.best_step, self.state.stale = self.state.step, 0
            self._keep_best()
        else:
            self.state.stale += 1
        self.reporter.emit("evaluation", **found.model_dump())
        rewards = [e.reward for e in self.state.evaluations]
        falling = validation_alarms(rewards, margin=(found.high - found.low) / 2)
        self._ring(falling, {"validation"})

    def _keep_best(self) -> None:
        replace_folder(
            self._checkpoints.best, lambda folder: self.engine.save(folder, optimizer=False)
        )

    async def _follow(self) -> tuple[list[tuple[Rollout, ...]], list[list[Score]]]:
        """Answers and scores of the followed prompts; the same draws every time."""
        answers = self._answers(self.followed, FOLLOWED, 0)
        return answers, await self._grade(self.followed, answers)

    async def _show_followed(self) -> None:
        shown = []
        answers, scores = await self._follow()
        for i, prompt in enumerate(self.followed):
            after = [
                {"text": r.text, "score": s.score, "reason": why(s)}
                for r, s in zip(answers[i], scores[i], strict=True)
            ]
            before = [answer.model_dump() for answer in self.state.before[i]]
            question = str(prompt.messages[-1].get("content", "")) if prompt.messages else ""
            shown.append({"id": prompt.id, "prompt": question, "before": before, "after": after})
        self.reporter.emit("rollouts", step=self.state.step, prompts=shown)

    def _decide_end(self) -> None:
        last = self.state.step >= self.params.steps
        self.state.finished = last or self.state.stale >= self._patience()
        if not self.validation:
            self.state.best_step = self.state.step
            self._keep_best()

    def _patience(self) -> float:
        return self.params.patience or math.inf

    def _checkpoint(self) -> None:
        folder = self._checkpoints.save(
            self.state, lambda path: self.engine.save(path, optimizer=True)
        )
        self.reporter.emit("checkpoint", step=self.state.step, path=str(folder))

    def _learning_rate(self, step: int) -> float:
        """Linear warm-up, then constant."""
        return self.params.learning_rate * min(1.0, step / max(1, self.params.warmup_steps))

    def _progress(self, text: str) -> None:
        self.reporter.progress(self.state.step, self.params.steps, text)

    def _result(self) -> RftResult:
        self.reporter.progress(self.params.steps, self.params.steps, "done")
        state = self.state
        return RftResult(self._checkpoints.best, state.best_step, state.step, state.best)
