"""The frozen program: built anew, it proves itself, imports the sample, and opens its window."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import paths

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "resources" / "samples" / "support_tickets.jsonl"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Builds into a folder of this test; takes minutes."""
    folder = tmp_path_factory.mktemp("frozen")
    options = ["--noconfirm", "--log-level=ERROR", f"--distpath={folder}/dist"]
    recipe = ROOT / "build" / "rft_studio.spec"
    command = [sys.executable, "-m", "PyInstaller", *options, f"--workpath={folder}/work", recipe]
    subprocess.run(command, check=True, cwd=ROOT)
    name = "rft-studio.exe" if sys.platform == "win32" else "rft-studio"
    return folder / "dist" / "rft-studio" / name


def run(program: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_selftest(program: Path) -> None:
    done = run(program, "--selftest")
    parts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [p for p in parts if p["state"] != "ok"] == []
    assert len(parts) == 11
    assert done.returncode == 0


def test_it_imports_the_sample_and_finds_itself_healthy(program: Path) -> None:
    assert json.loads(run(program, "import", SAMPLE, "--json").stdout)["records"] == 3000
    done = run(program, "doctor", "--json")
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb, a screen without a monitor")
def test_the_window_opens_the_sample(program: Path, screen: str) -> None:
    """A real X window; that it is open shows in the library, which the window alone writes."""
    env = {**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"}
    with subprocess.Popen([program, "window", SAMPLE], env=env) as window:
        try:
            datasets = wait_for_dataset(program, window)
        finally:
            window.terminate()
    assert datasets[0]["records"] == 3000
    log = (paths.home() / "rft-studio.log").read_text(encoding="utf-8")
    assert "ERROR" not in log, log
    assert "Traceback" not in log, log


def wait_for_dataset(program: Path, window: "subprocess.Popen[bytes]") -> list[dict[str, int]]:
    """The datasets once there is one; fails when the window ends before."""
    while window.poll() is None:
        if datasets := json.loads(run(program, "stats", "--json").stdout):
            return list(datasets)
    raise AssertionError(f"the window ended with {window.returncode}")


@pytest.fixture
def screen() -> Iterator[str]:
    """The name of a fresh X screen; Xvfb picks a free number and says so when it is ready."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()
