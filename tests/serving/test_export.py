"""An export opens with plain transformers, says the same, and is proved before it appears."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from app.errors import AppError, InputError, Stopped, TrainingError
from app.serving.card import CardFacts, model_card
from app.serving.export import ExportConfig, answers, export
from app.training.base import Prompt
from app.training.model import Bundle, load_model
from app.workers import run_worker
from tests.serving.conftest import ASKED
from tests.serving.test_server import greedy

WORDS = ["i lost my card", "what is my balance", "yes", "no", "my my card"]
FACTS: dict[str, Any] = {
    "dataset": "tickets | <b>2026</b>",
    "goal": "Route each\nticket",
    "license": "CC-BY-3.0",
    "grader": {"version": 2, "config": {"type": "string_check"}, "created": 1.0},
    "dry_run": "180 of 200 prompts can be learned from.",
    "verdict": "GO",
    "params": {"group_size": 8},
    "report": {
        "n": 300,
        "opened": 1,
        "rows": [
            {"key": "base", "label": "Base", "n": 300, "mean": 0.2, "low": 0.1, "high": 0.3},
            {"key": "tuned", "label": "Tuned", "n": 300, "mean": 0.8, "low": 0.7, "high": 0.9},
        ],
        "tuned_minus_base": {"mean": 0.6, "low": 0.5, "high": 0.7, "n": 300, "detectable": 0.1},
        "improved": [{"prompt": "a private record"}],
        "sentence": "Tuned is better.",
    },
}


def quiet(done: float, total: float, text: str) -> None:
    assert 0 <= done <= total
    assert text


def prompt_file(path: Path, bundle: Bundle, *, right: int) -> Path:
    """Prompts of which the first `right` have the model's own answer for a reference."""
    prompts = [
        Prompt(str(i), ({"role": "user", "content": text},), (), {}) for i, text in enumerate(WORDS)
    ]
    texts = answers(bundle, prompts, max_new_tokens=12)
    rows = [
        {
            "id": p.id,
            "messages": p.messages,
            "tools": [],
            "item": {"reference": text if i < right else "something else"},
        }
        for i, (p, text) in enumerate(zip(prompts, texts, strict=True))
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


async def test_the_worker_writes_loads_and_regrades(
    folders: Path, tuned: Bundle, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "my-model"
    config = {
        "model": str(folders / "tuned"),
        "out": str(out),
        "card": FACTS,
        "prompts": str(prompt_file(tmp_path / "prompts.jsonl", tuned, right=3)),
        "grader": {"type": "string_check"},
        "max_new_tokens": 12,
    }
    result = await run_worker("export", tmp_path / "run", config)
    assert result["path"] == str(out)
    assert result["bytes"] == sum(f.stat().st_size for f in out.iterdir())
    regraded = result["regraded"]
    assert (regraded["n"], regraded["errors"]) == (5, 0)
    assert regraded["mean"] == pytest.approx(0.6)
    assert regraded["low"] < 0.6 < regraded["high"]
    assert [p.name for p in out.parent.iterdir()] == ["my-model"], "nothing is left beside it"
    card = (out / "README.md").read_text(encoding="utf-8")
    for words in ("0.600 (", "| Tuned | 300 | 0.800 | 0.700 to 0.900 | 0 |", "GO. 180 of 200"):
        assert words in card
    assert "private record" not in card


def test_plain_transformers_gives_the_same_answer(
    folders: Path, tuned: Bundle, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    result = export(ExportConfig(model=folders / "tuned", out=out), quiet)
    assert result.regraded is None
    tokenizer = AutoTokenizer.from_pretrained(out)
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    prompt = tokenizer.apply_chat_template(
        ASKED, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    made = model.generate(**prompt, max_new_tokens=24, do_sample=False)
    answer = made[0, prompt["input_ids"].shape[1] :]
    text, _, _ = greedy(tuned)
    assert tokenizer.decode(answer, skip_special_tokens=True) == text
    ours = load_model(out)
    assert greedy(ours) == greedy(tuned)


def test_what_fails_or_is_stopped_leaves_nothing(folders: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    good = ExportConfig(model=folders / "tuned", out=out)

    def stopping(done: float, total: float, text: str) -> None:
        raise Stopped("Stopped by the user.")

    with pytest.raises(Stopped):
        export(good, stopping)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match=r"no model\.safetensors"):
        export(good.model_copy(update={"model": tmp_path / "empty"}), quiet)
    with pytest.raises(InputError, match=r"no export format named 'gguf'\. Known: hf_folder"):
        export(good.model_copy(update={"format": "gguf"}), quiet)
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["empty"]
    export(good.model_copy(update={"out": tmp_path / "empty"}), quiet)
    with pytest.raises(AppError, match="is not empty"):
        export(good.model_copy(update={"out": tmp_path / "empty"}), quiet)


def test_only_the_models_own_files_are_copied(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    for file in (folders / "tuned").iterdir():
        (tmp_path / "checkpoint" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "checkpoint" / "optimizer.safetensors").write_bytes(b"x")
    out = tmp_path / "out"
    export(ExportConfig(model=tmp_path / "checkpoint", out=out), quiet)
    expected = {f.name for f in (folders / "tuned").iterdir()} | {"README.md"}
    assert {f.name for f in out.iterdir()} == expected


def test_the_card_escapes_what_users_wrote() -> None:
    card = model_card("m", CardFacts.model_validate(FACTS), None)
    assert r"tickets \| \<b\>2026\</b\>" in card
    assert "Goal: Route each ticket" in card
    assert 'license: "cc-by-3.0"' in card
    bare = model_card("m", CardFacts(), None)
    assert 'license: "unknown"' in bare
    assert "Not stated." in bare
    assert "No report was made." in bare
