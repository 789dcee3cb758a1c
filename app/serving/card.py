"""The model card: what an exported model is, from the run's own facts; no record's text is in it."""

import json
import re
from typing import Any

from pydantic import BaseModel, Field

LIMITS = (
    "Trained and tested on single answers to prompts of this one task; elsewhere it is untested.",
    "The reward is what the grader below measures. What it does not measure was not trained, and "
    "may have become worse.",
)
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")


class Row(BaseModel):
    """One candidate of the report."""

    label: str
    n: int
    mean: float
    low: float
    high: float
    errors: int = 0


class Gain(BaseModel):
    """Tuned minus base over shared prompts."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None


class Results(BaseModel):
    """The part of a training report that belongs on a card: no examples, they quote records."""

    n: int
    split: str = "test"
    opened: int | None = None
    rows: list[Row] = []
    tuned_minus_base: Gain = Gain()
    sentence: str = ""


class CardFacts(BaseModel):
    """What the card may say; whatever is not given is said to be unknown. Other keys are ignored."""

    dataset: str = ""
    data: dict[str, str | int | float] = {}
    goal: str = ""
    base_model: str = ""
    license: str = ""
    grader: dict[str, Any] | None = None
    dry_run: str | None = None
    verdict: str | None = None
    params: dict[str, Any] | None = None
    report: Results | None = None
    limits: list[str] = []
    made: str = ""


class Regraded(BaseModel):
    """The exported model's greedy answers, graded anew; the 95 % interval is over prompts."""

    n: int = Field(description="prompts with a score")
    mean: float | None
    low: float | None
    high: float | None
    errors: int = 0


def model_card(name: str, facts: CardFacts, regraded: Regraded | None) -> str:
    """README.md of the exported folder, with the front matter that model hubs read."""
    head = {
        "license": facts.license.lower() or "unknown",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["reinforcement-fine-tuning", "rft-studio"],
    }
    front = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items())
    sections = {
        "Data": _data(facts),
        "Grader": _grader(facts),
        "Dry run before training": _dry_run(facts),
        "Training": _json(facts.params),
        "Results on held-out prompts": _results(facts.report),
        "Check of this export": _check(regraded),
        "Limits": "\n".join(f"- {plain(text)}" for text in (*facts.limits, *LIMITS)),
        "Licence": _licence(facts),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    made = f", {plain(facts.made)}" if facts.made else ""
    goal = plain(facts.goal) or "Not stated."
    return (
        f"---\n{front}\n---\n# {plain(name)}\n\nGoal: {goal}\n\n"
        f"Reinforcement fine-tuned with RFT Studio{made}.\n\n{body}\n"
    )


def plain(text: str) -> str:
    """A user's text on one line, with everything Markdown or HTML would act on escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _data(facts: CardFacts) -> str:
    lines = [f"Dataset: {plain(facts.dataset) or 'not stated'}. Its records are not included."]
    lines += [f"{plain(key)}: {plain(str(value))}" for key, value in facts.data.items()]
    lines.append(f"Base model: {plain(facts.base_model) or 'not stated'}.")
    return "\n".join(f"- {line}" for line in lines)


def _grader(facts: CardFacts) -> str:
    grader = facts.grader or {}
    version = f"Version {grader['version']}:\n\n" if "version" in grader else ""
    return version + _json(grader.get("config", facts.grader))


def _dry_run(facts: CardFacts) -> str:
    verdict = f"{plain(facts.verdict)}. " if facts.verdict else ""
    return verdict + plain(facts.dry_run or "") or "Not stated."


def _results(report: Results | None) -> str:
    if report is None:
        return "No report was made."
    times = f", opened {report.opened} time(s)" if report.opened else ""
    lines = [
        f"Held out: {report.n} prompts of the {plain(report.split)} split, never trained on{times}. "
        "Mean score from 0 to 1 with a 95 % interval.",
        "",
        "| model | prompts | mean | 95 % interval | not graded |",
        "|---|---:|---:|---|---:|",
    ]
    for row in report.rows:
        cells = (plain(row.label), row.n, f"{row.mean:.3f}", _span(row), row.errors)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    gain = report.tuned_minus_base
    if gain.mean is not None:
        lines += ["", f"Tuned minus base: {gain.mean:+.3f} ({_span(gain)})."]
    return "\n".join([*lines, "", plain(report.sentence)]).rstrip()


def _check(regraded: Regraded | None) -> str:
    text = "The written folder was loaded again. "
    if regraded is None:
        return text + "No prompts were graded with it."
    text += f"Its likeliest answers to {regraded.n} prompts were graded again: "
    errors = f" {regraded.errors} could not be graded." if regraded.errors else ""
    if regraded.mean is None:
        return text + "none got a score." + errors
    return text + f"mean {regraded.mean:.3f} ({_span(regraded)})." + errors


def _licence(facts: CardFacts) -> str:
    if facts.license:
        return f"{plain(facts.license)}, as stated by whoever exported it."
    return (
        "Not stated. The licences of the base model and of the data apply; settle them before "
        "passing the model on."
    )


def _span(row: Row | Gain | Regraded) -> str:
    if row.low is None or row.high is None:
        return "interval unknown"
    return f"{row.low:.3f} to {row.high:.3f}"


def _json(data: Any) -> str:
    if not data:
        return "Not stated."
    # A JSON text has no line of backticks alone, so the fence cannot be closed from within.
    return f"```json\n{json.dumps(data, indent=2, ensure_ascii=False)}\n```"
