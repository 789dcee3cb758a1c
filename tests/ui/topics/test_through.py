"""What begins with a dialog or a card and ends in the data: splitting, files, a proposal accepted."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.domain.topic_text import from_text
from app.domain.topics import leaf_paths
from app.store import topics
from app.ui.topics.asks import SplitDialog
from tests.ui.topics.conftest import CTRL, SHIFT, Hands, OpenTopics, row, shown_dialog

WHOLE = ("Cards", "  Lost", "  Stolen", "Money", "  Fees", "  Rates", "Other")
KINDS = ("my card was stolen in town, block it", "what does a transfer to a bank abroad cost")
SMALL = 30


def rows() -> list[dict[str, Any]]:
    """Two kinds of questions, in turn."""
    found = []
    for number in range(1, SMALL + 1):
        text = f"{KINDS[number % 2]}, please, case {number}"
        content = [{"role": "user", "content": text}]
        found.append({**row(number), "messages": content, "preview": text})
    return found


def pick(path: Path) -> None:
    """Type a path into the open file dialog and say yes."""
    dialog = shown_dialog(QFileDialog)
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
    dialog.accept()


async def undone(hands: Hands) -> None:
    QTest.keyClick(hands.window, Qt.Key.Key_Z, CTRL)
    await hands.app.jobs.wait()


async def test_a_split_runs_to_its_end_and_back(open_topics: OpenTopics) -> None:
    async with open_topics(rows()) as hands:
        store, fees = hands.app.session.store, hands.ids["Fees"]
        every = list(range(1, SMALL + 1))
        await store.write("Fill", topics.assign, every, fees, source="auto")
        await hands.until(lambda: hands.panel.snapshot.arranged.by_key[fees].records == SMALL)
        before = await hands.state()
        hands.click("Fees")
        hands.press(Qt.Key.Key_M, CTRL | SHIFT)
        await hands.until(lambda: shown_dialog(SplitDialog))
        shown_dialog(SplitDialog).number.setValue(2)
        shown_dialog(SplitDialog).accept()
        await hands.until(lambda: len(hands.names()) == len(WHOLE) + 2)
        lines = hands.panel.snapshot.arranged
        parts = [lines.by_key[key] for key in lines.below[fees]]
        assert [part.records for part in parts] == [SMALL // 2] * 2
        assert lines.by_key[fees].records == SMALL
        assert hands.names()[5:7] == [f"    {part.name}" for part in parts]
        await hands.back()
        await undone(hands)
        await hands.shows(*WHOLE)
        assert await hands.state() == before


@pytest.mark.parametrize("ending", ["json", "txt"])
async def test_topics_go_through_a_file(
    open_topics: OpenTopics, tmp_path: Path, ending: str
) -> None:
    async with open_topics() as hands:
        path = tmp_path / f"mine.{ending}"

        async def choose(name: str) -> None:
            hands.panel.pane.actions_.by_name[name].trigger()
            await hands.until(lambda: shown_dialog(QFileDialog))
            pick(path)

        await choose("export")
        await hands.until(path.exists)
        written = path.read_text()
        assert "Stolen" in written
        if ending == "json":
            assert [node["name"] for node in orjson.loads(written)] == ["Cards", "Money", "Other"]
        path.write_text(written.replace("Stolen", "Lent"))
        await choose("import")
        card = hands.panel.proposal
        await hands.until(card.isVisible)
        assert [c.words for c in card.changes._changes] == ["Lent", "Stolen"]
        assert hands.names() == list(WHOLE)


async def test_a_file_that_holds_no_topics_is_told_of(
    open_topics: OpenTopics, tmp_path: Path
) -> None:
    async with open_topics() as hands:
        path = tmp_path / "broken.json"
        path.write_text("[{")
        hands.panel.pane.actions_.by_name["import"].trigger()
        await hands.until(lambda: shown_dialog(QFileDialog))
        pick(path)
        await hands.until(lambda: "act" in hands.panel.errors)
        assert "broken.json" in hands.panel.errors["act"].text.text()
        assert hands.panel.proposal.isHidden()


async def test_a_proposal_accepted_whole_is_one_undo(open_topics: OpenTopics) -> None:
    async with open_topics(rows()) as hands:
        before = await hands.state()
        text = "Cards :: stolen, block\n  Stolen in town\nMoney\n  Transfers abroad"
        hands.panel.act(hands.panel.editing.propose(from_text(text)))
        card = hands.panel.proposal
        await hands.until(card.isVisible)
        assert card.accept.text() == "Accept all"
        card.accept.click()
        await hands.shows("Cards", "  Stolen in town", "Money", "  Transfers abroad")
        await hands.until(card.accept.isEnabled)
        placed = await hands.app.session.store.read(topics.counts)
        rows_ = await hands.app.session.store.read(topics.all_topics)
        assert {placed[topic_id] for topic_id in leaf_paths(rows_)} == {SMALL // 2}
        await undone(hands)
        await hands.shows(*WHOLE)
        assert await hands.state() == before
        await hands.app.call("redo")
        assert await hands.app.session.store.read(topics.counts) == placed
