"""Varies the last user turn of existing records: what went before, the reference and the fields stay."""

from app.domain.records import Message, Record
from app.generation.base import STRATEGIES, Brief, Candidate, Read, Refused
from app.generation.parsing import Item, kept_fields, malformed, read_items, text_of
from app.generation.prompts import STRING, example, obj, request
from app.llm.client import Ask

PROMPT_VERSION = "message_variation/1"
TASK = (
    "Below are conversations of one topic, numbered from 1. Write another last user turn for them, "
    "as another person would put the same matter: other words, order and details. What is the right "
    "answer must not change. Take the conversations in turn."
)
ITEM = obj(
    of={"type": "integer", "description": "the number of the conversation"},
    text={**STRING, "description": "its new last user turn"},
)


class MessageVariation:
    name = "message_variation"
    title = "Message variation"
    description = "Varies the last user turn of existing records. Recommended for multi-turn data."
    prompt_version = PROMPT_VERSION
    with_tools = False

    def seeds_for(self, count: int) -> int:
        return count

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        shown = [{"number": i, **example(seed)} for i, seed in enumerate(brief.seeds, 1)]
        return request(brief, TASK, ITEM, model=model, structured=structured, conversations=shown)

    def read(self, brief: Brief, answer: str) -> Read:
        return read_items(brief, answer, lambda item: _candidate(brief, item))


def _candidate(brief: Brief, item: Item) -> Candidate | Refused:
    number, text = item.get("of", 1 if len(brief.seeds) == 1 else None), text_of(item)
    if text is None or not isinstance(number, int) or not 1 <= number <= len(brief.seeds):
        return malformed(item, "no text, or no number of a conversation")
    seed = brief.seeds[number - 1]
    return Candidate(
        messages=_varied(seed, text),
        tools=seed.tools,
        reference=seed.reference,
        extra=kept_fields(seed),
        parents=(seed.id,),
    )


def _varied(seed: Record, text: str) -> tuple[Message, ...]:
    """The conversation up to its last user turn, which is the text; what followed it is left off."""
    last = max(i for i, message in enumerate(seed.messages) if message.role == "user")
    return (*seed.messages[:last], seed.messages[last].model_copy(update={"content": text}))


STRATEGIES.add("message_variation", MessageVariation())
