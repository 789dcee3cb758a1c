"""The lines that could not be read are looked at again after a restart, those of appended files too."""

from pathlib import Path

import orjson

from app.ui.datasets.import_dialogs import ResultDialog
from app.ui.records_panel import RecordsPanel
from app.wiring import App
from tests.ui.conftest import OpenApp, ShowPanel, Until
from tests.ui.test_dialogs import answer


def chats(path: Path, *numbers: int, bad: bytes = b"") -> Path:
    lines = [{"messages": [{"role": "user", "content": f"What is {n} squared?"}]} for n in numbers]
    path.write_bytes(b"\n".join([*map(orjson.dumps, lines), bad]))
    return path


async def yes(card: object) -> bool:
    return True


async def test_bad_lines_are_listed_after_a_restart(
    open_app: OpenApp, show_panel: ShowPanel, until: Until, user_home: Path, tmp_path: Path
) -> None:
    first = await App.start(user_home)
    made = await first.import_file(chats(tmp_path / "a.jsonl", 1, 2, 3, bad=b'{broken\n"word"'))
    await first.close()
    async with open_app() as app:
        app.approve = yes
        await app.open(made.dataset)
        panel = await show_panel(app, RecordsPanel)
        await until(lambda: not panel.bad_lines.isHidden())
        listed: list[str] = []

        def look(dialog: ResultDialog) -> None:
            listed.append(dialog.title.text())
            listed.extend(dialog.text().splitlines())
            dialog.accept()

        panel.bad_lines.click()
        await answer(until, ResultDialog, look)
        assert listed[0] == "a.jsonl: 2 lines could not be read"
        assert [line.partition("\t")[0] for line in listed[1:]] == ["4", "5"]
        assert "Not valid JSON" in listed[1]
        more = chats(tmp_path / "b.jsonl", 4, bad=b"{worse")
        await app.call("append_file", file=str(more))
        listed.clear()
        panel.bad_lines.click()
        await answer(until, ResultDialog, look)
        assert "3 lines could not be read" in listed[0]
        assert listed[-1].startswith("2\tb.jsonl: Not valid JSON")


async def test_a_dataset_without_bad_lines_offers_no_list(
    open_app: OpenApp, show_panel: ShowPanel, tmp_path: Path
) -> None:
    async with open_app() as app:
        made = await app.import_file(chats(tmp_path / "a.jsonl", 1, 2))
        await app.open(made.dataset)
        panel = await show_panel(app, RecordsPanel)
        assert panel.bad_lines.isHidden()
