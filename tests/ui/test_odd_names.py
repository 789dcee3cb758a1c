"""Topics named with markup, 500 characters, right to left or emoji: shown as text, whole."""

from typing import Any

import pytest

from app.agent.words import NAME_LENGTH
from app.domain.plain import visible
from app.store import records, topics
from app.ui.categorize_panel import CategorizePanel
from app.ui.chat.dock import ChatDock
from app.ui.chat.messages import MessageView, SaidView
from app.ui.coverage_panel import CoveragePanel
from app.ui.topics_panel import TopicsPanel
from app.wiring import App
from tests.ui.conftest import OpenApp, ShowPanel, Until
from tests.ui.seen import obeyed, texts

ODD = {
    "markup": "<b>Cards</b> & <img src=x onerror=alert(1)> &amp;",
    "500 characters": "Wide " * 99 + "WideZ",
    "right to left": "בטקיה כרטיס العربية",
    "emoji": "Cards 👩‍💻🏳️‍🌈 lost",
    "markdown": "[Cards](https://example.org) **bold** `code` _x_",
}
ROWS = [
    {
        "messages": [{"role": "user", "content": f"question {n}"}],
        "preview": f"question {n}",
        "content_hash": f"h{n}",
        "split": "train",
        "tokens": 3,
        "valid": True,
        "issues": [],
    }
    for n in range(1, 7)
]


async def placed(app: App, name: str) -> int:
    """Half of the records in a topic of that name, half in a plain one; one of each is uncertain."""
    assert app.session is not None
    await app.call("start_finetune_workflow", training_goals="answer")
    odd = (await app.call("add_topic", name=name)).topic_id  # type: ignore[attr-defined]
    plain = (await app.call("add_topic", name="Plain")).topic_id  # type: ignore[attr-defined]
    rows = [
        {
            "id": n,
            "topic_id": (odd, plain)[n % 2],
            "probability": 0.4 if n < 3 else 0.9,
            "fit": 0.8,
            "alternatives": [(odd, 0.4), (plain, 0.35)],
        }
        for n in range(1, 7)
    ]
    await app.session.store.write("Categorise", records.store_assignments, rows)
    return int(odd)


@pytest.mark.parametrize("kind", [TopicsPanel, CategorizePanel, CoveragePanel])
@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
async def test_a_panel_shows_the_name_as_text_and_whole(
    open_app: OpenApp, show_panel: ShowPanel, until: Until, name: str, kind: Any
) -> None:
    async with open_app(ROWS, quota=5) as app:
        await placed(app, name)
        panel = await show_panel(app, kind)
        await until(lambda: any("Plain" in text for text in texts(panel)))
        assert any(name in text for text in texts(panel)), texts(panel)
        assert not obeyed(panel, name)
        assert panel.minimumSizeHint().width() <= 860
        panel.hide()


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
async def test_the_chat_says_the_name_as_text(
    open_app: OpenApp, qtbot: Any, until: Until, name: str
) -> None:
    """Whole in what the user wrote; the guide's own words cut a long one, and show that."""
    async with open_app(ROWS, quota=5) as app:
        await placed(app, "Odd")
        dock = ChatDock(app)
        qtbot.addWidget(dock)
        dock.resize(352, 760)
        dock.show()
        await app.jobs.wait()
        dock.assistant.send(f"rename Odd to {name}")
        await dock.assistant.idle()
        words = " ".join(visible(name).split())
        if len(words) > NAME_LENGTH:
            words = f"{words[: NAME_LENGTH - 1].rstrip()}…"
        await until(lambda: f"Odd is now {words}." in drawn_words(dock))
        asked = [view.text for view in dock.list.views if isinstance(view, SaidView)]
        assert asked == [f"rename Odd to {name}"]
        assert app.session is not None
        found = await app.session.store.read(topics.all_topics)
        assert [topic.name for topic in found] == [name, "Plain"]
        await app.jobs.wait()


def drawn_words(dock: ChatDock) -> str:
    said = [view.words.drawn for view in dock.list.views if isinstance(view, MessageView)]
    return " ".join(" ".join(said).split())
