"""The jobs strip follows running jobs: words, time left, Stop, and gone at the end."""

import asyncio

import pytest
from PySide6.QtWidgets import QApplication

from app.errors import Stopped
from app.jobs import Job, Jobs
from app.ui.jobs_strip import JobsStrip, job_text, time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.3, ""), (46, "46 s left"), (200, "about 3 min left")],
)
def test_time_left_in_words(seconds: float | None, words: str) -> None:
    assert time_left(seconds) == words


def test_a_job_without_words_counts() -> None:
    job = Job(1, "Import", state="running", done=1200, total=90000)
    assert job_text(job) == "1,200 of 90,000"
    assert job_text(Job(2, "Train", text="waits for Import")) == "waits for Import"


async def test_a_job_is_shown_until_it_ends_and_can_be_stopped(themed: QApplication) -> None:
    jobs = Jobs()
    strip = JobsStrip(jobs)
    going = asyncio.Event()

    async def work(job: Job) -> None:
        job.progress(63, 100, "step 38 of 60")
        going.set()
        await asyncio.Event().wait()

    running = jobs.start(jobs.run("Training", work))
    jobs.on_error = lambda error: None
    await going.wait()
    (row,) = strip.rows
    assert row.bar.value() == 63
    assert row.words.text().startswith("step 38 of 60")
    assert not strip._idle.isVisibleTo(strip)
    row.stop.click()
    with pytest.raises(Stopped):
        await running
    assert strip.rows == []
    assert strip._idle.isVisibleTo(strip)
