"""Files come in by the window: a mapping is asked for, the open dataset grows or is replaced."""

from array import array
from pathlib import Path

import orjson
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.importing.mapping import ColumnMapping, guess
from app.importing.unknown import Sample
from app.tools.datasets import ImportReport, write_records
from app.ui.datasets.export_dialog import ExportDialog
from app.ui.datasets.import_dialogs import ResultDialog, WhereDialog
from app.ui.datasets.importing import Importing
from app.ui.datasets.mapping_dialog import MappingDialog
from tests.ui.conftest import OpenApp, Until
from tests.ui.test_dialogs import answer

ROWS = [{"ticket": f"Where is parcel {n}?", "team": "post"} for n in range(5)]


@pytest.fixture
def window(themed: object) -> QWidget:
    return QWidget()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text("ticket,team\n" + "".join(f"{r['ticket']},{r['team']}\n" for r in ROWS))
    return path


def chats(path: Path, *numbers: int, bad: int = 0) -> Path:
    lines = [{"messages": [{"role": "user", "content": f"What is {n} squared?"}]} for n in numbers]
    path.write_bytes(b"\n".join([*map(orjson.dumps, lines), *[b"{broken"] * bad]))
    return path


async def count(app: object) -> int:
    stats = await app.call("get_dataset_stats")  # type: ignore[attr-defined]
    return int(stats.records)


async def test_an_unknown_shape_is_mapped_and_remembered(
    open_app: OpenApp, until: Until, window: QWidget, table: Path
) -> None:
    async with open_app() as app:
        bringing = app.jobs.start(Importing(app, window).bring([table]))

        def choose(dialog: MappingDialog) -> None:
            assert dialog.mapping.columns == {"ticket": "user", "team": "keep"}
            assert "5 of the first 5" in dialog.words.text()
            dialog.choose("team", "reference")
            dialog.accept()

        await answer(until, MappingDialog, choose)
        await bringing
        assert app.session is not None
        assert (await app.call("get_dataset_stats")).with_reference == 5
        again = app.jobs.start(Importing(app, window).bring([table]))

        def cancel(dialog: MappingDialog) -> None:
            assert dialog.mapping.columns == {"ticket": "user", "team": "reference"}
            dialog.reject()

        await answer(until, MappingDialog, cancel)
        await again
        assert len(await app.library.datasets()) == 1


def test_the_preview_follows_the_choice(themed: object) -> None:
    sample = Sample(columns=["ticket", "team"], rows=list(ROWS))
    dialog = MappingDialog(None, "t.csv", sample, guess(sample.columns, sample.rows))
    assert dialog.go.isEnabled()
    dialog.choose("ticket", "leave")
    assert not dialog.go.isEnabled()
    assert "what the user says" in dialog.words.text()
    dialog.choose("team", "user")
    assert dialog.mapping == ColumnMapping(columns={"ticket": "leave", "team": "user"})
    assert dialog.go.isEnabled()


async def test_a_file_is_appended_to_the_open_dataset(
    open_app: OpenApp, until: Until, window: QWidget, tmp_path: Path
) -> None:
    async with open_app() as app:
        bring = Importing(app, window).bring
        await bring([chats(tmp_path / "a.jsonl", 1, 2, 3)])
        adding = app.jobs.start(bring([chats(tmp_path / "b.jsonl", 3, 4, bad=2)], into_open=True))

        def choose(dialog: WhereDialog) -> None:
            assert dialog.where == "append"
            dialog.accept()

        await answer(until, WhereDialog, choose)
        await answer(until, ResultDialog, lambda dialog: dialog.accept())
        await adding
        assert await count(app) == 4
        assert app.session is not None
        await app.session.store.undo()
        assert await count(app) == 3


async def test_a_file_replaces_the_open_dataset(
    open_app: OpenApp, until: Until, window: QWidget, tmp_path: Path
) -> None:
    async with open_app() as app:
        bring = Importing(app, window).bring
        await bring([chats(tmp_path / "a.jsonl", 1, 2, 3)])
        await app.call("set_goal", goal="Square well")
        (old,) = await app.library.datasets()
        replacing = app.jobs.start(bring([chats(tmp_path / "b.jsonl", 9)], into_open=True))

        def choose(dialog: WhereDialog) -> None:
            dialog.choices["replace"].setChecked(True)
            dialog.accept()

        await answer(until, WhereDialog, choose)
        await replacing
        (new,) = await app.library.datasets()
        assert (new.name, new.records, await count(app)) == ("a", 1, 1)
        assert [gone.info.id for gone in await app.library.deleted()] == [old.id]
        assert app.session is not None
        assert (await app.session.workflow()) is not None


async def test_several_files_become_one_dataset(
    open_app: OpenApp, until: Until, window: QWidget, tmp_path: Path
) -> None:
    async with open_app() as app:
        files = [chats(tmp_path / f"{n}.jsonl", n, n + 1) for n in (1, 5)]
        bringing = app.jobs.start(Importing(app, window).bring(files))

        def choose(dialog: WhereDialog) -> None:
            assert set(dialog.choices) == {"new", "together"}
            dialog.choices["together"].setChecked(True)
            dialog.accept()

        await answer(until, WhereDialog, choose)
        await answer(until, ResultDialog, lambda dialog: dialog.accept())
        await bringing
        assert len(await app.library.datasets()) == 1
        assert await count(app) == 4


def test_bad_lines_are_listed_and_copied(themed: object) -> None:
    reasons = [{"code": "not_json", "severity": "error", "text": "Not JSON."}]
    report = ImportReport(
        dataset="d", name="n", records=10, invalid=2, rejected_lines=3, warnings=0, seconds=1,
        rejections=[{"line": 7, "reasons": reasons}, {"line": 1200, "reasons": reasons}],
    )  # fmt: skip
    dialog = ResultDialog(None, "a.jsonl", report)
    assert "3 lines could not be read" in dialog.title.text()
    assert (dialog.table.text(1, 0), dialog.table.text(1, 1)) == ("1,200", "Not JSON.")
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "7\tNot JSON.\n1200\tNot JSON.\n"


async def test_the_listed_records_are_exported(
    open_app: OpenApp, until: Until, window: QWidget, tmp_path: Path
) -> None:
    async with open_app() as app:
        await Importing(app, window).bring([chats(tmp_path / "a.jsonl", 1, 2, 3)])
        out = tmp_path / "out.jsonl"
        dialog = ExportDialog(window, total=3, shown=2)
        assert dialog.listed
        dialog.choices["csv"].click()
        assert not dialog.labelled.isEnabled()
        dialog.choices["rft"].click()
        report = await write_records(app.context(), out, dialog.format, ids=array("q", [3, 1]))
        assert report.written == 2
        texts = [
            orjson.loads(line)["messages"][0]["content"] for line in out.read_bytes().splitlines()
        ]
        assert texts == ["What is 3 squared?", "What is 1 squared?"]
