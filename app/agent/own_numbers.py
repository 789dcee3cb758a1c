"""The dataset's own figure for a term, as a sentence; it explains nothing."""

from collections.abc import Callable
from typing import Any

from app.domain.wording import count, number
from app.store import records, results, topics
from app.store.database import Tx

FIGURES = {
    "learnability": "learnability", "mean": "mean", "chance": "chance", "std": "std",
    "solved sometimes": "above_zero", "always solved": "perfect", "pass@k": "pass_at_k",
    "grader errors": "errors", "length effect": "length_effect",
}  # fmt: skip
SHARES = {"solved sometimes", "always solved", "grader errors"}
DIFFERENCES = {
    "paired difference": "tuned_minus_base", "format share": "format", "correctness": "correctness",
}  # fmt: skip
COUNTS = {
    "record": "records", "valid": "valid", "invalid": "invalid", "duplicate": "duplicates",
    "near duplicate": "near_duplicates", "review": "review", "reference": "with_reference",
    "recorded reply": "with_reply", "tokens": "tokens", "issues": "warned",
}  # fmt: skip


def here(tx: Tx, key: str) -> str:
    """With a space before it; empty when nothing was measured."""
    for known, told in _SOURCES:
        if key in known and (found := told(tx, key)):
            return f" {found}"
    return ""


def _count(tx: Tx, key: str) -> str:
    found: int = getattr(records.stats(tx), COUNTS[key])
    return f"Here: **{found:,}**."


def _split(tx: Tx, key: str) -> str:
    parts = records.stats(tx).splits
    told = ", ".join(f"{parts[name]:,} {name}" for name in ("train", "validation", "test")
                     if name in parts)  # fmt: skip
    return f"Here: {told}." if told else ""


def _topic(tx: Tx, key: str) -> str:
    every = topics.all_topics(tx)
    parents = {t.parent_id for t in every}
    leaves = [t for t in every if t.id not in parents]
    return f"Here are {count(len(leaves), 'topic')}." if leaves else ""


def _coverage(tx: Tx, key: str) -> str:
    result = results.latest(tx, "coverage", "completed")
    if result is None:
        return ""
    level = result.data["coverage"]["leaves"]
    match key:
        case "balance" | "coverage":
            return f"Here it is **{number(level[key])}**." if level[key] is not None else ""
        case "effective topics":
            found = level["effective"]
            return f"Here: **{found:.1f}** of {len(level['topics'])}." if found else ""
        case "thin":
            return f"Here {count(sum(t['thin'] for t in level['topics']), 'topic')} are thin."
        case "uncategorised":
            return f"Here: **{result.data['coverage']['uncategorised']:,}**."
        case "missing":
            whole = result.data["quota"]  # of analyses kept before topics had quotas
            needed = [max(0, t.get("quota", whole) - t["records"]) for t in level["topics"]]
            return f"Here: **{sum(needed):,}**."
        case "iteration log":
            return f"Here: {count(len(results.of_kind(tx, 'coverage')), 'round')}."
    return f"Here it is **{result.data['quota']:,}**."


def _dry_run(tx: Tx, key: str) -> str:
    result = results.latest(tx, "dry_run", "completed")
    if result is None:
        return ""
    verdict = result.data["verdict"]
    figures = verdict["figures"]
    if key in FIGURES:
        found = (figures[FIGURES[key]] or {}).get("value")
        told = number(found, "%" if key in SHARES else "")
        return f"In the last dry run it is **{told}**." if found is not None else ""
    return _of_verdict(verdict, figures, key)


def _of_verdict(verdict: dict[str, Any], figures: dict[str, Any], key: str) -> str:
    match key:
        case "verdict" | "dry run":
            return f"The last one here: **{verdict['verdict']}**."
        case "noise" if figures["noise_std"] is not None:
            return f"In the last dry run it is **{number(figures['noise_std'])}**."
        case "cost multiplier" if verdict["cost_multiplier"]:
            return f"In the last dry run it is **{verdict['cost_multiplier']:.1f}**."
        case "control" | "crash test":
            failed = sum(c["failed"] for c in figures["controls"])
            return f"Here {failed} of {count(len(figures['controls']), 'control')} failed."
    return ""


def _report(tx: Tx, key: str) -> str:
    run = next((r for r in results.of_kind(tx, "training") if r.data.get("report")), None)
    if run is None:
        return ""
    report = run.data["report"]
    rows = {row["key"]: row["mean"] for row in report["rows"]}
    match key:
        case "tuned" | "supervised":
            return f"Its mean here: **{number(rows[key])}**." if key in rows else ""
        case "baseline":
            return f"Here: **{number(rows.get('base'))}**."
        case "minimum detectable difference":
            return f"In the report: **{number(report['tuned_minus_base']['detectable'])}**."
        case "test":
            return f"Here it was opened {count(report['opened'], 'time')}."
    found = report[DIFFERENCES[key]]["mean"]
    sign = "+" if found is not None and found > 0 else ""
    return f"In the report: **{sign}{number(found)}**." if found is not None else ""


def _grader(tx: Tx, key: str) -> str:
    grader = results.current_grader(tx)
    if grader is None:
        return ""
    return f"Here: version {grader.version}, {grader.config['type'].replace('_', ' ')}."


def _threshold(tx: Tx, key: str) -> str:
    result = results.latest(tx, "categorisation", "completed")
    found = result.data.get("threshold") if result else None
    return f"The threshold here is **{number(found)}**." if found is not None else ""


def _spent(tx: Tx, key: str) -> str:
    used = results.usage(tx)
    cost = "" if used.cost is None else f", {used.cost:.2f}"
    return f"Here: {count(used.tokens, 'token')}{cost}." if used.tokens else ""


_SOURCES: tuple[tuple[set[str], Callable[[Tx, str], str]], ...] = (
    (set(COUNTS), _count),
    ({"split"}, _split),
    ({"topic"}, _topic),
    (
        {"balance", "coverage", "effective topics", "thin", "uncategorised", "missing", "quota",
         "iteration log"},
        _coverage,
    ),
    ({*FIGURES, "verdict", "dry run", "noise", "cost multiplier", "control", "crash test"}, _dry_run),
    ({*DIFFERENCES, "tuned", "supervised", "baseline", "minimum detectable difference", "test"},
     _report),
    ({"grader", "version"}, _grader),
    ({"fit", "threshold"}, _threshold),
    ({"spent"}, _spent),
)  # fmt: skip
