"""Where a categorisation stands: how sure its records are, what fits nothing; no widget here."""

from dataclasses import dataclass, field

from app.domain.thresholds import DEFAULTS
from app.domain.topics import leaf_paths
from app.store import records, results, topics, uncertain
from app.store.database import Tx
from app.store.records import RecordStats
from app.ui.parts import Tone
from app.ui.topics.snapshot import Review, read_queue


@dataclass(frozen=True)
class StandingSnapshot:
    """Counts of valid records. `threshold` is the fit under which a record fits nothing, None
    before the first run; `estimated` where it and the probabilities were not measured on confirmed
    records; `stale` says why it is out of date, empty when it is not."""

    stats: RecordStats = field(default_factory=RecordStats)
    leaves: int = 0
    high: int = 0
    medium: int = 0
    review: int = 0
    uncertain: int = 0  # in review or on no topic, and decided by neither the user nor a model
    threshold: float | None = None
    estimated: bool = True
    done: bool = False
    english: bool = True
    stale: str = ""
    queue: tuple[Review, ...] = ()

    @property
    def uncategorised(self) -> int:
        return self.stats.valid - self.stats.categorised

    @property
    def facts(self) -> str:
        if not self.leaves:
            return "Every record to the topic it fits, or to none"
        placed = f"{self.stats.categorised:,} of {self.stats.valid:,} records"
        return f"{placed} in {self.leaves} topics, {self.stats.confirmed:,} confirmed by you"


def read_standing(tx: Tx) -> StandingSnapshot:
    """The counts as stored; what is stale is the workflow's to say."""
    high, medium, review = records.bands(tx, high=DEFAULTS.topic_high, review=DEFAULTS.topic_review)
    result = results.latest(tx, "categorisation", "completed")
    data = result.data if result else {}
    return StandingSnapshot(
        stats=records.stats(tx),
        leaves=len(leaf_paths(topics.all_topics(tx))),
        high=high,
        medium=medium,
        review=review,
        uncertain=uncertain.count(tx),
        threshold=data.get("threshold"),
        estimated=data.get("estimated", True),
        done=result is not None,
        english=data.get("english", True),
        queue=read_queue(tx),
    )


@dataclass(frozen=True)
class Band:
    """How many records are how sure; `share` of the valid records, as text."""

    name: str
    records: int
    share: str
    note: str
    tone: Tone


def bands(snapshot: StandingSnapshot) -> list[Band]:
    """High, medium, review and uncategorised: together all valid records."""
    high, low = DEFAULTS.topic_high, DEFAULTS.topic_review
    lost = snapshot.uncategorised > DEFAULTS.uncategorised * snapshot.stats.valid
    limit = f"fit no topic, limit {DEFAULTS.uncategorised * 100:.0f} %"
    rows: list[tuple[str, int, str, Tone]] = [
        ("High", snapshot.high, f"probability from {high:.2f}, or confirmed", "good"),
        ("Medium", snapshot.medium, f"probability {low:.2f} to {high:.2f}", "info"),
        ("Review", snapshot.review, f"probability under {low:.2f}", "warn"),
        ("Uncategorised", snapshot.uncategorised, limit, "bad" if lost else "muted"),
    ]
    valid = snapshot.stats.valid or 1
    return [Band(name, n, f"{n / valid * 100:.1f} %", note, tone) for name, n, note, tone in rows]


def sentences(snapshot: StandingSnapshot) -> list[str]:
    """How records come to their topics, with the threshold in force."""
    said = ["Each record goes to the topic nearest in meaning, with how probable that is."]
    if snapshot.threshold is not None:
        source = "an estimate" if snapshot.estimated else "calibrated on your records"
        said.append(
            f"Under a fit of {snapshot.threshold:.2f} ({source}) it fits none "
            "and stays uncategorised. It is never forced."
        )
        if snapshot.estimated:
            said.append("The probabilities are estimates until you have confirmed some records.")
    said.append("What you confirm is kept, and teaches the rest when you categorise again.")
    if not snapshot.english:
        said.append(
            "Most records are not English. The encoder reads English, so look at more of them."
        )
    return said
