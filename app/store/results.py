"""What was computed and when: grader versions, results with their inputs' fingerprint, answers, chat.

History: none of it is undoable, and nothing here is overwritten but a result's own state.
"""

from typing import Any, Literal

import orjson
import peewee as pw
from pydantic import BaseModel

from app.errors import ToolError
from app.store import meta
from app.store.database import Tx
from app.store.events import ChatChanged, GraderChanged, ResultsChanged, RunChanged
from app.store.tables import Answer, Chat, Grader, Point, Result

Kind = Literal[
    "categorisation", "coverage", "generation", "model_topics", "model_categories", "grader_test",
    "dry_run", "training", "deployment",
]  # fmt: skip
BILLED: tuple[Kind, ...] = ("generation", "model_topics", "model_categories")
State = Literal["running", "completed", "failed", "stopped", "paused"]


class GraderVersion(BaseModel):
    version: int
    config: dict[str, Any]
    created: float


class ResultValue(BaseModel):
    """A result; `data` is the kind's own model as a dict, with the `actor` who asked for it."""

    id: int
    kind: Kind
    state: State
    created: float
    ended: float | None = None
    fingerprint: str = ""
    data: dict[str, Any] = {}


class AnswerValue(BaseModel):
    """A graded answer: exactly one of score and error is set (neither when it was not graded)."""

    record_id: int
    k: int
    text: str
    tokens: int = 0
    score: float | None = None
    error: str | None = None
    reason: str = ""
    format_ok: bool | None = None
    truncated: bool = False


class ChatEntry(BaseModel):
    id: int
    at: float
    kind: str
    data: dict[str, Any]


def add_grader(tx: Tx, config: dict[str, Any]) -> int:
    """Store a grader as a new version and make it the current one; an equal one is reused."""
    text = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode()
    known = Grader.select(Grader.id).where(Grader.config == text).tuples().first(tx.db)
    version = known[0] if known else Grader.insert(config=text, created=tx.now).execute(tx.db)
    meta.put(tx, "grader", int(version))
    tx.emit(GraderChanged(tx.dataset_id))
    return int(version)


def graders(tx: Tx) -> list[GraderVersion]:
    """All versions, oldest first."""
    query = Grader.select().order_by(Grader.id)
    return [
        GraderVersion(version=g.id, config=orjson.loads(g.config), created=g.created)
        for g in query.execute(tx.db)
    ]


def current_grader(tx: Tx) -> GraderVersion | None:
    version = meta.get(tx, "grader")
    return next((g for g in graders(tx) if g.version == version), None)


def add(
    tx: Tx,
    kind: Kind,
    *,
    fingerprint: str = "",
    state: State = "completed",
    data: dict[str, Any] | None = None,
) -> int:
    """Store a result; returns its id."""
    row = Result.insert(
        kind=kind,
        state=state,
        created=tx.now,
        ended=None if state == "running" else tx.now,
        fingerprint=fingerprint,
        data=_json(data or {}),
    )
    result_id = int(row.execute(tx.db))
    _tell(tx, kind, result_id)
    return result_id


def update(
    tx: Tx, result_id: int, *, state: State | None = None, data: dict[str, Any] | None = None
) -> None:
    """Set the state of a result, or replace fields of its data."""
    old = get(tx, result_id)
    values: dict[str, Any] = {"data": _json({**old.data, **(data or {})})}
    if state:
        values |= {"state": state, "ended": None if state in ("running", "paused") else tx.now}
    Result.update(**values).where(Result.id == result_id).execute(tx.db)
    _tell(tx, old.kind, result_id)


def get(tx: Tx, result_id: int) -> ResultValue:
    row = Result.select().where(Result.id == result_id).dicts().first(tx.db)
    if row is None:
        raise ToolError(f"There is no result {result_id} in this dataset.")
    return _result(row)


def of_kind(tx: Tx, kind: Kind) -> list[ResultValue]:
    """All results of a kind, newest first."""
    query = Result.select().where(Result.kind == kind).order_by(Result.id.desc())
    return [_result(row) for row in query.dicts().execute(tx.db)]


