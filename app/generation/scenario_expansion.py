"""Invents situations within a topic first, then the record that each would bring about."""

from app.generation.base import STRATEGIES, Brief, Candidate, Read, Refused
from app.generation.parsing import SHOWN, Item, conversation, malformed, read_items
from app.generation.prompts import STRING, conversation_item, example, request
from app.llm.client import Ask

PROMPT_VERSION = "scenario_expansion/1"
EXAMPLES = 2
SCENARIO = {**STRING, "description": "who is in what situation and wants what, in one sentence"}
TASK = (
    "Below are examples of one topic. First invent, for each new item, a situation within the topic "
    "that none of them covers: an edge case, an unusual wish, a detail that changes the matter. Then "
    "write what the person in it would say."
)


class ScenarioExpansion:
    name = "scenario_expansion"
    title = "Scenario expansion"
    description = "Invents situations within a topic, then records: for edge cases."
    prompt_version = PROMPT_VERSION
    with_tools = False

    def seeds_for(self, count: int) -> int:
        return EXAMPLES

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask:
        item = conversation_item(brief, scenario=SCENARIO)
        shown = [example(seed) for seed in brief.seeds]
        return request(brief, TASK, item, model=model, structured=structured, examples=shown)

    def read(self, brief: Brief, answer: str) -> Read:
        return read_items(brief, answer, lambda item: _candidate(brief, item))


def _candidate(brief: Brief, item: Item) -> Candidate | Refused:
    scenario = item.get("scenario")
    if not isinstance(scenario, str) or not scenario.strip():
        return malformed(item, "no scenario")
    return conversation(brief, item, note=scenario.strip()[:SHOWN])


STRATEGIES.add("scenario_expansion", ScenarioExpansion())
