"""The deployment panel: comparison first, a masked key, snippets, a try, a second yes."""

from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFrame
from pytestqt.qtbot import QtBot

from app.grading.base import Score
from app.serving.client import ChatReply
from app.serving.endpoint import EndpointStats
from app.store import results
from app.tools.deployment import Tried
from app.ui import dialogs, kit
from app.ui.deploy.endpoint_card import EndpointCard, SnippetsCard, masked, request_words
from app.ui.deploy.snapshot import DeploySnapshot, Service, regraded_words
from app.ui.deploy.try_it import TryIt
from app.ui.deploy_panel import DeployPanel, free_folder
from app.ui.parts import IntervalRow
from app.wiring import App
from tests.ui import made
from tests.ui.conftest import OpenApp, ShowPanel, Until
from tests.ui.test_dialogs import answer

KEY = "rft-abcdefghijklmnop3f9a"


def served(**stats: Any) -> DeploySnapshot:
    counted = {"requests": 12, "failed": 0, "tokens": 180, "median_seconds": 0.084} | stats
    service = Service("http://127.0.0.1:8377/v1", KEY, EndpointStats(**counted))
    return DeploySnapshot(report=made.report(), model_id="router-v1", service=service)


async def store_training(app: App, *, gain: float = 0.3) -> None:
    assert app.session is not None
    inputs = (await app.session.expected("training")).model_dump_json()
    data = {"params": {}, "report": made.report(gain=gain).model_dump(mode="json")}
    await app.session.store.transaction(
        results.add, "training", fingerprint=inputs, data={**data, "model": "x", "tuned": "y"}
    )


def test_the_key_is_masked_until_asked_for(qtbot: QtBot, themed: QApplication) -> None:
    card = EndpointCard(lambda: None)
    qtbot.addWidget(card)
    card.show_snapshot(served())
    assert card.key.text() == masked(KEY)
    assert KEY not in card.key.text()
    card._copy(card.key)
    assert QGuiApplication.clipboard().text() == KEY
    card.show_key.click()
    assert card.key.text() == KEY
    assert card.show_key.accessibleName() == "Hide the key"
    card.show_snapshot(DeploySnapshot(model_id="router-v1"))
    assert card.key.text() == "a new one at each start"
    assert card.toggle.text() == "Start"


def test_snippets_hide_the_key_and_copy_it(qtbot: QtBot, themed: QApplication) -> None:
    card = SnippetsCard()
    qtbot.addWidget(card)
    card.show_snapshot(served())
    assert KEY not in card.edits["python"].toPlainText()
    assert "router-v1" in card.edits["curl"].toPlainText()
    card.copy.click()
    assert KEY in QGuiApplication.clipboard().text()


def test_requests_in_words() -> None:
    def words(**stats: Any) -> str:
        service = served(**stats).service
        assert service is not None
        return request_words(service)

    assert words() == "12 requests, median 84 ms"
    assert words(requests=1, median_seconds=1.24) == "1 request, median 1.2 s"
    assert words(requests=0, median_seconds=None) == "no requests yet"
    assert words(failed=2) == "12 requests, 2 failed, median 84 ms"
    assert regraded_words(None) == "exported, not graded again"
    assert regraded_words({"n": 50, "mean": 0.79}).endswith("graded again: 0.79 on 50 prompts")


def test_both_answers_with_their_scores(qtbot: QtBot, themed: QApplication) -> None:
    def reply(text: str) -> ChatReply:
        return ChatReply(text=text, finish="stop", prompt_tokens=5, tokens=9, seconds=0.4)

    chat = TryIt()
    qtbot.addWidget(chat)
    asked: list[str] = []
    chat.asked.connect(asked.append)
    chat.input.setText("  where is my card?  ")
    chat.send.click()
    assert asked == ["where is my card?"]
    broken = Score.failed("Line 3: KeyError")
    tried = Tried(base=reply("sorry"), tuned=reply("cards"), base_score=broken)
    chat.show_tried("where is my card?", tried)
    names = [frame.accessibleName() for frame in chat.findChildren(QFrame)]
    assert "Base, score error: sorry" in names
    assert "Tuned: cards" in names  # no score, so none is claimed


def test_an_export_never_overwrites(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "router-v1") == tmp_path / "router-v1"
    (tmp_path / "router-v1").mkdir()
    assert free_folder(tmp_path, "router-v1") == tmp_path / "router-v1-2"


async def test_without_a_model_it_says_what_is_needed(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app(made.rows()) as app:
        panel = await show_panel(app, DeployPanel)
        assert panel.snapshot.missing
        assert not panel.deploy.isVisible()
        assert not panel.service.isVisible()


async def test_a_model_that_is_not_better_asks_first(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await store_training(app, gain=0.0)
        panel = await show_panel(app, DeployPanel)
        assert len(panel.findChildren(IntervalRow)) == 4
        panel.deploy.click()
        await answer(until, dialogs.Question, lambda dialog: dialog.reject())
        await app.jobs.wait()
        assert not panel.snapshot.model_id
        assert panel.deploy.isEnabled()


async def test_a_declined_card_deploys_nothing(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await store_training(app)
        cards: list[Any] = []

        async def approve(card: Any) -> bool:
            cards.append(card)
            return False

        app.approve = approve
        panel = await show_panel(app, DeployPanel)
        panel.deploy.click()
        await until(lambda: cards)
        await app.jobs.wait()
        assert cards[0].tool == "deploy_model"
        assert panel.findChild(kit.ErrorBanner) is None


async def test_a_stopped_deployment_can_be_tried_again(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await store_training(app)
        assert app.session is not None
        data = {"model_id": "router-v1", "run": 1, "path": "/nowhere", "regraded": None}
        await app.session.store.transaction(
            results.add, "deployment", state="stopped", data={**data, "port": 8377}
        )
        panel = await show_panel(app, DeployPanel)
        assert panel.service.isVisible()
        assert not panel.try_it.isVisible()
        assert panel.endpoint.toggle.text() == "Start"
        panel.act(panel._try("hello"))
        await until(lambda: panel.findChild(kit.ErrorBanner) is not None)
        error = panel.findChild(kit.ErrorBanner)
        assert error is not None
        assert "not running" in error.text.text()
        await app.jobs.wait()
