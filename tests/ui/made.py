"""Made-up but consistent results for the panels' tests and pictures: a verdict, a report, events."""

import random
from typing import Any

from app.domain.compare import Scored, compare
from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.verdict import Verdict, judge
from app.store.results import AnswerValue
from app.tools.report import LABELS, Example, Report, ReportRow
from app.ui.dry_run.snapshot import DryRunSnapshot
from app.ui.dry_run.snapshot import PromptAnswers as Shown

TOPICS = ("Cards > Card not working", "Payments > Refund not shown", "Account > Log-in")


def rows(count: int = 12) -> list[dict[str, Any]]:
    """Records with a reference and a reply, their splits in turn."""
    return [
        {
            "messages": [{"role": "user", "content": f"question {i}"}],
            "reference": f'"answer {i}"',  # JSON text, as the import writes it
            "reply": {"role": "assistant", "content": f"answer {i}"},
            "preview": f"question {i}",
            "content_hash": f"h{i}",
            "cluster": f"c{i}",
            "split": ("train", "validation", "test")[i % 3],
            "tokens": i,
            "valid": True,
            "issues": [],
        }
        for i in range(1, count + 1)
    ]


def verdict(kind: str = "GO", prompts: int = 200, seed: int = 3) -> Verdict:
    """GO: a healthy mix; WARNING: the same with few prompts; NO-GO: nearly all answers score 0."""
    draw = random.Random(seed)
    count = 40 if kind == "WARNING" else prompts
    return judge(
        DryRunData(
            prompts=tuple(_prompt(draw, i, kind) for i in range(count)),
            controls=(
                Control(name="reference answer", scores=(1.0,) * 50, kind="reference"),
                Control(name="empty answer", scores=(0.0,) * 50),
                Control(name="another record's answer", scores=(0.0, 0.2) * 25),
            ),
            noise_std=0.0,
        )
    )


def _prompt(draw: random.Random, i: int, kind: str) -> PromptAnswers:
    shape = {"GO": (0.9, 1.3), "WARNING": (0.06, 0.3), "NO-GO": (0.02, 0.8)}[kind]
    share = draw.betavariate(*shape)
    scores = tuple(
        1.0 if draw.random() < share else 0.6 if draw.random() < 0.25 * (kind == "GO") else 0.0
        for _ in range(4)
    )
    return PromptAnswers(
        record_id=i,
        topic=TOPICS[i % 3] if i % 20 else "Fees > Interest",
        scores=scores,
        lengths=tuple(draw.randint(10, 30) for _ in range(4)),
        format_ok=tuple(s > 0 or draw.random() < 0.4 for s in scores),
        shuffled=tuple(0.1 if draw.random() < 0.3 else 0.0 for _ in range(4)),
    )


def answers(record_id: int, scores: tuple[float | None, ...]) -> tuple[AnswerValue, ...]:
    """An answer for each score; None is a grader error."""
    return tuple(
        AnswerValue(
            record_id=record_id,
            k=k,
            text=f'{{"team": "cards", "intent": "pin_change_{k}"}}',
            tokens=14,
            score=score,
            error="Line 3: KeyError: 'team'" if score is None else None,
            reason="" if score is None else "right team",
        )
        for k, score in enumerate(scores)
    )


def dry_run(kind: str = "GO", **changes: Any) -> DryRunSnapshot:
    """A finished dry run with a few prompts to read."""
    prompts = tuple(
        Shown(i, f"Why is my transfer still pending after {i} days?", answers(i, scores))
        for i, scores in enumerate(
            [(0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0), (1.0, 0.0, None, 0.6), (None, None)], 1
        )
    )
    made: dict[str, Any] = {
        "state": "ended",
        "run_state": "completed",
        "train_prompts": 2134,
        "verdict": verdict(kind),
        "size": (200, 800),
        "base_model": "starter",
        "grader_version": 3,
        "prompts": prompts,
    }
    return DryRunSnapshot(**(made | changes))


