"""What a conversation is made of, as values: stored with the dataset, drawn by the dock."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.tools.base import Card

Tone = Literal["good", "warn", "bad"]
FINAL, ASK = "final", "ask_follow_up"
OWN = (FINAL, ASK)  # the tools by which a model ends its turn


def new_key() -> str:
    return uuid.uuid4().hex[:12]


class Entry(BaseModel):
    """One item of the conversation; `kind` tells the members apart where they are stored."""

    model_config = ConfigDict(frozen=True)

    kind: str


class Message(Entry):
    """The assistant speaks: Markdown, in which words from data are escaped. `reply` is the key that a
    model's words share with the tools it called along with them; the guide's words have none."""

    kind: Literal["message"] = "message"
    text: str
    reply: str = ""
    stopped: bool = False


class Piece(Entry):
    """The next words of a model's reply while it comes. Shown only; the Message is stored."""

    kind: Literal["piece"] = "piece"
    reply: str
    text: str


class Said(Entry):
    """The user speaks: plain text as typed. `context` is the JSON block that a model was given with
    it; `answers` is the key of the model's question that it answers, whose card shows it."""

    kind: Literal["user"] = "user"
    key: str = Field(default_factory=new_key)
    text: str
    context: str = ""
    answers: str = ""


class Queued(Entry):
    """The user wrote this while a turn was under way; the Said of the same key follows when its turn
    comes. With `on` False a Stop came before its turn, also where it had none to wait for, and it goes
    back to where it was written. Not stored."""

    kind: Literal["queued"] = "queued"
    key: str
    text: str
    on: bool = True


class Withdrawn(Entry):
    """What was said from the message `key` on counts no longer: the user edited it, or asked for
    another answer. What tools did since then stays done, and stays told."""

    kind: Literal["withdrawn"] = "withdrawn"
    key: str


class Option(BaseModel):
    """One answer to a question: its words, and the action of the guide it stands for."""

    model_config = ConfigDict(frozen=True)

    label: str
    action: str
    arguments: dict[str, Any] = {}


Form = Literal["select", "multiselect", "text"]


class Question(Entry):
    """A question card, of the guide (whose options are actions) or of a model. `chosen` is the index
    of the option taken and `answer` the words given, None and empty while it is open."""

    kind: Literal["question"] = "question"
    key: str = Field(default_factory=new_key)
    text: str
    form: Form = "select"
    options: tuple[Option, ...] = ()
    chosen: int | None = None
    answer: str = ""

    @property
    def is_open(self) -> bool:
        return self.chosen is None and not self.answer


class Choice(Entry):
    """A question was answered, or a tree used; on reading back it marks which. `index` is None where
    the answer was written or is of several options, and for a tree."""

    kind: Literal["choice"] = "choice"
    key: str
    index: int | None = None
    answer: str = ""


class ToolStarted(Entry):
    """A tool runs now. Shown only; what is stored is the ToolDone that always follows."""

    kind: Literal["started"] = "started"
    key: str
    tool: str


Outcome = Literal["ran", "refused", "declined", "failed", "stopped"]


class ToolDone(Entry):
    """A tool ended: its arguments as written, its result in a few words, and in full for who unfolds
    it. Where a model called it: the `reply` it belongs to, and what the model was told.
    `outcome` is None where it was stored before outcomes were."""

    kind: Literal["tool"] = "tool"
    key: str
    tool: str
    result: str
    tone: Tone = "good"
    details: str = ""
    reply: str = ""
    arguments: str = ""
    content: str = ""
    outcome: Outcome | None = None

    @property
    def only_ends(self) -> bool:
        """Whether it is no deed: how a model ended its turn, or asked the user."""
        return self.tool in OWN and self.tone == "good"


class CardAsked(Entry):
    """An approval card waits for its answer. Stored for the trail only, so that a question which the
    program's end cut off is in it; the conversation has the CardAnswered."""

    kind: Literal["asked"] = "asked"
    key: str
    card: Card


How = Literal["click", "named", "always", "expired", "ended"]


class CardAnswered(Entry):
    """The answer to a card, and how it came: a click, the tool named where the program was started,
    the user's standing yes for this dataset, or nobody answered in time or before the turn ended
    (both are a no)."""

    kind: Literal["card"] = "card"
    key: str
    card: Card
    yes: bool
    how: How = "click"


