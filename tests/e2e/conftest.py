"""A task that a small starter learns in seconds, as files; and a program on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.theme import Theme
from app.ui.theme_switch import use

ROOT = Path(__file__).parents[2]
LABELS = ("card", "bill", "loan", "fees", "rate", "code")
GRADER = {
    "type": "string_check",
    "name": "label",
    "input": "{{sample.output_text}}",
    "operation": "eq",
    "reference": "{{item.reference}}",
}


@pytest.fixture
def themed(qapp: QApplication) -> QApplication:
    """The application as the program sets it up."""
    qapp.setQuitOnLastWindowClosed(False)
    use(qapp, Theme("light", reduced_motion=True))
    return qapp


@pytest.fixture
def task(tmp_path: Path) -> tuple[Path, Path]:
    """(records, grader): 600 prompts with a reply that is right three times in five."""
    records, grader = tmp_path / "tickets.jsonl", tmp_path / "grader.json"
    rows = []
    for i in range(600):
        label = LABELS[i % 6]
        turns = [
            {"role": "user", "content": f"{label} {label}: case {i}"},
            {"role": "assistant", "content": label if i % 5 < 3 else "no idea"},
        ]
        rows.append({"messages": turns, "reference": label, "label": label})
    records.write_text("".join(json.dumps(row) + "\n" for row in rows))
    grader.write_text(json.dumps(GRADER))
    return records, grader


@pytest.fixture
def command(tmp_path: Path, user_home: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Starts `rft-studio …` as a process of its own in the test's user folder."""

    def start(*arguments: object) -> "subprocess.Popen[str]":
        env = {**os.environ, "RFT_STUDIO_HOME": str(user_home), "QT_QPA_PLATFORM": "offscreen"}
        return subprocess.Popen(
            [sys.executable, "-m", "app", *map(str, arguments)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
