"""The outlook card: what this computer can do with this data, said before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.grader_advice import GraderSuggestions, advise
from app.domain.record_stats import RecordStats, record_stats
from app.domain.records import Record
from app.domain.thresholds import DEFAULTS
from app.domain.wording import count, joined

Tone = Literal["good", "warn", "bad", "info"]

_SHORT_ANSWER = 200  # characters: the starter suits short, closed answers (measured on routing)
_SECONDS = 100  # CPU-seconds for 2,700 short tickets, measured on two shared cores
_RECORDS = 2700
_GB_PER_BILLION = 8  # float32 weights and as much again for adapters and activations
_SIZES = (0.1, 0.4, 0.6, 1.7, 4.0, 8.0)  # billions of parameters of the usual small models
_FEW = 100  # fewer valid records leave under ten test prompts

STARTER_OFFERS = (
    "use a pretrained model from a local Hugging Face folder",
    "connect a model endpoint",
    f"write {DEFAULTS.starter_rows} replies",
)


class Machine(BaseModel):
    """What the computer has free, in GB (10^9 bytes) and cores."""

    model_config = ConfigDict(frozen=True)

    memory_gb: float
    cores: int
    gpu: bool = False
    connected: bool = False


class Cell(BaseModel):
    """One of the card's four cells."""

    model_config = ConfigDict(frozen=True)

    title: str
    tone: Tone
    text: str


class Starter(BaseModel):
    """Whether a starter model can be trained, from what, or what is offered instead."""

    model_config = ConfigDict(frozen=True)

    possible: bool
    source: Literal["replies", "references", ""] = ""
    rows: int = 0
    minutes: int = 0
    offers: tuple[str, ...] = ()


class Outlook(BaseModel):
    """The card: its chip (`word`, `tone`), four cells, graders that fit, and goals to pick from."""

    model_config = ConfigDict(frozen=True)

    word: str
    tone: Tone
    cells: tuple[Cell, ...]
    starter: Starter
    graders: GraderSuggestions
    goals: tuple[str, ...]


def suggest_graders(records: Iterable[Record]) -> GraderSuggestions:
    """Graders that fit the references of these records."""
    return advise(record_stats(records))


def outlook(stats: RecordStats, machine: Machine) -> Outlook:
    """The card for this data on this machine."""
    start, graders = starter(stats), advise(stats)
    cells = (
        _data(stats),
        _graders(stats, graders),
        _base_model(stats, start),
        _not_here(stats, machine),
    )
    tones = [c.tone for c in cells[:3]]
    word, tone = ("Good start", "good")
    if "bad" in tones:
        word, tone = "Something is missing", "bad"
    elif tones.count("warn") > 1 or tones[0] == "warn":
        word, tone = "Workable", "warn"
    return Outlook(
        word=word,
        tone=tone,
        cells=cells,
        starter=start,
        graders=graders,
        goals=goals(stats),
    )


def starter(stats: RecordStats) -> Starter:
    """From recorded replies, else from references, else refused with what is offered."""
    for source, rows in (("replies", stats.replies), ("references", stats.references)):
        if rows >= DEFAULTS.starter_rows:
            seconds = _SECONDS * min(3.0, max(0.5, rows / _RECORDS))
            minutes = max(1, round(seconds / 60))
            return Starter(possible=True, source=source, rows=rows, minutes=minutes)
    return Starter(possible=False, offers=STARTER_OFFERS)


def _data(stats: RecordStats) -> Cell:
    if not stats.valid:
        return Cell(title="Data", tone="bad", text="No valid record yet. View the issues.")
    parts = ["Single-turn" if not stats.multi_turn else _turns(stats), f"{stats.valid:,} valid"]
    if stats.with_tools:
        parts.append(f"tools on {_of(stats.with_tools, stats.valid)}")
    parts.append(f"references on {_of(stats.references, stats.valid)}")
    parts.append(f"replies on {_of(stats.replies, stats.valid)}")
    text = ", ".join(parts) + "."
    if stats.invalid:
        text += f" {count(stats.invalid, 'record')} invalid, kept aside."
    if stats.valid < _FEW:
        text += " Very few: results will be uncertain."
    crowded = stats.invalid + stats.duplicates > 0.2 * (stats.valid + stats.invalid)
    return Cell(title="Data", tone="warn" if crowded or stats.valid < _FEW else "good", text=text)


