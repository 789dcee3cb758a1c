"""Reads agent files: a TOML head between --- lines, then the prompt; it runs none of them.

A file written for another program in this form loads unchanged: what this app does not know in it is
named in `notes` and left out. Only what leaves no agent (no name, no prompt, no TOML) refuses a file.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import paths
from app.errors import InputError
from app.front_matter import split_head
from app.tools.base import TOOLS

BUILTIN = ("final", "ask_follow_up")
SHIPPED = "agents"
EVERY = "*"  # in a list of tools: all there are
PROVIDER = "provider"  # tools go by the endpoint's own field for them; the app knows no other way
MOST_BYTES = 1_000_000
MOST_ROUNDS = 200
TOLD = 60  # characters of a file's own value repeated in a note


class AgentTools(BaseModel):
    """`external` is the allow-list: a tool that is not named does not exist for this agent."""

    model_config = ConfigDict(extra="forbid")

    builtin: list[str] = []
    external: list[str] = []


class AgentDefinition(BaseModel):
    """One agent file. `unknown` names the tools it asks for that this version does not have; `notes`
    are sentences on whatever else of the file is not used. Of `model_settings` the app honours `model`,
    `temperature` and `max_tokens`; these are of the right type, the rest is kept as written."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    max_iterations: int = Field(30, ge=1, le=MOST_ROUNDS)
    tools: AgentTools = AgentTools()
    model_settings: dict[str, Any] = {}
    prompt: str = ""
    unknown: list[str] = []
    notes: list[str] = []

    @property
    def remarks(self) -> list[str]:
        """Sentences without a full stop on all that is left out."""
        names = ", ".join(self.unknown)
        return [*self.notes, *([f"unknown tools are left out: {names}"] if names else [])]

    @property
    def allowed(self) -> list[str]:
        """The external tools it may use: those that are there for a model; `*` is all of them."""
        asked = TOOLS if EVERY in self.tools.external else self.tools.external
        return [name for name in asked if name in TOOLS and TOOLS[name].for_models]


@dataclass(frozen=True)
class Agents:
    """All agents found, by name, and what a person should know of their files."""

    found: dict[str, AgentDefinition]
    problems: list[str] = field(default_factory=list)


def load_agent(path: Path) -> AgentDefinition:
    """Read one agent file; raises InputError naming the file and what is wrong in it."""
    head, prompt = split_head(_text(path), str(path))
    if not prompt:
        raise InputError(f"{path}: there is no prompt below the head. Write one there.")
    notes: list[str] = []
    known = {name: value for name, value in head.items() if name in _KEPT}
    notes += [f"{_kind(v)} {n!r} is not used here" for n, v in head.items() if n not in _KNOWN]
    notes += _on_format(head.get("tool_format", PROVIDER))
    notes += _take_rounds(known)
    notes += _take_tools(known)
    notes += _take_settings(known)
    try:
        agent = AgentDefinition.model_validate({**known, "prompt": prompt})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"{path}: {wrong}.") from error
    asked = [n for n in agent.tools.builtin if n not in BUILTIN]
    asked += [n for n in agent.tools.external if n not in TOOLS and n != EVERY]
    if closed := [n for n in agent.tools.external if n in TOOLS and not TOOLS[n].for_models]:
        notes.append(f"tools that only the user can call are left out: {', '.join(closed)}")
    return agent.model_copy(update={"unknown": asked, "notes": notes})


_KEPT = ("name", "description", "max_iterations", "tools", "model_settings")
_KNOWN = (*_KEPT, "tool_format")


