"""Where a categorisation stands: how sure its records are, what fits nothing; no widget here."""

from dataclasses import dataclass, field

from app.domain.reliability import Reliability
from app.domain.thresholds import DEFAULTS
from app.domain.topics import leaf_paths
from app.domain.wording import count
from app.store import meta, records, results, topics, uncertain
from app.store.database import Tx
from app.store.records import RecordStats
from app.tools.improving import uncategorised_at
from app.ui.parts import Tone


@dataclass(frozen=True)
class StandingSnapshot:
    """Counts of valid records. `threshold` is the fit under which a record fits nothing, None
    before the first run, `calibrated` the one that was found, and `uncategorised_at` how many
    records each hundredth would leave without a topic; `names` are of the leaves by id.
    `estimated` where it and the probabilities were not measured on confirmed records; `stale` says
    why it is out of date, empty when it is not."""

    stats: RecordStats = field(default_factory=RecordStats)
    leaves: int = 0
    high: int = 0
    medium: int = 0
    review: int = 0
    uncertain: int = 0  # in review or on no topic, and decided by no user, label or model
    by_model: int = 0
    threshold: float | None = None
    calibrated: float = 0.0
    uncategorised_at: tuple[int, ...] = ()
    reliability: Reliability = field(default_factory=Reliability)
    names: dict[int, str] = field(default_factory=dict)
    estimated: bool = True
    done: bool = False
    english: bool = True
    stale: str = ""

    @property
    def own_threshold(self) -> bool:
        """Whether the user set another than was found."""
        return self.threshold is not None and self.threshold != self.calibrated

    @property
    def uncategorised(self) -> int:
        return self.stats.valid - self.stats.categorised

    @property
    def facts(self) -> str:
        if not self.leaves:
            return "Every record to the topic it fits, or to none"
        placed = f"{self.stats.categorised:,} of {count(self.stats.valid, 'record')}"
        return (
            f"{placed} in {count(self.leaves, 'topic')}, {self.stats.confirmed:,} confirmed by you"
        )


def read_standing(tx: Tx) -> StandingSnapshot:
    """The counts as stored; what is stale is the workflow's to say."""
    high, medium, review = records.bands(tx, high=DEFAULTS.topic_high, review=DEFAULTS.topic_review)
    result = results.latest(tx, "categorisation", "completed")
    data = result.data if result else {}
    paths = leaf_paths(topics.all_topics(tx))
    calibrated = data.get("calibrated") or data.get("threshold") or 0.0
    own = meta.get(tx, "categorise_threshold")
    return StandingSnapshot(
        stats=records.stats(tx),
        leaves=len(paths),
        high=high,
        medium=medium,
        review=review,
        uncertain=uncertain.count(tx),
        by_model=uncertain.placed(tx),
        threshold=None if result is None else calibrated if own is None else own,
        calibrated=calibrated,
        uncategorised_at=tuple(uncategorised_at(tx)),
        reliability=Reliability.model_validate(data.get("reliability", {})),
        names={topic_id: path[-1] for topic_id, path in paths.items()},
        estimated=data.get("estimated", True),
        done=result is not None,
        english=data.get("english", True),
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
    medium = f"probability {low:.2f} to {high:.2f}"
    rows: list[tuple[str, int, str, Tone]] = [
        ("High", snapshot.high, f"probability from {high:.2f}, or confirmed", "good"),
        ("Medium", snapshot.medium, medium + ", or by a model" * bool(snapshot.by_model), "info"),
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
        if snapshot.own_threshold:
            source = "set by you"
        said.append(
            f"Under a fit of {snapshot.threshold:.2f} ({source}) it fits none "
            "and stays uncategorised. It is never forced."
        )
    said.append("What you confirm is kept, and at once improves the rest.")
    if snapshot.by_model:
        one = snapshot.by_model == 1
        stay = "was placed by a model and stays" if one else "were placed by a model and stay"
        edited = "it is edited" if one else "they are edited"
        said.append(
            f"{snapshot.by_model:,} {stay} there until {edited}. The "
            "filter is:model shows them. “Categorise again” tries anew what it found to fit none."
        )
    if not snapshot.english:
        said.append(
            "Most records are not English: they are compared by spelling, not meaning. "
            "Look at more of them."
        )
    return said
