"""Tries out a connection with a few small requests and says what it can do; it changes nothing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson

from app.llm.client import Ask, Call, Client, Fault, ModelError, Text, Waiting

State = Literal["ok", "missing", "failed", "skipped"]
CheckName = Literal["reach", "models", "stream", "tools", "schema", "long"]
TITLES: dict[CheckName, str] = {
    "reach": "Reachable, key accepted",
    "models": "Model",
    "stream": "Streaming",
    "tools": "Tool calls",
    "schema": "JSON by a schema",
    "long": "Long prompts",
}
LONGEST_WAIT = 10.0  # seconds an endpoint may ask to wait; beyond that the check has failed
FATAL: tuple[Fault, ...] = ("key", "model", "unreachable", "stalled", "rate", "server")
SYSTEM = "You are being tested. Do exactly what you are asked, and nothing else."
TOOL = "show_number"
TOOL_SPEC: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": TOOL,
        "description": "Show a number to the person.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
    },
}
NUMBER = 7
PASSWORD = "kingfisher"
LINES = 900  # of FILLER: some 9,000 tokens, about what the shipped agent and its tools take
FILLER = "Line {n} of the list says nothing of importance."
TOO_SHORT = (
    "It lost the beginning of some 9,000 tokens, and the assistant needs as many: its server gives the "
    "model a smaller context window. Raise it there: OLLAMA_CONTEXT_LENGTH in Ollama, “Context length” "
    "in LM Studio, --ctx-size in llama.cpp, --max-model-len in vLLM."
)
SCHEMA: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "colour",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"colour": {"type": "string", "enum": ["red", "green"]}},
            "required": ["colour"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True)
class Check:
    """What one check found; `words` is a sentence for a person."""

    name: CheckName
    state: State
    words: str

    @property
    def title(self) -> str:
        return TITLES[self.name]


@dataclass(frozen=True)
class Findings:
    """All checks in their order, the names of the models the endpoint lists, and the one tried."""

    checks: tuple[Check, ...]
    models: tuple[str, ...]
    model: str

    @property
    def fit(self) -> bool:
        """Whether the assistant can work with it: everything but JSON by a schema is there."""
        states = {check.name: check.state for check in self.checks}
        bad = {name for name, state in states.items() if state in ("failed", "skipped")}
        return states["tools"] == "ok" and states["long"] != "missing" and bad <= {"schema", "long"}


def _unheard(check: Check) -> None:
    """For those who only want the findings."""


async def examine(
    client: Client,
    model: str = "",
    tell: Callable[[Check], None] = _unheard,
    *,
    local: bool = False,
) -> Findings:
    """Check after check; `tell` hears each as it is done. Without `model` the first listed is tried.

    Costs three requests of some dozens of tokens; a `local` server, which may cut a long prompt
    without a word, is sent one of 9,000 too. Ends at once when its task is cancelled.
    """
    trial = _Trial(client, model, tell, local=local)
    await trial.run()
    return Findings(tuple(trial.checks), trial.models, trial.model)


class _Trial:
    def __init__(
        self, client: Client, model: str, tell: Callable[[Check], None], *, local: bool
    ) -> None:
        self.client, self.model, self._tell, self._local = client, model, tell, local
        self.models: tuple[str, ...] = ()
        self.checks: list[Check] = []

    async def run(self) -> None:
        go_on = await self._reach() and self._choose()
        steps = (
            ("stream", self._stream),
            ("tools", self._tools),
            ("schema", self._schema),
            ("long", self._long),
        )
        for name, step in steps:
            if not go_on:
                self._note(cast(CheckName, name), "skipped", "Not tried, because of the above.")
                continue
            try:
                self._note(cast(CheckName, name), *await step())
            except ModelError as error:
                go_on = error.fault not in FATAL
                state: State = "missing" if go_on else "failed"
                self._note(cast(CheckName, name), state, _meaning(cast(CheckName, name), error))

    def _note(self, name: CheckName, state: State, words: str) -> None:
        self.checks.append(Check(name, state, words))
        self._tell(self.checks[-1])

    async def _reach(self) -> bool:
        try:
            self.models = tuple(await self.client.models())
        except ModelError as error:
            if error.fault in ("model", "request", "malformed"):
                words = "It answers, but does not list its models; the key shows at the first use."
                self._note("reach", "ok", words)
                return True
            self._note("reach", "failed", str(error))
            self._note("models", "skipped", "Not tried, because of the above.")
            return False
        self._note("reach", "ok", "It answers.")
        return True

    def _choose(self) -> bool:
        count = len(self.models)
        if not self.model and not self.models:
            words = "It lists no models. Enter the name of one in the field Model."
            self._note("models", "failed", words)
            return False
        if not self.model:
            self.model = self.models[0]
            words = f"None is chosen, so the first it lists is tried: {self.model}."
            self._note("models", "ok", words)
        elif self.model in self.models:
            among = f"one of the {count:,} models" if count > 1 else "the one model"
            self._note("models", "ok", f"{self.model} is {among} it lists.")
        else:
            listed = f"the {count:,} models" if count > 1 else "the one model" if count else "what"
            words = f"{self.model} is not among {listed} it lists. It is tried all the same."
            self._note("models", "missing", words)
        return True

    async def _stream(self) -> tuple[State, str]:
        parts = await self._ask("Count from 1 to 12 in figures, with spaces between.")
        pieces = sum(isinstance(part, Text) for part in parts)
        if pieces > 1:
            return "ok", f"Its answer came in {pieces} pieces."
        if pieces == 1:
            return "missing", "Its answer came in one piece: words appear when it is whole."
        return "missing", "Its answer was empty. The assistant may have nothing to show."

    async def _tools(self) -> tuple[State, str]:
        asked = f"Call the tool {TOOL} with the number {NUMBER}."
        parts = await self._ask(asked, tools=[TOOL_SPEC])
        calls = [part for part in parts if isinstance(part, Call)]
        if any(c.name == TOOL and _read(c.arguments) == {"number": NUMBER} for c in calls):
            return "ok", "It called a tool as it was asked to."
        how = "called it wrongly" if calls else "wrote words in its place"
        return "missing", f"Asked to call a tool, the model {how}. The assistant works by tools."

    async def _schema(self) -> tuple[State, str]:
        asked = "Which colour has grass? Answer as JSON."
        parts = await self._ask(asked, response_format=SCHEMA)
        text = "".join(part.text for part in parts if isinstance(part, Text))
        if _read(text) in ({"colour": "green"}, {"colour": "red"}):
            return "ok", "Its JSON keeps to the form that was asked for."
        words = "Its answer did not keep to the form: as a generator or judge it may be misread."
        return "missing", words

    async def _long(self) -> tuple[State, str]:
        if not self._local:
            return "skipped", "Not tried: services refuse what is too long, in words."
        lines = "\n".join(FILLER.format(n=n) for n in range(1, LINES + 1))
        asked = f"The password is {PASSWORD}.\n{lines}\nWhat is the password? Answer with it alone."
        parts = await self._ask(asked)
        text = "".join(part.text for part in parts if isinstance(part, Text))
        if PASSWORD in text.casefold():
            return "ok", "It kept the beginning of some 9,000 tokens in mind."
        return "missing", TOO_SHORT

    async def _ask(self, text: str, **more: Any) -> list[Text | Call]:
        """What came of one request; raises ModelError, also where a long wait is asked for."""
        turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
        heard: list[Text | Call] = []
        stream: AsyncIterator[Any] = self.client.stream(
            Ask(model=self.model, messages=turns, **more)
        )
        async for part in stream:
            if isinstance(part, Waiting) and part.seconds > LONGEST_WAIT:
                raise ModelError("rate", part.reason)
            if isinstance(part, Text | Call):
                heard.append(part)
        return heard


def _meaning(name: CheckName, error: ModelError) -> str:
    """The endpoint's refusal, and what it means for the app."""
    if name == "tools" and error.fault not in FATAL:
        return f"{str(error).rstrip('.')}. Without tools the assistant cannot work with this model."
    if name == "schema" and error.fault not in FATAL:
        return f"{str(error).rstrip('.')}. As a generator or judge it may be misread."
    return str(error)


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
