"""The dataset's own values: goal, quota, current grader, skipped steps and the like, as JSON by key."""

from typing import Any, Literal

import orjson

from app.store.database import Tx
from app.store.tables import Meta

Key = Literal[
    "name",
    "origin",  # {"file", "imported", "rejections", "seconds"}
    "near_duplicates",  # "pending" until they are found: large files and appended records
    "batches",  # [{"file", "records", ...}] of each import, in order; `record.batch` counts into it
    "token_counts",  # digest of the tokenizer that the exact counts are by
    "scan",  # {"key", "at"}: what was looked for in the records of table `scanned`, and when
    "goal",
    "goal_history",
    "quota",
    "targets",  # "uniform" | "as_imported" | "own": then the leaves have them
    "workflow",  # {"id", "started", "start_step"}
    "skipped",  # step names
    "forgotten",  # the newest result at the last reset of the pipeline: up to it none counts
    "grader",  # current version
    "proposal",  # {"path", "k", "method"} of a topic proposal not yet applied
    "effort",  # {"preset", "seed"} where the dataset has its own
    "accepted_warning",  # id of the dry run whose WARNING the user accepted
    "confirmed_test",  # grader version whose test the user confirmed
    "system_prompt",
    "response_format",
    "categorise_threshold",
    "hosts",  # where excerpts of the dataset may be sent, as the user said
    "always_allowed",  # tools a model may call here without asking, by the user's standing yes
    "opening",  # {"key", "text"}: the last opening that a model worded
    "generator",  # the text of the user's own generator script
]


def get(tx: Tx, key: Key, default: Any = None) -> Any:
    row = Meta.select(Meta.value).where(Meta.key == key).tuples().first(tx.db)
    return orjson.loads(row[0]) if row else default


def get_all(tx: Tx) -> dict[str, Any]:
    return {
        k: orjson.loads(v) for k, v in Meta.select(Meta.key, Meta.value).tuples().execute(tx.db)
    }


def put(tx: Tx, key: Key, value: Any) -> None:
    """Set a value; one that is unchanged is not written again."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    if Meta.update(value=text).where(Meta.key == key).execute(tx.db) == 0:
        Meta.insert(key=key, value=text).execute(tx.db)