def matching(tx: Tx, kind: Kind, fingerprint: str) -> ResultValue | None:
    """The newest completed result of a kind that was computed from just these inputs and counts: an
    undo makes an older one right again."""
    forgotten = meta.get(tx, "forgotten", 0)
    chosen = (Result.kind == kind) & (Result.fingerprint == fingerprint) & (Result.id > forgotten)
    query = Result.select().where(chosen & (Result.state == "completed")).order_by(Result.id.desc())
    row = query.dicts().first(tx.db)
    return _result(row) if row else None


def latest(tx: Tx, kind: Kind, state: State | None = None) -> ResultValue | None:
    """The newest result of a kind (in a state) that counts: made since the pipeline was reset."""
    forgotten = meta.get(tx, "forgotten", 0)
    found = (r for r in of_kind(tx, kind) if state is None or r.state == state)
    return next((r for r in found if r.id > forgotten), None)


def forget(tx: Tx) -> None:
    """Let no result made up to now count any more; they stay in the history. Undoable."""
    (newest,) = tx.sql("SELECT COALESCE(MAX(id), 0) FROM result")[0]
    meta.put(tx, "forgotten", newest)
    tx.emit(ResultsChanged(tx.dataset_id))
    tx.emit(GraderChanged(tx.dataset_id))


def running(tx: Tx) -> list[Kind]:
    """The kinds of results that are being computed now; a deployment is served, not computed."""
    query = "SELECT DISTINCT kind FROM result WHERE state = 'running' AND kind <> 'deployment'"
    return [kind for (kind,) in tx.sql(query)]


def add_answers(tx: Tx, result_id: int, answers: list[AnswerValue]) -> None:
    rows = [{"result_id": result_id, **a.model_dump()} for a in answers]
    for batch in pw.chunked(rows, 200):
        Answer.insert_many(batch).execute(tx.db)


def answers(tx: Tx, result_id: int) -> list[AnswerValue]:
    """By record, then k."""
    query = Answer.select().where(Answer.result_id == result_id)
    rows = query.order_by(Answer.record_id, Answer.k).dicts().execute(tx.db)
    return [AnswerValue(**{k: r[k] for k in AnswerValue.model_fields}) for r in rows]


def add_point(tx: Tx, step: str, label: str) -> None:
    """Remember the present state of the data as a place to roll back to."""
    (newest,) = tx.sql("SELECT COALESCE(MAX(id), 0) FROM change")[0]
    Point.insert(step=step, change_id=newest, at=tx.now, label=label).execute(tx.db)


def points(tx: Tx) -> list[dict[str, Any]]:
    """Places to roll back to, newest first: id, step, change_id, at, label."""
    return list(Point.select().order_by(Point.id.desc()).dicts().execute(tx.db))


def add_chat(tx: Tx, kind: str, data: dict[str, Any]) -> int:
    entry = Chat.insert(at=tx.now, kind=kind, data=_json(data)).execute(tx.db)
    tx.emit(ChatChanged(tx.dataset_id))
    return int(entry)


def chat(tx: Tx, limit: int = 500, before: int = 0) -> list[ChatEntry]:
    """The newest `limit` entries (of those before a row), oldest first."""
    query = Chat.select().order_by(Chat.id.desc()).limit(limit)
    if before:
        query = query.where(Chat.id < before)
    rows = query.dicts().execute(tx.db)
    return [ChatEntry(**{**row, "data": orjson.loads(row["data"])}) for row in rows][::-1]


