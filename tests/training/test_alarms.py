"""Alarms ring where their table says, and not before."""

from app.training.alarms import STEPS, StepRecord, step_alarms, validation_alarms


def steps(
    count: int, *, length: float = 10, kl: float = 0.1, flat: float = 0.2
) -> list[StepRecord]:
    return [StepRecord(length=length, kl=kl, without_signal=flat) for _ in range(count)]


def names(history: list[StepRecord]) -> list[str]:
    return [alarm.name for alarm in step_alarms(history)]


def test_a_calm_run_is_silent() -> None:
    assert names([]) == []
    assert names(steps(3 * STEPS)) == []


def test_three_times_the_length() -> None:
    assert names(steps(STEPS, length=20) + steps(STEPS, length=61)) == ["length"]
    assert names(steps(STEPS, length=20) + steps(STEPS, length=59)) == []
    assert names(steps(STEPS, length=4) + steps(STEPS, length=16)) == []


def test_kl_and_signal_need_several_steps() -> None:
    assert names(steps(STEPS) + steps(STEPS, kl=1.2)) == ["kl"]
    assert names(steps(STEPS) + steps(STEPS - 1, flat=1.0)) == []
    assert names(steps(STEPS) + steps(STEPS, flat=1.0)) == ["signal"]


def test_validation_must_fall_twice() -> None:
    assert validation_alarms([0.2, 0.8]) == []
    assert validation_alarms([0.2, 0.8, 0.7]) == []
    assert [a.name for a in validation_alarms([0.2, 0.8, 0.7, 0.6])] == ["validation"]
    assert validation_alarms([0.2, 0.8, 0.7, 0.79]) == []
    assert validation_alarms([0.2, 0.8, 0.76, 0.75], margin=0.06) == []
