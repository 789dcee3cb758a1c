"""Writes records from the topic's name and description; seeds lend their form only."""

from app.generation.base import STRATEGIES, Brief, Read
from app.generation.parsing import conversation, read_items
from app.generation.prompts import conversation_item, has_references, reference_text, request
from app.llm.client import Ask

PROMPT_VERSION = "topic_description/1"
FORMS = 3
TASK = (
    "Write prompts of the topic below, whose path goes from the general to the special. Cover it "
    "widely: different matters, people, moods and degrees of detail, the rare cases too."
)


class TopicDescription:
    name = "topic_description"
    title = "Topic description"
    description = "Writes records from the topic's name and description alone."
    prompt_version = PROMPT_VERSION
    with_tools = False

    def seeds_for(self, count: int) -> int:
        return FORMS

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        """The seeds' prompts are not shown; their references are, where new ones need the form."""
        forms = [reference_text(s.reference) for s in brief.seeds if s.reference is not None]
        shown = {"reference_examples": forms} if has_references(brief) else {}
        item = conversation_item(brief)
        return request(brief, TASK, item, model=model, structured=structured, **shown)

    def read(self, brief: Brief, answer: str) -> Read:
        return read_items(brief, answer, lambda item: conversation(brief, item, parents=()))


STRATEGIES.add("topic_description", TopicDescription())
