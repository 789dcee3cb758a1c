"""The user's settings: one pydantic model, from which the dialog is drawn; kept as a small JSON file."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from app.errors import InputError
from app.workers import write_atomic

FILE = "settings.json"


class Settings(BaseModel):
    """Everything the user can set for the whole app."""

    appearance: Literal["system", "light", "dark"] = Field(
        "system", title="Appearance", description="Light, dark, or as the system has it."
    )
    text_scale: float = Field(1.0, ge=1.0, le=2.0, title="Text size", description="1 is normal.")
    reduced_motion: bool = Field(
        False, title="Reduced motion", description="No animations anywhere."
    )
    openings: bool = Field(
        True, title="Assistant speaks first", description="When a dataset is opened."
    )
    model_openings: bool = Field(
        True,
        title="A connected model words the opening",
        description="One call when a dataset is opened in a new state; else fixed words.",
    )
    agent: str = Field(
        "finetune",
        title="Agent",
        description="The agent file a connected model follows; “guided” uses no model.",
    )
    spend_cap: float = Field(
        5.0,
        ge=0,
        title="Spending limit per dataset",
        description="Of all a connected model does, where the connection's prices are known.",
    )
    token_cap: int = Field(
        2_000_000,
        ge=0,
        title="Token limit per dataset",
        description="Of all a connected model does, where prices are not known.",
    )
    preset: Literal["fast", "standard"] = Field(
        "standard",
        title="Training effort",
        description="Fast is a quick look: a smaller model, fewer steps.",
    )
    seed: int = Field(0, ge=0, title="Seed", description="Same seed, same data: same result.")
    quota: int = Field(100, ge=1, title="Records per topic", description="Quota of a new dataset.")
    port: int = Field(
        8377, ge=1024, le=65535, title="Endpoint port", description="On 127.0.0.1 only."
    )


def load(home: Path) -> Settings:
    """The saved settings, or the defaults; raises InputError naming the file when it is damaged."""
    path = home / FILE
    try:
        return Settings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Settings()
    except (ValidationError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: {reason}. Correct the file or delete it.") from error


def save(home: Path, settings: Settings) -> None:
    home.mkdir(parents=True, exist_ok=True)
    write_atomic(home / FILE, settings.model_dump_json(indent=2).encode())
