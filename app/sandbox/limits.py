"""Every limit of the script sandbox, in one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds for a script, by default a grader. Times are of execution inside the worker, in seconds.

    Measured on 2 shared cores: a fresh state costs 0.4 ms, a typical grader 0.2 ms a record, so a
    second per record is 1000 times what is needed and five seconds per batch 100 times.
    """

    each: str = "a record"  # what one call works on
    record_seconds: float = 1.0  # one call of grade(), and once the script's own lines
    batch_seconds: float = 5.0  # one batch; when it is over, its records are graded one by one
    grace_seconds: float = 0.5  # a worker that ignored its limit for so long is killed
    helper_seconds: float = 1.0  # host helpers, for one record; a batch has batch_seconds
    helper_calls: int = 1000  # per record; a batch has ten times as many
    memory_bytes: int = 64 << 20
    recursion: int = 200
    printed_bytes: int = 64 << 10
    source_bytes: int = 100_000
    record_bytes: int = 1 << 20  # sample and item as JSON
    batch_bytes: int = 4 << 20
    batch_records: int = 200
    recheck_share: float = (
        0.05  # of a batch, graded again alone: shared state shows as a difference
    )
    give_up_after: int = 5  # time-outs or crashes in a row; the rest would only repeat them


# A generator writes the records of one topic in a call; its own checks of them come after.
GENERATOR = Limits(each="a topic", record_seconds=5.0, helper_seconds=5.0, helper_calls=20_000)
GENERATED_BYTES = 8 << 20  # what one call may return, as JSON
