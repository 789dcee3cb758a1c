"""The dock's head: who speaks, the search, and the button that folds the dock away."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame

from app.agent.definition import Agents
from app.agent.speaker import GUIDED, Speaker
from app.ui import kit

NO_MODEL = "Guided: fixed words, your numbers. No language model is asked."
PROBLEM = 60  # characters of what is wrong with a file; the rest is its tooltip
AROUND = 92  # pixels of margins, gaps, and the button's own padding and caret
LEAST = 40  # pixels of the name that are always shown


class Head(QFrame):
    """`agent_chosen` carries an agent's name, or `guided`."""

    agent_chosen = Signal(str)
    connections_asked = Signal()

    def __init__(self, *, search: Callable[[], object], hide: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.name = "Guided"
        self.speaker = kit.drop_button("Guided", small=True, tip=NO_MODEL)
        self.speaker.setProperty("speaker", True)
        self.speaker.setMinimumWidth(40)
        self.search = kit.tool_button(
            "magnifying-glass", "Search the conversation (Ctrl+F)", search
        )
        self._fold = kit.tool_button("layout", "Hide assistant", hide)
        self._title = kit.label("Assistant", "strong")
        line = kit.row(self._title, self.speaker, None, self.search, self._fold, gap=8)
        line.setContentsMargins(16, 8, 8, 6)
        self.setLayout(line)

    def show_speaker(self, speaker: Speaker | None, agents: Agents, chosen: str) -> None:
        """Who answers now, and who else could."""
        self.name = (speaker.model or speaker.name) if speaker else "Guided"
        says = NO_MODEL
        if speaker:
            model = f", {speaker.model}" if speaker.model else ""
            says = f"{speaker.name}{model}, led by the agent file {speaker.agent}"
        self.speaker.setToolTip(kit.tip(says))
        self.speaker.setAccessibleName(f"Speaks: {self.name}")
        self.speaker.setAccessibleDescription(says)
        kit.set_entries(self.speaker, self._entries(agents, chosen))
        self._fit()

    def _entries(self, agents: Agents, chosen: str) -> list[kit.Entry]:
        """The agent files, the guide, the damaged files with what is wrong, the connections."""
        found = [
            kit.Entry(name, partial(self.agent_chosen.emit, name), checked=name == chosen)
            for name in agents.found
        ]
        guided = kit.Entry(
            "Guided (no model)",
            partial(self.agent_chosen.emit, GUIDED),
            checked=chosen == GUIDED,
            tip=NO_MODEL,
        )
        wrong = [
            kit.Entry(f"{problem[:PROBLEM]}…", enabled=False, tip=problem)
            for problem in agents.problems
        ]
        last = kit.Entry("Connections…", self.connections_asked.emit)
        return [*found, guided, *wrong, kit.Entry(), last]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def retheme(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """The name is cut to the room that is left; whole in the tooltip."""
        others = (self._title, self.search, self._fold)
        taken = sum(widget.sizeHint().width() for widget in others) + AROUND
        room = max(LEAST, self.width() - taken)
        metrics = self.speaker.fontMetrics()
        short = self.name.rpartition("/")[2] or self.name  # without the publisher
        cut = metrics.elidedText(short, Qt.TextElideMode.ElideRight, room)
        self.speaker.setText(f"{cut.replace('&', '&&')} ")
