"""Writes records like some examples of the topic."""

from app.generation.base import STRATEGIES, Brief, Read
from app.generation.parsing import conversation, read_items
from app.generation.prompts import conversation_item, example, request
from app.llm.client import Ask

PROMPT_VERSION = "few_shot/1"
EXAMPLES = 4
TASK = (
    "Below are examples of one topic. Write new ones that belong among them: the same topic and form, "
    "other people and other matters."
)


class FewShot:
    name = "few_shot"
    title = "Few-shot"
    description = "Writes records like some examples of the topic."
    prompt_version = PROMPT_VERSION
    with_tools = False

    def seeds_for(self, count: int) -> int:
        return EXAMPLES

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        item, shown = conversation_item(brief), [example(seed) for seed in brief.seeds]
        return request(brief, TASK, item, model=model, structured=structured, examples=shown)

    def read(self, brief: Brief, answer: str) -> Read:
        return read_items(brief, answer, lambda item: conversation(brief, item))


STRATEGIES.add("few_shot", FewShot())