def search_chat(tx: Tx, words: str, limit: int = 50) -> list[ChatEntry]:
    """The newest entries of the conversation in whose text the words stand, newest first. Stars and
    quotes of Markdown count on neither side, unless nothing else is looked for."""
    text = pw.fn.json_extract(Chat.data, "$.text")
    bare = words.replace("*", "").replace("`", "")
    if bare.strip():
        text, words = pw.fn.replace(pw.fn.replace(text, "*", ""), "`", ""), bare
    query = Chat.select().where(
        Chat.kind.in_(("message", "user", "question")) & text.contains(words)
    )
    gone = withdrawn(tx)
    rows = query.order_by(Chat.id.desc()).limit(limit).dicts().execute(tx.db)
    return [
        ChatEntry(**{**row, "data": orjson.loads(row["data"])})
        for row in rows
        if not any(first <= row["id"] < last for first, last in gone)
    ]


def withdrawn(tx: Tx) -> list[tuple[int, int]]:
    """The stretches of the conversation that were taken back: the row of the message that was, and
    that of the taking back."""
    key = "coalesce(json_extract(s.data, '$.key'), 'row' || s.id)"
    rows = tx.sql(
        "SELECT s.id, w.id FROM chat w JOIN chat s ON s.kind = 'user' AND s.id < w.id "
        f"AND {key} = json_extract(w.data, '$.key') WHERE w.kind = 'withdrawn'"
    )
    return [(first, last) for first, last in rows]


def chat_marks(tx: Tx, before: int) -> list[ChatEntry]:
    """What was said from a row on about the entries before it: which were taken back or answered."""
    about = [last for first, last in withdrawn(tx) if first < before <= last]
    query = Chat.select().where(
        (Chat.id >= before) & ((Chat.kind == "choice") | Chat.id.in_(about))
    )
    rows = query.order_by(Chat.id).dicts().execute(tx.db)
    return [ChatEntry(**{**row, "data": orjson.loads(row["data"])}) for row in rows]


def chat_trail(tx: Tx, kinds: tuple[str, ...], limit: int, before: int = 0) -> list[ChatEntry]:
    """The newest entries of these kinds (of those before a row), newest first; of a question that
    has its answer only the answer, which is later and has the same key."""
    answered = "SELECT json_extract(data, '$.key') FROM chat WHERE kind = 'card'"
    marks = ", ".join("?" * len(kinds))
    query = (
        f"SELECT id, at, kind, data FROM chat WHERE kind IN ({marks}) AND (? = 0 OR id < ?) AND NOT "
        f"(kind = 'asked' AND json_extract(data, '$.key') IN ({answered})) ORDER BY id DESC LIMIT ?"
    )
    rows = tx.sql(query, (*kinds, before, before, limit))
    return [ChatEntry(id=i, at=at, kind=kind, data=orjson.loads(d)) for i, at, kind, d in rows]


class Usage(BaseModel):
    """What connected models took for a dataset; `cost` counts only calls whose prices were known."""

    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


def usage(tx: Tx, *, without: int = 0) -> Usage:
    """The sum over all turns of the assistant and all billed results (`without` a result's own)."""
    sums = ", ".join(f"SUM(json_extract(data, '$.{name}'))" for name in Usage.model_fields)
    spent = (
        "SELECT data FROM chat WHERE kind = 'spent' UNION ALL "
        f"SELECT data FROM result WHERE kind IN ({', '.join('?' * len(BILLED))}) AND id <> ?"
    )
    row = tx.sql(f"SELECT {sums} FROM ({spent})", (*BILLED, without))[0]
    found = zip(Usage.model_fields, row, strict=True)
    return Usage(**{name: value for name, value in found if value is not None})


def test_openings(tx: Tx) -> int:
    """How often the test split was opened for a report."""
    return sum(1 for r in of_kind(tx, "training") if r.data.get("report"))


def _tell(tx: Tx, kind: Kind, result_id: int) -> None:
    tx.emit(
        RunChanged(tx.dataset_id, result_id)
        if kind == "training"
        else ResultsChanged(tx.dataset_id)
    )
    if kind == "grader_test":
        tx.emit(GraderChanged(tx.dataset_id))


def _result(row: dict[str, Any]) -> ResultValue:
    return ResultValue(**{**row, "data": orjson.loads(row["data"])})


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
