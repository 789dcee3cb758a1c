"""The three worker tasks as the app starts them: run directory in, events and result out."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from app.errors import AppError, Stopped
from app.training import rollouts_worker, starter_worker, train_worker
from app.training.model import load_model
from app.workers import RunDir, Worker, run_worker
from tests.tasks import run_task

COLOURS = {"grass": "green", "sky": "blue", "snow": "white"}
GRADER = {
    "type": "string_check",
    "name": "colour",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference}}",
    "operation": "eq",
}


def question(i: int) -> dict[str, Any]:
    thing = list(COLOURS)[i % len(COLOURS)]
    return {"role": "user", "content": f"what colour is {thing} number {i}?"}


def answer(i: int) -> str:
    return list(COLOURS.values())[i % len(COLOURS)]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def prompts(path: Path, numbers: range) -> str:
    rows = [
        {"id": i, "messages": [question(i)], "tools": [], "item": {"reference": answer(i)}}
        for i in numbers
    ]
    return write(path, rows)


def run(module: Any, folder: Path, config: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """A task in this process; its result and events."""
    return run_task(module, folder, config), RunDir(folder).events()[0]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taught replies of which half are wrong, so that training has something to find."""
    folder = tmp_path_factory.mktemp("starter")
    rows = [
        {"messages": [question(i)], "tools": None, "target": answer(i if i % 2 else i + i % 5)}
        for i in range(120)
    ]
    config = {
        "records": write(folder / "rows.jsonl", rows),
        "out": str(folder / "model"),
        "preset": "fast",
        "steps": 40,
    }
    result, events = run(starter_worker, folder / "run", config)
    assert result["steps"] == 40
    assert result["vocab"] == load_model(folder / "model").model.config.vocab_size
    assert {"model", "parameters", "tokens", "cpu_seconds", "loss", "heldout_loss"} <= set(result)
    assert {"step", "loss"} <= set(next(e for e in events if e["kind"] == "metrics"))
    return folder / "model"


def test_supervised_from_given_weights(starter: Path, tmp_path: Path) -> None:
    rows = [{"messages": [question(i)], "target": answer(i)} for i in range(20)]
    config = {
        "records": write(tmp_path / "rows.jsonl", rows),
        "out": str(tmp_path / "taught"),
        "init": str(starter),
        "preset": "fast",
        "steps": 3,
    }
    run(starter_worker, tmp_path / "run", config)
    before, after = load_model(starter), load_model(tmp_path / "taught")
    assert before.tokenizer.to_str() == after.tokenizer.to_str()
    changed = zip(before.model.parameters(), after.model.parameters(), strict=True)
    assert not all(torch.equal(a, b) for a, b in changed)


def test_rollouts_are_graded_and_repeatable(starter: Path, tmp_path: Path) -> None:
    config = {
        "model": str(starter),
        "prompts": prompts(tmp_path / "prompts.jsonl", range(200, 220)),
        "samples_per_prompt": 3,
        "grader": GRADER,
    }
    result, events = run(rollouts_worker, tmp_path / "one", config)
    assert (result["prompts"], result["rollouts"], result["errors"]) == (20, 60, 0)
    rollouts = [e for e in events if e["kind"] == "rollout"]
    assert [(e["id"], e["k"]) for e in rollouts[:4]] == [
        ("200", 0), ("200", 1), ("200", 2), ("201", 0),
    ]  # fmt: skip
    assert all((e["score"] == 1) == (e["text"] == answer(int(e["id"]))) for e in rollouts)
    _, again = run(rollouts_worker, tmp_path / "two", config)
    assert [e["text"] for e in again if e["kind"] == "rollout"] == [e["text"] for e in rollouts]


def test_a_prompt_that_is_too_long_is_an_error_of_its_own(starter: Path, tmp_path: Path) -> None:
    long = {"id": "long", "messages": [{"role": "user", "content": "why? " * 2000}]}
    config = {
        "model": str(starter),
        "prompts": write(tmp_path / "p.jsonl", [long, {"id": "short", "messages": [question(1)]}]),
        "samples_per_prompt": 2,
    }
    result, events = run(rollouts_worker, tmp_path / "run", config)
    assert (result["prompts"], result["rollouts"], result["errors"]) == (2, 4, 2)
    errors = {e["id"]: e["error"] for e in events if e["kind"] == "rollout"}
    assert "context of 2048" in errors["long"]
    assert errors["short"] is None


def test_a_stopped_run_keeps_what_it_finished(starter: Path, tmp_path: Path) -> None:
    config = {"model": str(starter), "prompts": prompts(tmp_path / "p.jsonl", range(40))}
    directory = RunDir(tmp_path / "run")
    directory.prepare(config)
    worker = Worker(directory.path)
    emit = worker.emit

    def stop_soon(kind: str, **data: Any) -> None:
        emit(kind, **data)
        directory.stop()

    worker.emit = stop_soon  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        rollouts_worker.run(worker)
    worker.finish("stopped")
    finished = {e["id"] for e in directory.events()[0] if e["kind"] == "rollout"}
    assert finished == {str(i) for i in range(rollouts_worker.SLICE)}


def train_config(starter: Path, folder: Path, **params: Any) -> dict[str, Any]:
    return {
        "method": "rft",
        "model": str(starter),
        "train": prompts(folder / "train.jsonl", range(60)),
        "validation": prompts(folder / "validation.jsonl", range(60, 90)),
        "grader": {**GRADER, "reference": "blue"},  # a wish that the replies never taught
        "params": {"preset": "fast", "eval_temperature": 1.0, **params},
        "out": str(folder / "out"),
    }


def test_training_raises_the_reward(starter: Path, tmp_path: Path) -> None:
    config = train_config(starter, tmp_path, steps=16, eval_every=4)
    result, events = run(train_worker, tmp_path / "run", config)
    evaluations = [e for e in events if e["kind"] == "evaluation"]
    assert result["validation"]["reward"] > evaluations[0]["high"]
    assert result["model"] == str(tmp_path / "out" / "best")
    assert load_model(Path(result["model"])).answer_tokens
    kinds = {e["kind"] for e in events}
    assert {"metrics", "evaluation", "checkpoint", "rollouts"} <= kinds


async def test_as_a_process_a_stop_file_ends_after_the_step(starter: Path, tmp_path: Path) -> None:
    config = train_config(starter, tmp_path, steps=5_000)
    run_dir = tmp_path / "run"

    def on_event(event: dict[str, Any]) -> None:
        if event["kind"] == "metrics" and event["step"] == 2:
            RunDir(run_dir).stop()

    with pytest.raises(Stopped):
        await run_worker("train", run_dir, config, on_event=on_event)
    events, _ = RunDir(run_dir).events()
    last = events[-1]
    assert last["kind"] == "checkpoint"
    assert last["step"] == max(e["step"] for e in events if e["kind"] == "metrics")
    assert (Path(last["path"]) / "optimizer.pt").exists()
    more = {**config, "resume": True}
    more["params"] = {**config["params"], "steps": last["step"] + 1}
    resumed: list[dict[str, Any]] = []
    result = await run_worker("train", tmp_path / "again", more, on_event=resumed.append)
    assert result["steps"] == last["step"] + 1
    assert [e["step"] for e in resumed if e["kind"] == "metrics"] == [last["step"] + 1]


async def test_a_broken_line_is_named(starter: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": 1, "messages": []}\nnot json\n')
    with pytest.raises(AppError, match=r"Line 2 of bad\.jsonl"):
        await run_worker("rollouts", tmp_path / "run", {"model": str(starter), "prompts": str(bad)})
    assert RunDir(tmp_path / "run").status().state == "failed"
