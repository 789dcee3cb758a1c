"""Reads agent files: a TOML head between --- lines, then the prompt; it runs none of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import paths
from app.errors import InputError
from app.front_matter import split_head
from app.tools.base import TOOLS

BUILTIN = frozenset({"final", "ask_follow_up"})
SHIPPED = "agents"


class AgentTools(BaseModel):
    """`external` is the allow-list: a tool that is not named does not exist for this agent."""

    model_config = ConfigDict(extra="forbid")

    builtin: list[str] = []
    external: list[str] = []


class AgentDefinition(BaseModel):
    """One agent file. `unknown` names the tools it asks for that this version does not have."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    max_iterations: int = Field(30, ge=1, le=200)
    tool_format: Literal["provider"] = "provider"
    tools: AgentTools = AgentTools()
    model_settings: dict[str, Any] = {}
    prompt: str = ""
    unknown: list[str] = []

    @property
    def allowed(self) -> list[str]:
        """The external tools it may use and that exist."""
        return [name for name in self.tools.external if name in TOOLS]


@dataclass(frozen=True)
class Agents:
    """All agents found, by name, and why other files could not be read."""

    found: dict[str, AgentDefinition]
    problems: list[str] = field(default_factory=list)


def load_agent(path: Path) -> AgentDefinition:
    """Read one agent file; raises InputError naming the file and what is wrong in it.

    Tools this version does not have are listed in `unknown`; they do not make the file unusable.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the agent file cannot be read: {error}.") from error
    head, prompt = split_head(text, str(path))
    try:
        agent = AgentDefinition.model_validate({**head, "prompt": prompt, "unknown": []})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"{path}: {wrong}.") from error
    asked = [*(n for n in agent.tools.builtin if n not in BUILTIN)]
    asked += [n for n in agent.tools.external if n not in TOOLS]
    return agent.model_copy(update={"unknown": asked})


def load_agents(home: Path) -> Agents:
    """The shipped agents and those in the user's agents folder; the user's win by name."""
    found: dict[str, AgentDefinition] = {}
    problems: list[str] = []
    for folder in (paths.resource(SHIPPED), home / SHIPPED):
        for path in sorted(folder.glob("*.md")):
            try:
                agent = load_agent(path)
            except InputError as error:
                problems.append(str(error))
                continue
            found[agent.name] = agent
            if agent.unknown:
                problems.append(f"{path}: unknown tools are left out: {', '.join(agent.unknown)}.")
    return Agents(found, problems)
