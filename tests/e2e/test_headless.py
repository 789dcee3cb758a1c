"""The whole road without a window, as a user's script would walk it."""

import json

import httpx2
import pytest


@pytest.mark.timeout(900)
def test_from_a_file_to_a_deployed_model(task, command, tmp_path):
    records, grader = task
    out = tmp_path / "out"
    process = command(
        "run", records, "--goal", "Name the topic", "--grader", grader,
        "--yes", "dry_run,training,deployment", "--accept-warning", "--preset", "fast",
        "--out", out,
    )  # fmt: skip
    _, told = process.communicate()
    assert process.returncode == 0, told
    report = json.loads((out / "report.json").read_text())
    assert report["dataset"]["records"] == 600
    assert report["dry_run"]["verdict"] in ("GO", "WARNING")
    for name in ("mean", "std", "above_zero", "perfect", "learnability"):
        figure = report["dry_run"][name]
        assert figure["low"] <= figure["value"] <= figure["high"]
    held = report["heldout"]
    assert held["n"] == report["dataset"]["splits"]["test"]
    assert held["base"]["mean"] + held["tuned_minus_base"]["mean"] == pytest.approx(
        held["tuned"]["mean"]
    )
    assert held["supervised"]["n"] == held["n"]
    gain = held["tuned_minus_base"]
    assert gain["low"] <= gain["mean"] <= gain["high"]
    assert held["tuned"]["mean"] > held["base"]["mean"]
    assert set(report["seconds"]) >= {"import", "dry_run", "training", "deployment", "total"}
    assert (out / "report.md").read_text().startswith("# tickets")
    _serve_and_ask(command, report)


def _serve_and_ask(command, report):
    """`rft-studio serve` answers over HTTP with its key, and ends when told to."""
    process = command("serve", report["dataset"]["id"], "--json")
    try:
        served = json.loads(process.stdout.readline())
        body = {"model": served["model_id"], "messages": [{"role": "user", "content": "my bill"}]}
        headers = {"Authorization": f"Bearer {served['key']}"}
        url = f"{served['endpoint']}/chat/completions"
        reply = httpx2.post(url, json=body, headers=headers, timeout=60, trust_env=False).json()
        assert reply["choices"][0]["message"]["content"]
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told


def test_an_impossible_task_stops_at_no_go_and_trains_nothing(task, command, tmp_path):
    records, grader = task
    wrong = json.loads(grader.read_text()) | {"reference": "{{item.reference}} {{item.reference}}!"}
    grader.write_text(json.dumps(wrong))
    process = command(
        "run", records, "--goal", "x", "--grader", grader, "--yes", "dry_run,training,deployment",
        "--accept-warning", "--preset", "fast", "--out", tmp_path / "out",
    )  # fmt: skip
    _, told = process.communicate()
    assert process.returncode == 3, told
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["dry_run"]["verdict"] == "NO-GO"
    assert report["dry_run"]["diagnosis"]
    assert report["heldout"] is None
    assert report["model"] is None
    assert "Traceback" not in told
