"""What we write opens with plain transformers and means the same there; and the other way round."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3ForCausalLM
from transformers import Qwen3Config as TheirConfig

from app.errors import TrainingError
from app.training.model import Bundle, load_model

MESSAGES = [
    {"role": "system", "content": "Route the ticket."},
    {"role": "user", "content": "i lost my «card» 🙂"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"n": 1}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "a", "content": "found"},
    {"role": "user", "content": [{"type": "text", "text": "what is my balance"}]},
]
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


def log_probs(logits: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(logits, -1)


def test_log_probs_equal_transformers(bundle: Bundle, folder: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.randint(0, bundle.model.config.vocab_size, (3, 40))
    with torch.no_grad():
        ours = bundle.model.logits(bundle.model(ids)[0])
        reference = theirs(ids).logits
    torch.testing.assert_close(log_probs(ours), log_probs(reference), atol=1e-5, rtol=0)


@pytest.mark.parametrize("tools", [None, TOOLS])
def test_the_prompt_is_the_one_transformers_makes(
    bundle: Bundle, folder: Path, tools: list[dict[str, Any]] | None
) -> None:
    theirs = AutoTokenizer.from_pretrained(folder)
    text = theirs.apply_chat_template(
        MESSAGES, tools=tools, tokenize=False, add_generation_prompt=True
    )
    assert bundle.template.render(MESSAGES, tools) == text
    assert bundle.prompt_ids(MESSAGES, tools) == theirs(text)["input_ids"]
    assert theirs.eos_token_id == bundle.stop_ids[0]


def test_a_folder_of_transformers_loads(bundle: Bundle, folder: Path, tmp_path: Path) -> None:
    """Untied embeddings, other positions, a template in a file of its own."""
    torch.manual_seed(3)
    config = TheirConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
    )
    theirs = Qwen3ForCausalLM(config)
    theirs.save_pretrained(tmp_path / "theirs")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "theirs")
    ours = load_model(tmp_path / "theirs")
    ids = torch.randint(0, 300, (2, 9))
    with torch.no_grad():
        got = ours.model.logits(ours.model(ids)[0])
        torch.testing.assert_close(log_probs(got), log_probs(theirs(ids).logits), atol=1e-5, rtol=0)
    assert ours.template.render(MESSAGES) == bundle.template.render(MESSAGES)


def test_save_and_load_is_exact(bundle: Bundle, folder: Path) -> None:
    again = load_model(folder)
    assert again.stop_ids == bundle.stop_ids
    for name, weight in bundle.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name]), name


def test_another_architecture_is_refused_by_name(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(TrainingError, match=r"LlamaForCausalLM.*Qwen3ForCausalLM"):
        load_model(folder)


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"model\.safetensors"):
        load_model(folder)
    (folder / "config.json").unlink()
    with pytest.raises(TrainingError, match=r"config\.json"):
        load_model(folder)
