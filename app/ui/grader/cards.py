"""The grader's proofs: the test on fresh answers and the crash test; they draw, they run nothing."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.grading.controls import Control, CrashTest
from app.tools.grading import GraderTest, TestRow
from app.ui import kit
from app.ui.answers import answer_row
from app.ui.parts import Badge, BadgeCell, BarCell, Cell, NumberCell, Tone

REWARDED = 0.8  # what references earn from a grader that knows the task; as the diagnosis has it
COLUMNS = (
    kit.Column("Control", 190),
    kit.Column(""),
    kit.Column("Mean", 64, right=True),
    kit.Column("Result", 118),
)


def test_words(test: GraderTest) -> str:
    """`4 scored, 1 error`."""
    scored = sum(row.score is not None for row in test.rows)
    errors = f", {test.errors} {'error' if test.errors == 1 else 'errors'}" if test.errors else ""
    return f"{scored} scored{errors}"


def test_rows(test: GraderTest, *, fresh: bool) -> list[Callable[[], QWidget]]:
    """What makes the rows of a test, below a banner when it is of an older version."""
    words = f"This test is of v{test.version}, an older version. Test again."
    older: list[Callable[[], QWidget]] = [] if fresh else [lambda: kit.banner("warn", words)]
    return [*older, *(partial(_row, row) for row in test.rows)]


def _row(row: TestRow) -> QWidget:
    prompt = kit.Prose(row.prompt, f"Prompt of record {row.record_id}", role="strong")
    answer = answer_row(
        row.answer,
        row.score,
        name="Fresh answer",
        error=row.error,
        reason=row.reason,
        note="base model",
    )
    items: list[kit.Item] = [prompt, answer]
    if row.reply:
        items.append(answer_row(row.reply, row.reply_score, name="Recorded reply", note="recorded"))
    return kit.holder(kit.column(*items, gap=4))


def crash_badge(crash: CrashTest) -> Badge:
    """`5 of 5 pass`, or how many cheats the grader pays for."""
    cheats = [c for c in crash.controls if c.kind == "cheat" and c.mean is not None]
    good = sum(not c.failed for c in cheats)
    if not cheats:
        return Badge("nothing graded", "muted")
    if good == len(cheats):
        return Badge(f"{good} of {good} pass", "good", "check")
    return Badge(f"{len(cheats) - good} of {len(cheats)} fail", "bad", "x")


def crash_table(crash: CrashTest) -> kit.Table:
    """A row per control: mean on a bar with the limit as tick, and what that means."""
    table = kit.Table("Crash test", COLUMNS, row_height=38, fit=True)
    table.show_rows([_cells(control, crash) for control in crash.controls])
    for row, control in enumerate(crash.controls):
        for column in range(len(COLUMNS)):
            model = table.model()
            tooltip = Qt.ItemDataRole.ToolTipRole
            model.setData(model.index(row, column), control.sentence, tooltip)
    return table


def _cells(control: Control, crash: CrashTest) -> list[Cell | str]:
    name = control.name[:1].upper() + control.name[1:]
    word, tone = control_result(control, crash)
    bar: Tone = "accent" if control.kind == "reference" else tone
    if control.mean is None:
        shown = "error" if control.errors else "n/a"
        return [name, "", NumberCell(shown, "muted"), BadgeCell(word, tone)]
    target = None if control.kind == "reference" else crash.allowed
    number = NumberCell(f"{control.mean:.2f}")
    return [name, BarCell(control.mean, target=target, tone=bar), number, BadgeCell(word, tone)]


def control_result(control: Control, crash: CrashTest) -> tuple[str, Tone]:
    """One or two words: as it should, pass, best cheat, too much, not graded."""
    if control.mean is None:
        return "not graded", "muted"
    if control.kind == "reference":
        return ("as it should", "good") if control.mean >= REWARDED else ("low", "warn")
    if control.failed:
        return "too much", "bad"
    if control.name == crash.best_cheat and control.mean > 0:
        return "best cheat", "warn"
    return "pass", "good"
