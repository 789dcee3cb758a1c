"""Plain commands: what a typed line means. Forgiving on case, quotes and closing marks."""

import re
from dataclasses import dataclass, field
from typing import Any

from app.domain.steps import STEPS, TITLES, Step

_NAMES: dict[str, Step] = {
    **{TITLES[step].casefold(): step for step in STEPS},
    **{step: step for step in STEPS},
    "topic": "topics_config",
    "categorize": "categorize",
    "categories": "categorize",
    "categorization": "categorize",
    "generation": "coverage_generation",
    "balance": "coverage_generation",
    "dryrun": "dry_run",
    "dry-run": "dry_run",
    "train": "training",
    "deploy": "deployment",
}
_QUOTES = str.maketrans(dict.fromkeys('“”„«»"‘’', ""))
EXAMPLES = (
    "what next?",
    "status",
    "why NO-GO?",
    "explain balance",
    "rename Billing to Payments",
    "merge Refunds into Payments",
    "add topic Cards",
    "delete topic Cards",
    "undo",
    "show record 12",
    "set goal …",
    "start dry run",
    "train",
    "is it done?",
    "deploy",
    "go back to topics",
)


@dataclass(frozen=True)
class Command:
    """A pattern over the whole line; its named groups become arguments of the action."""

    pattern: re.Pattern[str]
    action: str
    fixed: dict[str, Any] = field(default_factory=dict)


def _c(pattern: str, action: str, **fixed: Any) -> Command:
    return Command(re.compile(pattern, re.IGNORECASE), action, fixed)


# The first that matches counts. Questions come before orders: "is it done?" starts nothing.
COMMANDS = (
    _c(r"(what('?s)?|and) (is )?(next|now)|what (shall|should|can|do) (we|i) do( next| now)?|"
       r"next( step)?|continue|go on|weiter", "next_step"),
    _c(r"(show )?(me )?(the )?(status|progress)|where (are we|am i)|how far( are we)?", "status"),
    _c(r"(is it|are we|is that|is training|is the training) (done|ready|finished|over)( yet)?|"
       r"how (long|much longer|is it going|is training going).*|done( yet)?", "is_it_done"),
    _c(r"why( is it| was it)?( a| the)? ?(no-?go|no go|go|warning|verdict)?|why not( go)?|"
       r"(explain|show) (the )?(verdict|dry run result)", "why"),
    _c(r"(explain|what (is|are|does|means?)|define|tell me about)( the| a| an)? (?P<term>.+?)"
       r"( means?| mean)?", "explain"),
    _c(r"(show |list |which )?(the )?agents?( files)?", "agents"),
    _c(r"help|what can you do|commands|hello|hi|hey", "help_me"),
    _c(r"rename( the)?( topic)? (?P<old>.+?) (to|as|into) (?P<new>.+)", "rename"),
    _c(r"merge( the)?( topics?)? (?P<source>.+?) (into|with|to) (?P<target>.+)", "merge"),
    _c(r"(delete|remove|drop)( the)? topic (?P<name>.+)", "delete"),
    _c(r"(add|create|new)( a| the)? topic (?P<name>.+?)( (under|below|in|to) (?P<parent>.+))?",
       "add"),
    _c(r"undo( that| it| the last change)?", "undo"),
    _c(r"redo( that| it)?", "redo"),
    _c(r"(show|open|see)( me)?( the)? record #?(?P<number>\d+)", "show_record"),
    _c(r"(show|open|see)( me)?( the)? (records|data)", "show_panel", panel="records"),
    _c(r"(set|change)( the| my)? goal( to|:)? (?P<goal>.+)|goal: ?(?P<goal2>.+)", "set_goal"),
    _c(r"(set|change)( the)? goal|goal", "ask_goal"),
    _c(r"(propose|find|suggest|generate)( new| other| the)? topics( again)?", "propose"),
    _c(r"(use|apply|accept)( the| these| those)?( new)? (topics|proposal|hierarchy)", "apply"),
    _c(r"categori[sz]e( the records| all| again)?", "categorise"),
    _c(r"(analy[sz]e |check |show )(the )?(coverage|balance)", "analyse"),
    _c(r"skip( the)? topics|quick road", "skip_topics"),
    _c(r"(set|choose|choose a|set the) grader|grader", "offer_grader"),
    _c(r"test( the)? grader|test on (5|five)|test", "test_grader"),
    _c(r"(start|run|do|begin)?( a| the)?( new)? ?dry[ -]?run( again)?", "start_dry_run"),
    _c(r"accept( the)? warning", "accept_warning"),
    _c(r"(start |begin )?(the )?train(ing)?( now| the model)?", "train"),
    _c(r"pause( it| the)?( training)?", "pause"),
    _c(r"(resume|unpause)( it| the)?( training)?", "resume"),
    _c(r"(stop|cancel|halt|abort)( it| that| the)?( training| run)?", "stop"),
    _c(r"(show )?(the )?(report|results?)", "report"),
    _c(r"deploy( it| the model| now)?", "deploy"),
    _c(r"(go |roll ?)?back( to( the)? (?P<step>.+))?", "go_back"),
    _c(r"(show|open|go to)( the| me)? (?P<panel>[\w -]+?)( panel| step)?", "show_panel"),
)  # fmt: skip


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """The action a line asks for and its arguments; `unknown` when no command matches.

    Names keep their case and marks; only quotation marks around words are dropped.
    """
    line = " ".join(text.translate(_QUOTES).split()).strip()
    line = re.sub(r"^(please|could you|can you|ok|okay),? ", "", line, flags=re.IGNORECASE)
    bare = line.rstrip(" ?!.…")
    for command in COMMANDS:
        found = command.pattern.fullmatch(bare)
        if found is None:
            continue
        given = {k.rstrip("2"): v.strip() for k, v in found.groupdict().items() if v}
        return command.action, {**given, **command.fixed}
    return "unknown", {"text": text}


def step_named(words: str) -> Step | None:
    """The step that these words name: a title, an internal name, or a usual word for it."""
    key = words.casefold().strip().removesuffix(" step").removesuffix(" panel")
    return _NAMES.get(key)
