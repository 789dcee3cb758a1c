"""Small real models, built in milliseconds."""

from pathlib import Path

import pytest
import torch

from app.training.model import Bundle, save_model
from app.training.qwen3 import Qwen3, Qwen3Config
from app.training.template import STARTER_TEMPLATE, ChatTemplate
from app.training.tokenizer import TOKENIZER_CONFIG, train_tokenizer

TEXTS = ["i lost my card", "what is my balance", "<|im_start|>system\nuser\nassistant\n", "yes no"]


def tiny_bundle(*, seed: int = 0, kv_heads: int = 2) -> Bundle:
    """A random Qwen3 of two layers; its weights are spread out so that answers differ."""
    torch.manual_seed(seed)
    tokenizer = train_tokenizer(TEXTS, vocab_size=300)
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        head_dim=16,
    )
    model = Qwen3(config)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return Bundle(
        model=model,
        tokenizer=tokenizer,
        template=ChatTemplate(STARTER_TEMPLATE),
        stop_ids=(tokenizer.token_to_id("<|im_end|>"),),
        pad_id=tokenizer.token_to_id("<|endoftext|>"),
        tokenizer_config=TOKENIZER_CONFIG,
    )


@pytest.fixture
def bundle() -> Bundle:
    return tiny_bundle()


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    save_model(bundle, tmp_path / "model")
    return tmp_path / "model"