class Chart(Entry):
    """Numbers better seen than told, beside a tool's result. `bars`: a value a label, with a `target`
    where there is one; `histogram`: counts of equal bins from 0 to 1; `lines`: series over steps."""

    kind: Literal["chart"] = "chart"
    title: str
    form: Literal["bars", "histogram", "lines"]
    labels: tuple[str, ...] = ()
    series: tuple[tuple[float, ...], ...] = ()
    names: tuple[str, ...] = ()
    target: float | None = None


class TreeShown(Entry):
    """A proposed hierarchy of topics to edit and use where it stands; as in `apply_topic_hierarchy`."""

    kind: Literal["tree"] = "tree"
    key: str = Field(default_factory=new_key)
    title: str
    hierarchy: tuple[dict[str, Any], ...]
    used: bool = False


class Show(Entry):
    """Bring a panel to the front. Not stored."""

    kind: Literal["show"] = "show"
    panel: str
    target: dict[str, Any] = {}


class Waits(Entry):
    """A connected model is asked again after `seconds`, because of `reason`. Not stored."""

    kind: Literal["waits"] = "waits"
    seconds: float
    reason: str


class Spent(Entry):
    """What a turn with a connected model took; `cost` is None where its prices are not known.
    `estimated` where the endpoint did not tell its tokens, or the turn was stopped before it did."""

    kind: Literal["spent"] = "spent"
    model: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None
    estimated: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


class Busy(Entry):
    """Whether a turn is under way, so that Stop can be offered. Not stored."""

    kind: Literal["busy"] = "busy"
    on: bool


Stored = Annotated[
    Message
    | Said
    | Withdrawn
    | Question
    | Choice
    | ToolDone
    | CardAsked
    | CardAnswered
    | Chart
    | TreeShown
    | Spent,
    Field(discriminator="kind"),
]
STORED = (
    Message, Said, Withdrawn, Question, Choice, ToolDone, CardAsked, CardAnswered, Chart, TreeShown,
    Spent,
)  # fmt: skip
_STORED: TypeAdapter[Stored] = TypeAdapter(Stored)


def read_back(kind: str, data: dict[str, Any], row: int = 0) -> Entry:
    """A stored entry as a value; raises pydantic's ValidationError for a foreign one. What was stored
    before messages had keys gets that of its row, the same at each reading."""
    key = {"key": f"row{row}"} if kind == "user" else {}
    return _STORED.validate_python({**key, **data, "kind": kind})


def as_data(entry: Entry) -> dict[str, Any]:
    """What is stored of an entry, besides its kind."""
    return entry.model_dump(mode="json", exclude={"kind"})


def settled(rows: list[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
    """The conversation as it stands, each entry with the number of its row: answers put into their
    questions, trees marked that were used, and what was withdrawn gone but for what tools did and cards
    decided."""
    answers = {e.key: e for _, e in rows if isinstance(e, Choice)}
    kept: list[tuple[int, Entry]] = []
    for row, entry in rows:
        if isinstance(entry, Withdrawn):
            kept = _without(kept, entry.key)
        elif isinstance(entry, Question) and (answer := answers.get(entry.key)):
            given = {"chosen": answer.index, "answer": answer.answer}
            kept.append((row, entry.model_copy(update=given)))
        elif isinstance(entry, TreeShown) and entry.key in answers:
            kept.append((row, entry.model_copy(update={"used": True})))
        elif not isinstance(entry, Choice | CardAsked):
            kept.append((row, entry))
    return kept


def _without(rows: list[tuple[int, Entry]], key: str) -> list[tuple[int, Entry]]:
    """The rows without those from the message `key` on, which may stand before the first of them. A
    tool's row stays, no longer as a part of the reply that asked for it."""
    found = (n for n, (_, e) in enumerate(rows) if isinstance(e, Said) and e.key == key)
    at = next(found, 0)
    later = [
        (row, e.model_copy(update={"reply": ""}) if isinstance(e, ToolDone) else e)
        for row, e in rows[at:]
        if isinstance(e, ToolDone | CardAnswered | Spent)
    ]
    return rows[:at] + later
