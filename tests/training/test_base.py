"""What the training form says of each value."""

import pytest

from app.training.base import TrainingParams

JARGON = (
    "advantage", "adamw", "clipping", "entropy", "gradient", "grpo", "kl", "loss", "optimis",
    "policy", "rollout", "std", "validations",
)  # fmt: skip


@pytest.mark.parametrize("name", TrainingParams.model_fields)
def test_every_value_is_described_in_plain_words(name: str) -> None:
    words = TrainingParams.model_fields[name].description or ""
    assert 20 < len(words) < 90
    known = words.lower().replace(",", " ").replace(";", " ").split()
    assert not [word for word in known if word.startswith(JARGON)]
