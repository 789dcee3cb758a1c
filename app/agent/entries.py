"""What a conversation is made of, as values: stored with the dataset, drawn by the dock."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.tools.base import Card

Tone = Literal["good", "warn", "bad"]


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
    """The user speaks: plain text, typed or the label of the option they took. `context` is the JSON
    block that a model was given with it."""

    kind: Literal["user"] = "user"
    text: str
    context: str = ""


class Option(BaseModel):
    """One answer to a question: its words, and the action of the guide it stands for."""

    model_config = ConfigDict(frozen=True)

    label: str
    action: str
    arguments: dict[str, Any] = {}


class Question(Entry):
    """A question card. `chosen` is the index of the option taken, None while it is open."""

    kind: Literal["question"] = "question"
    key: str = Field(default_factory=new_key)
    text: str
    options: tuple[Option, ...]
    chosen: int | None = None


class Choice(Entry):
    """An option was taken; on reading back it marks its question."""

    kind: Literal["choice"] = "choice"
    key: str
    index: int


class ToolStarted(Entry):
    """A tool runs now. Shown only; what is stored is the ToolDone that always follows."""

    kind: Literal["started"] = "started"
    key: str
    tool: str


class ToolDone(Entry):
    """A tool ended: its result in a few words, and in full for who unfolds it. Where a model called it:
    the `reply` it belongs to, the arguments as the model wrote them, and what the model was told."""

    kind: Literal["tool"] = "tool"
    key: str
    tool: str
    result: str
    tone: Tone = "good"
    details: str = ""
    reply: str = ""
    arguments: str = ""
    content: str = ""


class CardAsked(Entry):
    """An approval card waits for its answer. Shown only; the CardAnswered is stored."""

    kind: Literal["asked"] = "asked"
    key: str
    card: Card


class CardAnswered(Entry):
    """The user's answer to a card."""

    kind: Literal["card"] = "card"
    key: str
    card: Card
    yes: bool


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
    """What a turn with a connected model took; `cost` is None where its prices are not known."""

    kind: Literal["spent"] = "spent"
    model: str
    prompt_tokens: int
    answer_tokens: int
    cost: float | None = None


class Busy(Entry):
    """Whether a turn is under way, so that Stop can be offered. Not stored."""

    kind: Literal["busy"] = "busy"
    on: bool


Stored = Annotated[
    Message | Said | Question | Choice | ToolDone | CardAnswered | Spent,
    Field(discriminator="kind"),
]
STORED = (Message, Said, Question, Choice, ToolDone, CardAnswered, Spent)
_STORED: TypeAdapter[Stored] = TypeAdapter(Stored)


def read_back(kind: str, data: dict[str, Any]) -> Entry:
    """A stored entry as a value; raises pydantic's ValidationError for a foreign one."""
    return _STORED.validate_python({**data, "kind": kind})


def as_data(entry: Entry) -> dict[str, Any]:
    """What is stored of an entry, besides its kind."""
    return entry.model_dump(mode="json", exclude={"kind"})


def settled(entries: list[Entry]) -> list[Entry]:
    """The entries with every choice put into its question."""
    chosen = {e.key: e.index for e in entries if isinstance(e, Choice)}
    return [
        e.model_copy(update={"chosen": chosen.get(e.key)}) if isinstance(e, Question) else e
        for e in entries
        if not isinstance(e, Choice)
    ]
