"""A model that leads through the seven steps by a script, its tool calls streamed in odd forms."""

import json
from typing import Any

from tests.llm.scripted import Answer, Scripted, Step, call, calls, chunk, says

GOAL = "Name the topic of each message in one word"
END = chunk(finish="tool_calls")


def pieces(name: str, arguments: str, *, size: int = 1, words: str = "") -> Answer:
    """Words, then one call whose arguments come in pieces of some letters, id and name in the first."""
    cut = [arguments[i : i + size] for i in range(0, len(arguments), size)]
    said = [chunk({"content": words})] if words else []
    return Answer([*said, call(name, "", id=f"{name}-1"), *(call(None, c) for c in cut), END])


def told(request: dict[str, Any]) -> str:
    """What the tools answered last."""
    return str(request["messages"][-1]["content"])


LOOK = (
    Answer([
        chunk({"role": "assistant", "content": "I look first. "}),
        call("get_dataset_stats", "", id="a"),
        call("get_dataset_records", '{"lim', index=1, id="b"),
        call(None, 'it": 3}', index=1),
        chunk({"content": None}), END,
    ]),
    says("**600 records**, all single questions. What should the model do well?"),
)  # fmt: skip
BEGIN = (
    Answer([call("start_finetune_workflow", '{"training_goals": ', id="x"), END]),  # cut short
    pieces("start_finetune_workflow", json.dumps({"training_goals": GOAL})),
    Answer([call("generate_topics", None, index=None), END]),  # no index, no id, no arguments
    says("These topics fit. Shall I use them?"),
)
ACCEPT = (
    Answer([call("apply_topic_hierarchy", "", id="x", index=3), chunk(finish="stop")]),
    says("They are in place, and every record has one."),
)
COVERAGE = (
    calls("coverage_report"),  # no such tool
    Answer([call("analyze_coverage", "null", id="call_1"), END]),  # the id of the call before
    Answer([
        chunk({"content": "Well balanced. "}),
        call("ask_follow_up", json.dumps({
            "question": "What makes a good answer?", "kind": "select",
            "options": ["Exactly the label", "Something else"],
        }), id="q"), END,
    ]),
)  # fmt: skip


def grader(config: dict[str, Any]) -> tuple[Step, ...]:
    """Save it, try it on a few records, end the turn by `final`."""
    saved = call("configure_grader", {"grader": config}, id="g")  # an object where a text belongs
    tried = call("crash_test_grader", "{}", index=1, id="t")
    return Answer([saved, tried, END]), calls("final", {"text": "The grader stands. Look at it."})


TOO_EARLY = (calls("start_training"), says("A dry run comes first."))
TRY = (
    pieces("test_grader_sample", '{"sample_size": 5}', size=3),
    says("Here is what five answers got. Are these scores right?"),
)


def judged(request: dict[str, Any]) -> Answer:
    """What the model does with the verdict of the dry run."""
    if '"WARNING"' in told(request):
        return Answer([chunk({"content": "A warning. "}), call("accept_warning", "", id="w"), END])
    return calls("get_workflow_status")


DRY_RUN: tuple[Step, ...] = (
    pieces("run_dry_run", "{}", words="Now the dry run."),
    judged,
    says("Training can start."),
)
TRAIN = (
    Answer([call("start_", None, id="x"), call("training", None), call(None, "{}"), END]),
    says("It runs. I tell you when something happens."),
)
DONE = (calls("check_training_status"), says("It is done, and better than before."))
DEPLOY = (
    pieces("deploy_model", '{"deployment_name": "tickets"}', size=5, words="I put it in service."),
    calls("final", {"text": "It is in service."}),
)


def assert_context(server: Scripted, dataset: str) -> list[str]:
    """Every message of the person carries the JSON block; returns the steps it named, in order."""
    steps: list[str] = []
    for wire in server.requests[-1]["messages"]:
        if wire["role"] != "user" or not wire["content"].startswith("{"):
            continue
        context, _, words = wire["content"].partition("\n\n")
        found = json.loads(context)
        assert set(found) == {"page", "current_dataset_id", "finetune_workflow"}
        assert found["current_dataset_id"] == dataset
        assert words
        flow = found["finetune_workflow"]
        steps.append(flow["current_step"] if flow else "")
    return steps