def _text(path: Path) -> str:
    """The file's text; raises InputError for what is no text file of a sensible size."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.")
        if (size := path.stat().st_size) > MOST_BYTES:
            most = f"{MOST_BYTES / 1e6:.0f} MB"
            raise InputError(
                f"{path}: {size / 1e6:.1f} MB is no agent file; at most {most} is read."
            )
        return path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"{path}: the agent file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        said = f"byte {error.start:,} is not UTF-8. Save the file as UTF-8"
        raise InputError(f"{path}: {said}.") from error


def _on_format(given: object) -> Iterator[str]:
    if given != PROVIDER:
        yield f"tool_format {_told(given)} is not known; tools are called as with {PROVIDER!r}"


def _take_rounds(head: dict[str, Any]) -> Iterator[str]:
    """More rounds than a turn may have are cut to what it may."""
    given = head.get("max_iterations")
    if isinstance(given, int) and given > MOST_ROUNDS:
        head["max_iterations"] = MOST_ROUNDS
        yield f"max_iterations {given:,} is cut to {MOST_ROUNDS}"


def _take_tools(head: dict[str, Any]) -> Iterator[str]:
    """The two lists of names; a name stands once, and `*` takes the place of the built-in ones."""
    tools = head.get("tools")
    if not isinstance(tools, dict):
        return
    yield from (f"[tools] {name!r} is not used here" for name in tools if name not in _LISTS)
    head["tools"] = kept = {name: tools[name] for name in _LISTS if name in tools}
    for name, given in kept.items():
        if not isinstance(given, list):
            continue
        once = list(dict.fromkeys(map(str, given)))
        if len(once) < len(given):
            yield f"[tools] {name} names a tool twice"
        kept[name] = list(BUILTIN) if name == "builtin" and EVERY in once else once


_LISTS = tuple(AgentTools.model_fields)
# What is honoured of [model_settings]: what a value must be, in words and as a check.
_HONOURED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "model": ("a name", lambda v: isinstance(v, str)),
    "temperature": ("a number from 0 to 2", lambda v: _is_number(v) and 0 <= v <= 2),
    "max_tokens": ("a whole number above 0", lambda v: _is_number(v) and v == int(v) and v > 0),
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _take_settings(head: dict[str, Any]) -> Iterator[str]:
    """The settings this app honours must be usable; the others are kept, and named as unused."""
    settings = head.get("model_settings")
    if not isinstance(settings, dict):
        return
    for name, value in list(settings.items()):
        if name not in _HONOURED:
            yield f"[model_settings] {name!r} is not used here"
        elif not _HONOURED[name][1](value):
            yield f"[model_settings] {name} {_told(value)} is no {_HONOURED[name][0][2:]}"
            del settings[name]


def _kind(value: object) -> str:
    return "the table" if isinstance(value, dict) else "the field"


def _told(value: object) -> str:
    text = repr(value)
    return text if len(text) <= TOLD else f"{text[: TOLD - 1]}…"


def read_agents(home: Path) -> Agents:
    """The shipped agents and those in the user's agents folder; the user's win by name. It reads
    files: off the event loop only."""
    found: dict[str, AgentDefinition] = {}
    origin: dict[str, Path] = {}
    problems: list[str] = []
    for folder in (paths.resource(SHIPPED), home / SHIPPED):
        for path in sorted(folder.glob("*.md")):
            try:
                agent = load_agent(path)
            except InputError as error:
                problems.append(str(error))
                continue
            problems += [f"{path}: {remark}." for remark in agent.remarks]
            if before := origin.get(agent.name):
                mine = "the shipped agent" if before.parent != path.parent else f"{before.name}:"
                problems.append(f"{path}: takes the place of {mine} {agent.name!r}.")
            found[agent.name], origin[agent.name] = agent, path
    return Agents(found, problems)


async def load_agents(home: Path) -> Agents:
    """See `read_agents`."""
    return await asyncio.to_thread(read_agents, home)


async def find_agent(home: Path, wanted: str) -> AgentDefinition:
    """The agent of this name, or that of the file at this path; raises InputError."""
    agents = await load_agents(home)
    if wanted in agents.found:
        return agents.found[wanted]
    path = Path(wanted).expanduser()
    if path.suffix or path.parent != Path():
        return await asyncio.to_thread(load_agent, path)
    there = ", ".join(agents.found)
    raise InputError(f"There is no agent named {wanted!r}. There are: {there}.")
