"""Fixtures for all tests: real stores, real loops, and the rule that a logged warning is a failure."""

import asyncio
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the developer's own
for variable in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "RFT_STUDIO_MODEL"):
    os.environ.pop(variable, None)  # no test asks a real endpoint
SHARED = Path(__file__).parents[2] / "shared"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests: on a fresh loop, or on qasync's loop when they use `qapp`."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {n: pyfuncitem.funcargs[n] for n in pyfuncitem._fixtureinfo.argnames}
    if "qapp" in pyfuncitem.funcargs:
        import qasync

        with qasync.QEventLoop(pyfuncitem.funcargs["qapp"]) as loop:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(pyfuncitem.obj(**arguments))
    else:
        asyncio.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """The path of a file in the workplace's shared folder; skips where there is none."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"shared data {name!r} is not on this machine")
        return path

    return find


@pytest.fixture(autouse=True)
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has its own user folder."""
    monkeypatch.setenv("RFT_STUDIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _no_warnings_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    bad: list[Any] = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    assert not bad, f"unexpected log messages: {[r.getMessage() for r in bad]}"