def _turns(stats: RecordStats) -> str:
    return "Multi-turn" if stats.multi_turn == stats.valid else f"{stats.multi_turn:,} multi-turn"


def _of(part: int, whole: int) -> str:
    return "all" if part == whole else f"{part:,}" if part else "none"


_HOLD = {
    "json": "references hold JSON",
    "number": "references hold a number",
    "label": "references hold a label",
    "short": "references hold a short text",
    "long": "references hold long texts, which only wording can be compared with",
}


def _graders(stats: RecordStats, graders: GraderSuggestions) -> Cell:
    kinds = dict.fromkeys(g.config["type"].replace("_", " ") for g in graders.suggestions)
    names = [kind.replace("json", "JSON") for kind in kinds]
    if not names:
        text = "No references: write a script for what can be counted, or connect a judge."
        return Cell(title="Grader", tone="warn", text=text)
    text = f"{' or '.join(names).capitalize()}"
    if held := _HOLD.get(stats.reference_kind):
        text += f": {held}"
    tone: Tone = "warn" if stats.reference_kind in {"long", "none"} else "good"
    return Cell(title="Grader", tone=tone, text=text + ".")


def _base_model(stats: RecordStats, start: Starter) -> Cell:
    if not start.possible:
        offers = f"{', '.join(start.offers[:-1])} or {start.offers[-1]}"
        text = f"No starter: too few replies or references. You can {offers}."
        return Cell(title="Base model", tone="bad", text=text)
    chars = stats.reply_chars if start.source == "replies" else stats.reference_chars
    text = f"Starter, about {start.minutes} min on this CPU, learns from your {start.source}."
    if chars > _SHORT_ANSWER:
        text += " It suits short answers; these are long, a pretrained model will do better."
        return Cell(title="Base model", tone="warn", text=text)
    return Cell(title="Base model", tone="good", text=text + " Short answers only.")


def _not_here(stats: RecordStats, machine: Machine) -> Cell:
    parts = []
    too_big = next((s for s in _SIZES if s * _GB_PER_BILLION > machine.memory_gb), None)
    if too_big is not None:
        need = too_big * _GB_PER_BILLION
        parts.append(
            f"Models from {too_big:g} B: {need:.0f} GB of memory needed, "
            f"{machine.memory_gb:.0f} free."
        )
    if not machine.connected:
        parts.append("New records by a model: none is connected.")
    if stats.with_tools:
        parts.append("Tool calls are graded, not executed.")
    if not machine.gpu and not parts:
        parts.append("Large models are slow without a GPU.")
    parts.append("Judging by a model: not in this version.")
    return Cell(title="Not here", tone="info", text=" ".join(parts))


def goals(stats: RecordStats) -> tuple[str, ...]:
    """One to three goals to pick from, drawn from the form of the data."""
    found = []
    if stats.with_tools:
        found.append("Call the right tool with the right arguments")
    if stats.reference_kind == "json":
        names = joined([f.name for f in stats.fields])
        found.append(f"Answer with the right {names}, as JSON")
    elif stats.reference_kind == "label":
        found.append("Give each message the right label")
    elif stats.reference_kind == "number":
        found.append("Solve each problem and give the right number")
    elif stats.reference_kind == "short":
        found.append("Give the short, right answer")
    if stats.replies and stats.reply_chars > _SHORT_ANSWER:
        found.append("Write replies at least as good as the recorded ones")
    if stats.with_system:
        found.append("Do what the system prompt asks, every time")
    return tuple(found[:3]) or ("Answer each message as well as possible",)
