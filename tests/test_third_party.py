"""THIRD_PARTY.md lists every package that runs in the app, and the licence texts are shipped."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_runtime_package_is_listed() -> None:
    script = ROOT / "build" / "third_party.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_shipped_is_listed_with_its_licence() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    for font in (ROOT / "resources" / "fonts").glob("*-LICENSE.txt"):
        assert font.name in text
    assert (ROOT / "resources" / "encoder" / "LICENSE").exists()
    assert "LESSER GENERAL PUBLIC" in (ROOT / "resources/licences/LGPL-3.0.txt").read_text()
