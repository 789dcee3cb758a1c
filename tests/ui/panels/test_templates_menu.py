"""The menu of topic templates: the user's own are found whenever it opens, a broken one says why."""

from typing import Any

from PySide6.QtGui import QAction

from app.embedding.templates import OWN
from app.paths import home
from app.ui.topics_panel import TopicsPanel


def templates(panel: TopicsPanel) -> dict[str, QAction]:
    menu = panel.start_from.menu().actions()[1].menu()
    return {action.text(): action for action in menu.actions()}


async def test_own_templates_are_found_when_the_menu_opens(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        panel = await show_panel(app, TopicsPanel)
        assert "Customer support" in templates(panel)
        folder = home() / OWN
        folder.mkdir(parents=True)
        (folder / "my_shop.txt").write_text("Orders\n  Late\nReturns")
        (folder / "cut_off.json").write_text("[{")
        panel.start_from.menu().aboutToShow.emit()
        await until(lambda: "My shop" in templates(panel))
        broken = templates(panel)["Cut off"]
        assert not broken.isEnabled()
        assert "cut_off.json" in broken.toolTip()
        templates(panel)["My shop"].trigger()
        await until(panel.proposal.isVisible)
        assert panel.snapshot.proposal.note == "From the template “My shop”."
        said = [w.text() for w in panel.proposal.findChildren(type(panel.facts))]
        assert "3 topics" not in " ".join(said)
        assert "2 topics, shown at the left. Accept." in said
