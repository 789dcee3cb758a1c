"""Chat templates: messages and tools to the prompt text a model was trained on; knows no tokens."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.errors import TrainingError

Messages = Sequence[dict[str, Any]]

STARTER_TEMPLATE = """\
{%- macro text(content) -%}
{%- if content is string %}{{ content }}
{%- elif content %}{% for part in content %}{{ part.text or '' }}{% endfor %}{% endif -%}
{%- endmacro -%}
{%- if tools %}{{ '<|im_start|>tools\\n' }}
{%- for tool in tools %}{{ tool | tojson + '\\n' }}{% endfor %}{{ '<|im_end|>\\n' }}{% endif -%}
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + text(message.content) }}
{%- for call in message.tool_calls or [] %}{% set f = call.function or call -%}
{{ '<tool_call>{"name": ' + f.name | tojson + ', "arguments": ' }}
{%- if f.arguments is string %}{{ f.arguments }}{% else %}{{ f.arguments | tojson }}{% endif -%}
{{ '}</tool_call>' }}{% endfor %}{{ '<|im_end|>\\n' }}{% endfor -%}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif -%}
"""


class ChatTemplate:
    """A tokenizer's own template, rendered in a sandbox the way transformers renders it."""

    def __init__(self, source: str, special_tokens: dict[str, str] | None = None) -> None:
        self.source = source
        self._special = special_tokens or {}
        try:
            self._template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise TrainingError(f"The model's chat template cannot be read: {error}.") from None

    def render(
        self,
        messages: Messages,
        tools: Sequence[dict[str, Any]] | None = None,
        *,
        add_generation_prompt: bool = True,
    ) -> str:
        """The prompt's text, ending where the assistant's answer begins.

        Raises TrainingError when the template refuses the messages.
        """
        try:
            return self._template.render(
                messages=list(messages),
                tools=list(tools) if tools else None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                **self._special,
            )
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise TrainingError(
                f"The model's chat template does not take this conversation: {error}."
            ) from None


def _environment() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    env.filters["tojson"] = _tojson
    env.globals["raise_exception"] = _raise_exception
    env.globals["strftime_now"] = _strftime_now()
    return env


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    """JSON without jinja's HTML escapes, as transformers defines the filter."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime_now() -> Callable[[str], str]:
    return lambda pattern: datetime.now().astimezone().strftime(pattern)
