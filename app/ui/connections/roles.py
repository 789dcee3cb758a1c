"""Who speaks in which role: a choice for the assistant, the generator and the judge."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame

from app.llm.connections import ENVIRONMENT, ROLES, Connection, Connections, Role
from app.ui import kit
from app.ui.theme import theme

LONGEST = 28  # characters of a name in a box
SAME = "Same as assistant"
ABOUT: dict[Role, str] = {
    "assistant": "Leads you through the steps, in the chat.",
    "generator": "Writes records where topics are thin.",
    "judge": "Scores answers where a grader asks a model.",
}
GIVEN = "The environment's connection has every role while it is set."


class Roles(QFrame):
    """`chosen` tells a role and the id chosen for it, empty for the assistant's."""

    chosen = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._ids: list[str] = []
        self.combos: dict[Role, QComboBox] = {}
        lines: list[kit.Item] = []
        for role in ROLES:
            combo = kit.combo(role.capitalize(), [], partial(self._tell, role))
            combo.setMinimumWidth(theme().px(120))
            combo.setToolTip(ABOUT[role])
            combo.setAccessibleDescription(ABOUT[role])
            self.combos[role] = combo
            name = kit.label(role.capitalize(), "small", "muted")
            name.setFixedWidth(theme().px(72))
            name.setToolTip(ABOUT[role])
            lines.append(kit.row(name, (combo, 1)))
        self.words = kit.label(GIVEN, "small", "muted", wrap=True)
        self.setLayout(kit.column(kit.label("Roles", "strong"), *lines, self.words, gap=6))

    def show_roles(self, connections: Connections) -> None:
        """What is chosen now, of what there is to choose."""
        listed = connections.all
        self._ids = [connection.id for connection in listed]
        given = ENVIRONMENT in self._ids
        for role, combo in self.combos.items():
            names = [_short(connection.name) for connection in listed]
            combo.clear()
            combo.addItems(names if role == "assistant" else [SAME, *names])
            combo.setCurrentIndex(self._index(role, connections))
            combo.setEnabled(bool(listed) and not given)
        self.words.setVisible(given)

    def _index(self, role: Role, connections: Connections) -> int:
        speaker = connections.for_role(role)
        if speaker is None:
            return -1 if role == "assistant" else 0
        if role == "assistant":
            return self._ids.index(speaker.id)
        own = connections.chosen(role)
        return self._ids.index(own) + 1 if own in self._ids else 0

    def _tell(self, role: Role, index: int) -> None:
        ids = self._ids if role == "assistant" else ["", *self._ids]
        self.chosen.emit(role, ids[index])


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def roles_of(connection: Connection, connections: Connections) -> tuple[str, ...]:
    """The roles it has now, as words."""
    has = (role for role in ROLES if _speaks(role, connection, connections))
    return tuple(role.capitalize() for role in has)


def _speaks(role: Role, connection: Connection, connections: Connections) -> bool:
    speaker = connections.for_role(role)
    return speaker is not None and speaker.id == connection.id
