"""What an installation must have, each as a probe: a sentence when it is well, an AppError when not."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Literal

from packaging.requirements import Requirement
from pydantic import BaseModel

from app.embedding.files import HASHES, checked, encoder_folder
from app.errors import AppError
from app.grading.base import Sample, open_grader, parse_grader
from app.workers import command

DISTRIBUTION = "rft-studio"
WINDOW_SECONDS = 60
Probe = Callable[[], Awaitable[str]]

# Right answers get 1, wrong ones 0, and what reaches out of the sandbox gets an error.
SCRIPT = "def grade(sample, item): return float(sample['output_text'] == item['reference'])"
HOSTILE = "def grade(sample, item): return float(len(open('/etc/hostname').read()) > 0)"


class Check(BaseModel):
    """One probe's outcome; a `warning` is worth reading, only `failed` makes the exit code 1."""

    name: str
    state: Literal["ok", "warning", "failed"] = "ok"
    text: str


class Doubt(AppError):
    """Something a person should know that stops nothing."""


async def examine(name: str, probe: Probe) -> Check:
    """Run one probe; what it raises is its outcome, never a crash of the examination."""
    try:
        return Check(name=name, text=await probe())
    except Doubt as doubt:
        return Check(name=name, state="warning", text=str(doubt))
    except AppError as error:
        return Check(name=name, state="failed", text=str(error))
    except OSError as error:
        text = f"{error.filename or 'The system'}: {error.strerror}."
        return Check(name=name, state="failed", text=text)


async def python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise AppError(f"Python {version} runs this; 3.11, 3.12 or 3.13 is needed.")
    return f"Python {version}."


async def packages() -> str:
    """Every runtime requirement of this distribution is installed, in its range."""
    try:
        wanted = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        raise Doubt(f"{DISTRIBUTION} is not installed, so its packages were not checked.") from None
    wanted = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    if wrong := [problem for r in wanted if (problem := _problem(r))]:
        raise AppError(f"{'; '.join(wrong)}. Run `make setup`, or install the app again.")
    return f"All {len(wanted)} packages are there, in the versions wanted."


def _problem(wanted: Requirement) -> str:
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(version, prereleases=True):
        return ""
    return f"{wanted.name} is {version}, wanted is {wanted.specifier}"


async def encoder() -> str:
    for name in HASHES:
        await asyncio.to_thread(checked, encoder_folder() / name)
    return "The sentence encoder's files are whole."


async def sandbox() -> str:
    """A benign script scores a right and a wrong answer; a hostile one gets an error."""
    answers = [(Sample(output_text=text), {"reference": "yes"}) for text in ("yes", "no")]
    async with open_grader(parse_grader({"type": "script", "source": SCRIPT})) as grader:
        scores = [score.score for score in await grader.grade(answers)]
    if scores != [1.0, 0.0]:
        raise AppError(f"The grader sandbox scored {scores} where 1 and 0 are right.")
    async with open_grader(parse_grader({"type": "script", "source": HOSTILE})) as grader:
        (score,) = await grader.grade(answers[:1])
    if score.error is None:
        raise AppError("The grader sandbox let a script open a file. Do not use script graders.")
    return "The grader sandbox scores right, and lets no script open a file."


async def window() -> str:
    """Qt and the theme work without a screen, and on this one where there is one."""
    await asyncio.to_thread(_paint, "offscreen")
    if sys.platform != "linux":
        return f"The window works ({await asyncio.to_thread(_paint, '')})."
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "The window's parts work; there is no screen here to open it on."
    return f"The window works on this screen ({await asyncio.to_thread(_paint, '')})."


def _paint(platform: str) -> str:
    """The platform's name; raises AppError with Qt's own words, mostly a missing library."""
    env = dict(os.environ)
    env.pop("QT_QPA_PLATFORM", None)
    env |= {"QT_QPA_PLATFORM": platform} if platform else {}
    try:
        done = subprocess.run(
            command("check-window"),
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WINDOW_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AppError(f"The window did not open within {WINDOW_SECONDS} s.") from None
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split()) or f"exit code {done.returncode}"
        raise AppError(
            f"The window cannot open: {said[-600:]} On Debian, `make debian` installs what Qt needs."
        )
    return done.stdout.strip()