def report(*, gain: float = 0.3, n: int = 120, seed: int = 1) -> Report:
    """A report where the tuned model is better than base by about `gain`."""
    draw = random.Random(seed)
    shares = {"recorded": 0.6, "base": 0.4, "supervised": 0.72, "tuned": 0.4 + gain}
    found = {
        key: {
            i: Scored(score=float(draw.random() < share), format_ok=draw.random() < share + 0.2)
            for i in range(n)
        }
        for key, share in shares.items()
    }
    main = compare(found["base"], found["tuned"])
    against = compare(found["supervised"], found["tuned"]).score
    rows = []
    for key, scored in found.items():
        own = compare(scored, scored).new
        rows.append(
            ReportRow(
                key=key,
                label=LABELS[key],
                n=n,
                mean=own.value or 0.0,
                low=own.low or 0.0,
                high=own.high or 0.0,
                errors=0,
                well_formed=0.9,
                correct_when_well_formed=own.value,
            )
        )
    example = Example(
        record_id=7,
        prompt="They took 12.40 twice for one coffee, can I get it back?",
        base="I am sorry to hear that.",
        base_score=0.0,
        tuned='{"team": "payments", "intent": "refund"}',
        tuned_score=1.0,
    )
    worse = example.model_copy(update={"base_score": 1.0, "tuned_score": 0.0, "record_id": 8})
    sentence = f"Better than base: {main.score.text}."
    if not main.better:
        sentence = f"Not better than base: {main.score.text}."
    return Report(
        n=n,
        opened=1,
        rows=rows,
        tuned_minus_base=main.score,
        tuned_minus_supervised=against,
        format=main.format,
        correctness=main.correctness,
        by_topic=list(main.by_topic),
        better=main.better,
        sentence=sentence,
        improved=[example],
        worsened=[worse],
        grader_version=3,
        seed=0,
    )


def events(steps: int = 38, every: int = 4) -> list[dict[str, Any]]:
    """What a training worker wrote: metrics, evaluations, rollouts, one alarm."""
    draw = random.Random(7)
    made: list[dict[str, Any]] = [_evaluation(0)]
    for step in range(1, steps + 1):
        made.append(_metrics(step, draw))
        if step % every == 0:
            made += [_rollouts(step), _evaluation(step), {"kind": "checkpoint", "step": step}]
    text = "38 % of groups carry no signal any more: their prompts are solved."
    return [*made, {"kind": "alarm", "step": steps - 2, "name": "signal", "text": text}]


def _reward(step: int) -> float:
    return 0.41 + 0.36 * (1 - 2.718 ** (-step / 13))


def _evaluation(step: int) -> dict[str, Any]:
    at = _reward(step)
    return {
        "kind": "evaluation",
        "step": step,
        "reward": at,
        "low": at - 0.045,
        "high": at + 0.045,
        "n": 200,
    }


def _metrics(step: int, draw: random.Random) -> dict[str, Any]:
    return {
        "kind": "metrics",
        "step": step,
        "epoch": step / 60,
        "reward": _reward(step) + draw.gauss(0, 0.03),
        "kl": 0.08 * step / 38 if step > 2 else None,
        "entropy": 0.9 - 0.5 * step / 38,
        "frac_reward_zero_std": 0.2 + 0.18 * step / 38,
        "completions/mean_length": 34 - 15 * step / 38,
        "loss": 0.05 - 0.07 * step / 38 + draw.gauss(0, 0.01),
        "tokens_per_second": 1840 + draw.gauss(0, 40),
    }


def _rollouts(step: int) -> dict[str, Any]:
    before = [
        {"text": '{"route": "human"}', "score": 0.6, "reason": ""},
        {"text": '{"route": "cards"}', "score": 0.2, "reason": "valid team, wrong"},
        {"text": "I will forward this", "score": 0.0, "reason": "not JSON"},
        {"text": "Please wait while I", "score": None, "reason": "Line 3: KeyError: 'team'"},
    ]
    after = [
        {"text": '{"route": "payments"}', "score": 1.0, "reason": ""},
        {"text": '{"route": "payments"}', "score": 1.0, "reason": ""},
        {"text": '{"route": "cards"}', "score": 0.2, "reason": "wrong"},
        {"text": '{"route": "payments"}', "score": 1.0, "reason": ""},
    ]
    prompts = [
        {"id": str(i), "prompt": text, "before": before, "after": after}
        for i, text in enumerate(
            ["Why is my transfer still pending after three days?", "Where is my new card?"]
        )
    ]
    return {"kind": "rollouts", "step": step, "prompts": prompts}
