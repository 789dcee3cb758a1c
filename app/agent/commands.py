"""Plain commands: what a typed line means. Forgiving on case, quotes and closing marks."""

import re
from typing import Any

from app.agent.grammar import COMMANDS, EXAMPLES
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
    "curves": "training",
    "deploy": "deployment",
}
_QUOTES = str.maketrans(dict.fromkeys('“”„«»"‘’', ""))
LINES = tuple(line for lines in EXAMPLES.values() for line in lines)


def bare(text: str) -> str:
    """The line without quotation marks, courtesies and closing marks; names keep their case."""
    line = " ".join(text.translate(_QUOTES).split()).strip()
    line = re.sub(r"^(please|could you|can you|ok|okay),? ", "", line, flags=re.IGNORECASE)
    return line.rstrip(" ?!.…")


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """The action a line asks for and its arguments; `unknown` when no command matches.

    Names keep their case and marks; only quotation marks around words are dropped.
    """
    line = text.strip() if text.strip().casefold().startswith("filter ") else bare(text)
    for command in COMMANDS:
        found = command.pattern.fullmatch(line)
        if found is None:
            continue
        given = {k.rstrip("2"): v.strip() for k, v in found.groupdict().items() if v}
        given = {name: value for name, value in given.items() if value}
        return command.action, {**given, **command.fixed}
    return "unknown", {"text": text}


def step_named(words: str) -> Step | None:
    """The step that these words name: a title, an internal name, or a usual word for it."""
    key = words.casefold().strip().removesuffix(" step").removesuffix(" panel")
    return _NAMES.get(key)
