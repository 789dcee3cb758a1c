"""Which models are connected and for what: addresses in a file, keys in the system's keychain only.

Where there is no keychain a key lives until the program ends. Keys are in no file, log or worker.
"""

import importlib
import itertools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from app.errors import InputError
from app.llm.address import check_address
from app.llm.client import ModelError
from app.workers import write_atomic

FILE = "connections.json"
KEYCHAIN = "app.llm.keychain"  # loaded by name when a key is wanted: it takes 0.1 s
ENVIRONMENT = "environment"
Role = Literal["assistant", "generator", "judge"]
ROLES: tuple[Role, ...] = ("assistant", "generator", "judge")


class Connection(BaseModel):
    """One endpoint and the model asked for there. Prices are per million tokens; None: not known."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: str = Field(min_length=1, max_length=80, title="Name")
    base_url: str = Field(
        title="Address", description="Of an OpenAI-compatible endpoint; most end with /v1."
    )
    model: str = Field(
        "",
        title="Model",
        description="The name the endpoint knows it by. Empty: the first it lists.",
        json_schema_extra={"widget": "suggest"},
    )
    context: int = Field(
        32_000,
        ge=8_000,
        le=2_000_000,
        title="Context window",
        description="Tokens it reads at once. A local server must be set to as many.",
    )
    prompt_price: float | None = Field(
        None,
        ge=0,
        title="Price of a million tokens read",
        description="Optional. With both prices the cost is shown and can be capped.",
    )
    answer_price: float | None = Field(None, ge=0, title="Price of a million tokens written")

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return check_address(url)

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float | None:
        """In the currency of the prices; None where one of them is not known."""
        if self.prompt_price is None or self.answer_price is None:
            return None
        return (prompt_tokens * self.prompt_price + answer_tokens * self.answer_price) / 1e6


class Preset(BaseModel):
    """What is filled in for a usual kind of endpoint; `local` ones are looked for at the start."""

    model_config = ConfigDict(frozen=True)

    name: str
    base_url: str
    needs_key: bool = True
    local: bool = False
    note: str = ""


def _local(name: str, port: int) -> Preset:
    return Preset(name=name, base_url=f"http://127.0.0.1:{port}/v1", needs_key=False, local=True)


PRESETS = (
    Preset(name="OpenAI", base_url="https://api.openai.com/v1"),
    Preset(
        name="Azure OpenAI",
        base_url="https://RESOURCE.openai.azure.com/openai/v1",
        note="Put the name of your resource in; the model is the name of your deployment.",
    ),
    _local("vLLora gateway", 9090),
    _local("Ollama", 11434),
    _local("LM Studio", 1234),
    _local("vLLM", 8000),
    _local("llama.cpp", 8080),
    Preset(name="Custom", base_url="http://127.0.0.1:8000/v1", needs_key=False),
)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connections: list[Connection] = []
    roles: dict[Role, str] = {}


class Connections:
    """All that is connected. `for_role` answers who speaks in a role; reading keys may block, so it
    is done off the event loop."""

    def __init__(self, home: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._path = home / FILE
        self._kept = _read(self._path)
        self._keys: dict[str, SecretStr] = {}  # those known to this session
        if (given := _from_environment(environment)) is not None:
            self._kept.connections.insert(0, given)
            self._keys[ENVIRONMENT] = SecretStr(_environment_key(environment))

    @property
    def all(self) -> list[Connection]:
        """Those of the environment first, then the saved ones in their order."""
        return list(self._kept.connections)

    def for_role(self, role: Role) -> Connection | None:
        """The environment's connection; else the one chosen for the role, for the assistant, or the
        first there is; None when nothing is connected."""
        by_id = {c.id: c for c in self._kept.connections}
        wanted = (ENVIRONMENT, self._kept.roles.get(role), self._kept.roles.get("assistant"))
        chosen = (by_id[i] for i in wanted if i in by_id)
        return next(chosen, None) or next(iter(by_id.values()), None)

    def new_id(self, name: str) -> str:
        """An id that no connection has, made of a name."""
        base = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:30] or "connection"
        taken = {ENVIRONMENT, *(c.id for c in self.all)}
        counted = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
        return next(id for id in counted if id not in taken)

    def chosen(self, role: Role) -> str | None:
        """The id chosen for a role; None where none was."""
        return self._kept.roles.get(role)

    def put(self, connection: Connection) -> None:
        """Add a connection, or change the one of its id; saved at once."""
        if connection.id == ENVIRONMENT:
            raise InputError("The connection of the environment is changed there, not here.")
        at = next((i for i, c in enumerate(self.all) if c.id == connection.id), None)
        if at is None:
            self._kept.connections.append(connection)
        else:
            self._kept.connections[at] = connection
        self._save()

    def remove(self, id: str) -> None:
        """Forget a connection with its key."""
        self._kept.connections = [c for c in self.all if c.id != id or c.id == ENVIRONMENT]
        self._kept.roles = {role: i for role, i in self._kept.roles.items() if i != id}
        self.set_key(id, "")
        self._save()

    def choose(self, role: Role, id: str | None) -> None:
        """Who speaks in a role; None: whoever does for the assistant."""
        roles = {r: i for r, i in self._kept.roles.items() if r != role}
        self._kept.roles = {**roles, role: id} if id else roles
        self._save()

    def key(self, id: str) -> str:
        """The key of a connection, empty when it has none; raises ModelError when the keychain has
        it and does not give it."""
        if id not in self._keys:
            self._keys[id] = SecretStr(self._kept_key(id))
        return self._keys[id].get_secret_value()

    def _kept_key(self, id: str) -> str:
        keychain = _keychain()
        if id == ENVIRONMENT or not keychain.usable():
            return ""
        try:
            key: str = keychain.read(id)
            return key
        except keychain.KeychainError as error:
            name = next((c.name for c in self.all if c.id == id), id)
            said = f"The system's keychain did not give the key of {name} ({error}). Unlock it"
            raise ModelError("key", f"{said}, or enter the key again under Connections.") from error

    def set_key(self, id: str, key: str) -> bool:
        """Keep a key (empty: forget it); False when it can be kept for this session only.

        Raises InputError for what cannot be a key.
        """
        checked = check_key(key)
        keychain = _keychain()
        self._keys[id] = SecretStr(checked)
        if not keychain.usable():
            return not checked
        try:
            if checked:
                keychain.write(id, checked)
            else:
                keychain.forget(id)
        except keychain.KeychainError:
            return False
        return True

    def _save(self) -> None:
        saved = [c for c in self._kept.connections if c.id != ENVIRONMENT]
        kept = self._kept.model_copy(update={"connections": saved})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, kept.model_dump_json(indent=2).encode())
        except OSError as error:
            reason = f"{self._path} cannot be written: {error.strerror}"
            raise InputError(f"{reason}. The connections hold until the program ends.") from error


def keeps_keys() -> bool:
    """Whether this system has a keychain that is fit to keep a key; asking may block."""
    return bool(_keychain().usable())


def check_key(key: str) -> str:
    """A key without the space around it; raises InputError, which does not repeat it, for one that
    no endpoint can be sent."""
    bare = key.strip()
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise InputError("This is no key: it has spaces, line breaks or letters no key has.")
    return bare


def _keychain() -> Any:
    return importlib.import_module(KEYCHAIN)


def _from_environment(environment: Mapping[str, str]) -> Connection | None:
    url, model = environment.get("OPENAI_BASE_URL"), environment.get("RFT_STUDIO_MODEL")
    if not url:
        return None
    try:
        return Connection(id=ENVIRONMENT, name="Environment", base_url=url, model=model or "")
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"The variable OPENAI_BASE_URL of the environment: {reason}") from None


def _environment_key(environment: Mapping[str, str]) -> str:
    try:
        return check_key(environment.get("OPENAI_API_KEY", ""))
    except InputError as error:
        raise InputError(f"The variable OPENAI_API_KEY of the environment: {error}") from None


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return _File()
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: {reason}. Correct the file or delete it.") from error
