"""The report of a headless run, as data and as Markdown."""

import argparse
from typing import Any

FIGURES = {  # the report's name -> the dry run's figure
    "mean": "mean",
    "std": "std",
    "above_zero": "above_zero",
    "perfect": "perfect",
    "learnability": "learnability",
    "pass_at_k": "pass_at_k",
    "errors": "errors",
}


def report_of(
    found: dict[str, Any], seconds: dict[str, float], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Everything the walk found; parts it did not reach are null."""
    imported = found.get("import")
    stats = found.get("get_dataset_stats") or found.get("validate_records")
    coverage = found.get("analyze_coverage")
    report: dict[str, Any] = {
        "dataset": {
            "id": imported.dataset if imported else None,
            "name": imported.name if imported else None,
            "file": arguments.file.name,
            "goal": arguments.goal,
            "records": imported.records if imported else 0,
            "invalid": imported.invalid if imported else 0,
            "rejected_lines": imported.rejected_lines if imported else 0,
            "splits": stats.splits if stats else {},
        },
        "topics": _topics(coverage),
        "balance": coverage.coverage.balance if coverage else None,
        "coverage": coverage.coverage.coverage if coverage else None,
        "grader": _plain(found.get("configure_grader")),
        "dry_run": _dry_run(found.get("run_dry_run")),
        "heldout": None,
        "model": None,
        "effort": _plain(found.get("set_effort")),
        "seconds": {**seconds, "total": round(sum(seconds.values()), 1)},
    }
    if training := found.get("training"):
        report["heldout"] = _heldout(training.data.get("report"))
        report["training"] = {
            "state": training.state,
            "params": training.data["params"],
            "base_model": training.data["base_model"],
            "steps": training.data.get("step"),
        }
    if deployed := found.get("deploy_model"):
        report["model"] = {
            "path": deployed.path,
            "endpoint": deployed.endpoint,
            "id": deployed.model_id,
            "regraded": deployed.regraded,
            "serving": False,
            "serve": f"rft-studio serve {imported.dataset}" if imported else None,
            "tried": found.get("tried"),
        }
    return report


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if value is not None else None


def _topics(coverage: Any) -> list[dict[str, Any]]:
    if coverage is None:
        return []
    return [
        {"topic": t.topic, "records": t.records, "share": t.share, "thin": t.thin}
        for t in coverage.coverage.leaves.topics
    ]


def _dry_run(done: Any) -> dict[str, Any] | None:
    if done is None:
        return None
    verdict = done.verdict
    figures = verdict.figures
    numbers: dict[str, Any] = {}
    for name, attribute in FIGURES.items():
        figure = getattr(figures, attribute)
        value = None if figure is None else figure
        numbers[name] = {
            "value": getattr(value, "value", None),
            "low": getattr(value, "low", None),
            "high": getattr(value, "high", None),
        }
    return {
        "verdict": verdict.verdict,
        **numbers,
        "prompts": done.prompts,
        "answers": done.answers,
        "headline": verdict.headline,
        "summary": verdict.summary,
        "reasons": [reason.text for reason in verdict.reasons],
        "diagnosis": list(verdict.diagnosis),
        "next": [f"{action.text}. {action.why}" for action in verdict.actions],
        "early": done.early,
    }


def _heldout(report: dict[str, Any] | None) -> dict[str, Any] | None:
    if report is None:
        return None
    rows = {row["key"]: row for row in report["rows"]}
    return {
        "n": report["n"],
        "split": report["split"],
        "opened": report["opened"],
        **{key: rows.get(key) for key in ("base", "supervised", "tuned", "recorded")},
        "tuned_minus_base": report["tuned_minus_base"],
        "tuned_minus_supervised": report["tuned_minus_supervised"],
        "format": report["format"],
        "correctness": report["correctness"],
        "better": report["better"],
        "sentence": report["sentence"],
        "by_topic": report["by_topic"],
        "improved": report["improved"],
        "worsened": report["worsened"],
    }


def markdown(report: dict[str, Any]) -> str:
    """The same for a person."""
    data = report["dataset"]
    lines = [
        f"# {data['name']}",
        "",
        f"Goal: {data['goal']}",
        "",
        f"{data['records']:,} records ({data['invalid']:,} invalid, {data['rejected_lines']:,} lines "
        f"rejected); splits: {', '.join(f'{k} {v:,}' for k, v in data['splits'].items())}.",
        "",
        f"{len(report['topics'])} topics, balance {_number(report['balance'])}, coverage "
        f"{_number(report['coverage'])}.",
    ]
    if run := report["dry_run"]:
        lines += [
            "",
            "## Dry run",
            "",
            f"**{run['verdict']}.** {run['headline']}. {run['summary']}",
        ]
        lines += ["", "| figure | value | 95 % interval |", "|---|---:|---:|"]
        lines += [
            f"| {name.replace('_', ' ')} | {_number(run[name]['value'])} | {_span(run[name])} |"
            for name in FIGURES
        ]
        lines += ["", *[f"- {text}" for text in [*run["diagnosis"], *run["next"]]]]
    if held := report["heldout"]:
        lines += _held_lines(held)
    if model := report["model"]:
        lines += ["", "## Model", "", f"`{model['path']}`, served at {model['endpoint']}."]
    lines += ["", "## Seconds", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in report["seconds"].items()]
    return "\n".join(lines) + "\n"


def _held_lines(held: dict[str, Any]) -> list[str]:
    lines = [
        "",
        f"## Held out: {held['n']} test prompts, never trained on",
        "",
        held["sentence"],
        "",
        "| model | mean score | 95 % interval | well formed | score when well formed |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['label']} | {row['mean']:.3f} | {_span(row)} | "
        f"{_number(row['well_formed'])} | {_number(row['correct_when_well_formed'])} |"
        for key in ("recorded", "base", "supervised", "tuned")
        if (row := held[key])
    ]
    gain = held["tuned_minus_base"]
    lines += ["", f"Tuned minus base, paired: {gain['mean']:+.3f} ({_span(gain)})."]
    if against := held["tuned_minus_supervised"]:
        lines.append(f"Tuned minus supervised, paired: {against['mean']:+.3f} ({_span(against)}).")
    lines.append(f"The test split was opened {held['opened']} time(s).")
    return lines


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _span(figure: dict[str, Any]) -> str:
    return f"{_number(figure['low'])} to {_number(figure['high'])}"
