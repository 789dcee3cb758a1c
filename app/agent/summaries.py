"""A tool's result in a few words, for its folded row; and in full, for who unfolds it."""

from collections.abc import Callable
from typing import Any

import orjson
from pydantic import BaseModel

from app.domain.outlook import Outlook
from app.domain.plain import marked, one_line, visible
from app.domain.wording import count, number
from app.store.records import RecordStats
from app.tools.accepting import Accepted
from app.tools.categories import Categorised
from app.tools.coverage import CoverageReport
from app.tools.deployment import Deployed
from app.tools.dry_run import DryRun
from app.tools.fixes import Fixed, Removed
from app.tools.generation import Changed, GenerationOffer
from app.tools.generation_report import GenerationReport
from app.tools.grading import GraderConfigured, GraderTest
from app.tools.listing import RecordPage
from app.tools.proposals import Proposal
from app.tools.records import Updated, ValidationReport
from app.tools.reviewing import Edited, Review
from app.tools.runs import TrainingStatus
from app.tools.scan import SensitiveReport
from app.tools.targets import QuotaSet
from app.tools.topic_edits import Moved, Split, TopicsEdited
from app.tools.topics import Applied
from app.tools.training import TrainingStarted
from app.tools.workflow import RolledBack, WorkflowStatus

TOLD_ITEMS = 20  # of a list, as a model is told; it asks for the next page, or narrows the question
TOLD_TEXT = 600  # characters of one text
TOLD_CHARS = 12_000  # of the whole answer: some 3,500 tokens
TOLD_ERROR = 1_000  # characters of an error
NOT_TOLD = {"key", "path"}  # of a result: what a model needs not know
MAX_DETAILS = 4_000  # characters: what is unfolded is to be read, not scrolled for minutes

_WORDS: dict[type[BaseModel], Callable[[Any], str]] = {
    Outlook: lambda r: r.word,
    RecordStats: lambda r: f"{r.valid:,} of {r.records:,} valid",
    ValidationReport: lambda r: f"{r.valid:,} valid",
    RecordPage: lambda r: count(r.total, "record"),
    SensitiveReport: lambda r: r.said,
    Fixed: lambda r: count(r.records, "record"),
    Removed: lambda r: count(r.records, "duplicate"),
    Updated: lambda r: f"record {r.record_id}",
    Proposal: lambda r: count(r.leaves, "leaf", "leaves"),
    Applied: lambda r: count(r.leaves, "leaf", "leaves"),
    Moved: lambda r: count(r.records, "record"),
    Split: lambda r: count(len(r.topic_ids), "part"),
    TopicsEdited: lambda r: count(r.topics, "topic"),
    Changed: lambda r: count(r.records, "record"),
    Categorised: lambda r: f"{r.assigned:,} placed, {r.uncategorised:,} not",
    CoverageReport: lambda r: f"balance {number(r.coverage.balance)}",
    QuotaSet: lambda r: f"quota {r.quota:,}",
    GenerationOffer: lambda r: count(len(r.moves), "move"),
    GenerationReport: lambda r: f"{count(sum(r.waiting.values()), 'record')} to review",
    Review: lambda r: count(r.total, "record"),
    Accepted: lambda r: count(r.records, "record"),
    Edited: lambda r: r.why or r.state,
    GraderConfigured: lambda r: f"v{r.version}, {r.type}",
    GraderTest: lambda r: f"{len(r.rows) - r.errors} scored, {count(r.errors, 'error')}",
    DryRun: lambda r: f"{r.answers:,} answers, {r.verdict.verdict}",
    TrainingStarted: lambda r: f"run {r.run_id}",
    TrainingStatus: lambda r: f"step {r.step} of {r.steps}" if r.run_id else "no run yet",
    Deployed: lambda r: r.model_id,
    WorkflowStatus: lambda r: r.current_step or "all done",
    RolledBack: lambda r: r.restored or count(len(r.points), "point"),
}


def summary(result: Any) -> str:
    """`14 leaves`, `800 answers, GO`; `done` where there is no number to tell."""
    words = _WORDS.get(type(result))
    return words(result) if words else "done"


def told(result: Any) -> str:
    """A tool's result as a model reads it: ids and counts whole, long lists and texts cut, all of it
    marked as data. No key and no path, and no text of a record can end the mark or hide in it."""
    plain = _plain(result) if isinstance(result, BaseModel) else str(result)
    text = orjson.dumps(_brief(plain)).decode()
    if len(text) > TOLD_CHARS:
        text = f"{text[:TOLD_CHARS]}… (cut; ask for less)"
    return marked(text)


def told_error(error: Exception) -> str:
    """Why a call did nothing, as a model reads it: the words may name topics and texts of records."""
    return f"Error: {marked(one_line(str(error), TOLD_ERROR))}"


def _plain(result: BaseModel) -> dict[str, Any]:
    return result.model_dump(mode="json", exclude=NOT_TOLD)


def _brief(value: Any) -> Any:
    """The value with its long texts and lists cut, and how much is missing said."""
    match value:
        case str() if len(value) > TOLD_TEXT:
            return f"{value[:TOLD_TEXT]}… ({len(value):,} characters)"
        case dict():
            return {key: _brief(item) for key, item in value.items()}
        case list():
            cut = [_brief(item) for item in value[:TOLD_ITEMS]]
            more = len(value) - len(cut)
            return [*cut, f"… and {more:,} more"] if more else cut
    return value


def details(result: Any) -> str:
    """A result as text. A deployment's key is not repeated into the chat."""
    text = str(result)
    if isinstance(result, BaseModel):
        plain = result.model_dump(mode="json", exclude={"key"})
        text = orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode()
    return visible(text if len(text) <= MAX_DETAILS else f"{text[:MAX_DETAILS]}\n…")


def as_written(arguments: dict[str, Any] | str) -> str:
    """Arguments as JSON; those of a model as it wrote them."""
    if isinstance(arguments, str):
        return arguments
    return orjson.dumps(arguments, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
