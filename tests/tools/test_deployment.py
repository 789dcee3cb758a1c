"""A run's report and export, measured as the run was trained, with a small real model."""

from pathlib import Path

import pytest

from app.jobs import Job
from app.store import results
from app.tools.report import make_report
from app.training.model import save_model
from app.workers import read_json
from tests.training.conftest import tiny_bundle

LIMIT = 3  # tokens of an answer; the references of these records would ask for 16
GRADER = {
    "type": "string_check",
    "name": "exact",
    "operation": "eq",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference}}",
}


@pytest.mark.slow  # three workers that load torch
async def test_report_and_export_answer_within_the_limit_the_run_was_trained_with(
    program, tmp_path: Path
) -> None:
    save_model(tiny_bundle(), tmp_path / "model")
    async with program() as app:
        await app.call("configure_grader", grader=GRADER)
        session = app.session
        made = await make_report(
            app.context(),
            Job(0, "report"),
            base=tmp_path / "model",
            tuned=tmp_path / "model",
            supervised=None,
            grader_version=1,
            max_new_tokens=LIMIT,
        )
        assert not made.better
        for name in ("base", "tuned"):
            config = read_json(session.run_dir(f"report-{name}").path / "config.json")
            assert config["max_new_tokens"] == LIMIT
        data = {
            "tuned": str(tmp_path / "model"),
            "params": {"max_new_tokens": LIMIT},
            "report": made.model_dump(mode="json"),
        }
        inputs = (await session.expected("training")).model_dump_json()
        await session.store.transaction(results.add, "training", fingerprint=inputs, data=data)
        exported = await app.call("export_model", folder=str(tmp_path / "out"))
        assert exported.bytes > 0
        config = read_json(session.run_dir("export").path / "config.json")
        assert config["max_new_tokens"] == LIMIT
