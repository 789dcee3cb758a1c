"""A small model made on the spot from the user's own rows, or a given model taught by them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from app.domain.thresholds import DEFAULTS
from app.errors import TrainingError
from app.training.base import STARTER_PARAMETERS, Preset
from app.training.generate import common_prefix
from app.training.model import Bundle
from app.training.qwen3 import Qwen3, Qwen3Config
from app.training.supervised import Example, FitParams, FitResult, OnStep, fit
from app.training.template import STARTER_TEMPLATE, ChatTemplate
from app.training.tokenizer import END, PAD, TOKENIZER_CONFIG, train_tokenizer

ANSWER_ROOM = 1.25  # an answer may be a quarter longer than almost all (99 %) of the targets
CONTEXT = 2048  # tokens; longer rows are left out


@dataclass(frozen=True)
class Row:
    """One record to learn from: the prompt, and the answer to give."""

    messages: tuple[dict[str, Any], ...]
    target: str
    tools: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class StarterPreset:
    """The shape of a starter and how long it learns."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocab_size: int
    batch_size: int
    learning_rate: float
    passes: float  # over the rows
    least_steps: int
    most_tokens: int  # prompt and target tokens beyond the shared prefix; bounds the time
    further_passes: float = 2  # when a model that already learnt something is taught
    further_rate: float = 1e-3


# `standard` is the 1.1 M-parameter model of the measurements; `fast` is for tests and first looks.
PRESETS: dict[Preset, StarterPreset] = {
    "fast": StarterPreset(64, 2, 2, 192, 512, 16, 5e-3, 6, 60, 300_000),
    "standard": StarterPreset(128, 4, 4, 384, 2048, 16, 3e-3, 5, 100, 600_000),
}


def build_starter(rows: Sequence[Row], *, preset: Preset = "standard", seed: int = 0) -> Bundle:
    """A randomly initialised Qwen3 with a tokenizer learnt from the rows' texts.

    Raises TrainingError when there are too few rows to learn a language from.
    """
    if len(rows) < DEFAULTS.starter_rows:
        raise TrainingError(
            f"A starter model needs at least {DEFAULTS.starter_rows} records with a reply or a "
            f"reference; there are {len(rows)}. Add replies, or choose a pretrained model."
        )
    values = PRESETS[preset]
    template = ChatTemplate(STARTER_TEMPLATE)
    texts = [template.render(r.messages, r.tools) + r.target for r in rows]
    tokenizer = train_tokenizer(texts, vocab_size=values.vocab_size)
    vocabulary = tokenizer.get_vocab()
    torch.manual_seed(seed)
    model = Qwen3(
        Qwen3Config(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=values.hidden_size,
            intermediate_size=values.intermediate_size,
            num_hidden_layers=values.layers,
            num_attention_heads=values.heads,
            num_key_value_heads=values.heads,
            head_dim=values.hidden_size // values.heads,
            max_position_embeddings=CONTEXT,
        )
    )
    return Bundle(
        model=model,
        tokenizer=tokenizer,
        template=template,
        stop_ids=(vocabulary[END],),
        pad_id=vocabulary[PAD],
        tokenizer_config=TOKENIZER_CONFIG,
    )


def teach(
    bundle: Bundle,
    rows: Sequence[Row],
    on_step: OnStep,
    *,
    preset: Preset = "standard",
    seed: int = 0,
    steps: int | None = None,
    learning_rate: float | None = None,
    further: bool = False,
) -> FitResult:
    """Supervised training of a new starter, or `further` training of any model, in place.

    The number of steps follows from the rows unless it is given; the rate of further training
    falls with the root of the model's size. Also notes in the bundle how long answers are. Raises
    TrainingError when no row fits the model's context.
    """
    examples = [encode(bundle, row) for row in rows]
    fitting = [e for e in examples if e.length <= bundle.model.config.max_position_embeddings]
    if not fitting:
        raise TrainingError(f"None of the {len(rows)} records fits the model's context.")
    lengths = sorted(len(e.target) for e in fitting)
    bundle.answer_tokens = int(lengths[int(0.99 * (len(lengths) - 1))] * ANSWER_ROOM) + 1
    values = PRESETS[preset]
    if further:
        shrink = min(1.0, STARTER_PARAMETERS / bundle.parameters) ** 0.5
        values = replace(
            values, passes=values.further_passes, learning_rate=values.further_rate * shrink
        )
    steps = steps or planned_steps(fitting, values)
    params = FitParams(
        steps=steps,
        warmup_steps=min(20, steps // 5),
        batch_size=values.batch_size,
        learning_rate=learning_rate or values.learning_rate,
        seed=seed,
    )
    return fit(bundle, fitting, params, on_step)


def planned_steps(examples: Sequence[Example], values: StarterPreset) -> int:
    """The preset's passes over the rows, within its bounds on steps and tokens."""
    wanted = max(values.least_steps, round(values.passes * len(examples) / values.batch_size))
    shared = common_prefix([e.prompt for e in examples])
    mean_tokens = sum(e.length - shared for e in examples) / len(examples)
    return max(1, min(wanted, int(values.most_tokens / (mean_tokens * values.batch_size))))


def encode(bundle: Bundle, row: Row) -> Example:
    """A row in tokens of the bundle."""
    prompt = bundle.prompt_ids(row.messages, row.tools)
    return Example(tuple(prompt), tuple(bundle.target_ids(row.target)))
