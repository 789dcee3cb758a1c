"""Contracts and parameters of training, importable without torch; holds no algorithm.

A `StepEngine` runs under our own loop (`app.training.loop`): it samples, takes one optimiser step at
a time, and reads and writes its state. It never grades and never sees the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Preset = Literal["fast", "standard"]
Normalise = Literal["token", "sequence", "constant"]
Scaling = Literal["group", "none"]

ANSWER_TOKENS = 256  # the limit where neither user nor model states one
STARTER_PARAMETERS = 1_200_000  # the size the presets' learning rates were measured at


@dataclass(frozen=True)
class PresetValues:
    """What a preset fills in where the user left a value open."""

    prompts_per_step: int
    learning_rate: float
    passes: float  # how often each training prompt is sampled
    least_steps: int
    most_steps: int
    evaluations: int


# Measured on 2,400 support tickets with the 1.1 M-parameter starter (build/sample_experiment.py).
PRESETS: dict[Preset, PresetValues] = {
    "fast": PresetValues(8, 1e-3, 1.0, 20, 40, 4),
    "standard": PresetValues(32, 3e-4, 2.0, 40, 200, 10),
}


class TrainingParams(BaseModel):
    """What the user may set for a run of RFT; 0 means: chosen from the preset and the data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Preset = Field(
        default="standard",
        description="How long to train: fast is a quick try, standard the default",
    )
    steps: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Rounds of answering, grading and adjusting the model; 0: chosen for you",
    )
    group_size: int = Field(
        default=8,
        ge=2,
        le=64,
        description="Answers to each prompt; they are graded and compared with one another",
    )
    prompts_per_step: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Prompts that are answered in each step; 0: chosen for you",
    )
    learning_rate: float = Field(
        default=0,
        ge=0,
        le=0.1,
        description="How strongly the model is adjusted; too much spoils it. 0: chosen for you",
    )
    max_new_tokens: int = Field(
        default=0,
        ge=0,
        le=32_768,
        description="Longest answer, in tokens (pieces of words); longer ones are cut. 0: chosen for you",
    )
    temperature: float = Field(
        default=1.0,
        gt=0,
        le=2,
        description="How varied the answers are; lower makes the answers to a prompt more alike",
    )
    kl_coef: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="How firmly the model is held near what it was at the start; 0: not at all",
    )
    clip: float = Field(
        default=0.2,
        gt=0,
        lt=1,
        description="How far one set of answers pushes the chance of a word at most: 0.2 is a fifth",
    )
    updates_per_batch: int = Field(
        default=1,
        ge=1,
        le=8,
        description="How many times the model is adjusted on the same graded answers",
    )
    normalise: Normalise = Field(
        default="token",
        description="sequence: every answer counts the same; token, constant: every word does",
    )
    scale_rewards: Scaling = Field(
        default="none",
        description="group: small score differences count like large ones; none: as they are",
    )
    max_grad_norm: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="Tames odd answers: a pull on the model stronger than this is weakened to it",
    )
    warmup_steps: int = Field(
        default=5,
        ge=0,
        le=10_000,
        description="Gentle steps at the start, in which the learning rate rises to its full value",
    )
    eval_every: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Steps between checks on records that are never trained on; 0: chosen for you",
    )
    eval_prompts: int = Field(
        default=300,
        ge=1,
        le=5_000,
        description="How many of those records (the validation split) a check uses at most",
    )
    eval_temperature: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description="How varied the answers in a check are; 0: always the likeliest answer",
    )
    patience: int = Field(
        default=4,
        ge=0,
        le=1_000,
        description="Training ends after this many checks without a better result; 0: never early",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="Number behind all random choices: the same one repeats the same run",
    )

    def resolved(
        self,
        *,
        train_prompts: int,
        answer_tokens: int | None = None,
        parameters: int = STARTER_PARAMETERS,
    ) -> "TrainingParams":
        """The same with every open value filled in from the preset and the data's size.

        `answer_tokens` is the model's own limit for an answer, where it states one. The learning
        rate falls with the model's size: 1e-6 is the field's habit for half a billion parameters.
        """
        preset = PRESETS[self.preset]
        per_step = min(self.prompts_per_step or preset.prompts_per_step, max(1, train_prompts))
        wanted = round(preset.passes * train_prompts / per_step)
        steps = self.steps or min(max(wanted, preset.least_steps), preset.most_steps)
        return self.model_copy(
            update={
                "prompts_per_step": per_step,
                "steps": steps,
                "learning_rate": self.learning_rate
                or preset.learning_rate * min(1.0, STARTER_PARAMETERS / parameters),
                "max_new_tokens": self.max_new_tokens or answer_tokens or ANSWER_TOKENS,
                "eval_every": self.eval_every or max(1, round(steps / preset.evaluations)),
            }
        )


@dataclass(frozen=True)
class Prompt:
    """One record as training sees it: what is asked, and what rides along for the grader."""

    id: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...] = ()
    item: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rollout:
    """One sampled answer: its tokens with the closing one, and the log-probability of each."""

    text: str
    tokens: tuple[int, ...]
    logps: tuple[float, ...]
    truncated: bool  # the token limit ended it, not the model


@dataclass(frozen=True)
class Group:
    """The answers to one prompt with their advantages; `policy_version` sampled them."""

    prompt: Prompt
    rollouts: tuple[Rollout, ...]
    advantages: tuple[float, ...]
    policy_version: int

    @property
    def has_signal(self) -> bool:
        return any(self.advantages)


@dataclass(frozen=True)
class LossConfig:
    """The loss of `app.training.losses`, and how its gradient is applied."""

    clip: float = 0.2
    kl_coef: float = 0.0
    normalise: Normalise = "token"
    temperature: float = 1.0
    max_new_tokens: int = 256
    max_grad_norm: float = 1.0


@dataclass(frozen=True)
class StepStats:
    """What one optimiser step did; `applied` is False when its numbers were not finite."""

    loss: float
    grad_norm: float
    entropy: float
    kl: float | None  # against the start model, nats a token; None where it was not measured
    clip_ratio: float
    applied: bool


class StepEngine(Protocol):
    """An engine that our loop drives step by step."""

    @property
    def policy_version(self) -> int:
        """Rises by one with every applied step."""
        ...

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int,
        *,
        policy_version: int,
        temperature: float,
        max_new_tokens: int,
        seeds: Sequence[int],
    ) -> list[tuple[Rollout, ...]]:
        """`n` answers to each prompt; raises TrainingError when asked for another policy's."""
        ...

    def train_step(
        self, groups: Sequence[Group], loss: LossConfig, *, learning_rate: float
    ) -> StepStats:
        """One optimiser step on a batch of groups of equal size."""
        ...

    def evaluate(
        self, prompts: Sequence[Prompt], *, temperature: float, max_new_tokens: int, seed: int
    ) -> list[Rollout]:
        """One answer of the present policy to each prompt; changes nothing."""
        ...

    def save(self, folder: Path, *, optimizer: bool) -> None:
        """Write the model, with the optimiser's state for resuming or without it."""
        ...

    def load(self, folder: Path) -> None:
        """Read what `save(..., optimizer=True)` wrote and continue from there, bit by bit."""
        ...
