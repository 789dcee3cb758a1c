"""What can be added: local servers that answer, and the usual kinds of endpoints."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QFrame

from app.llm.connections import PRESETS, Connection, Connections, Preset
from app.llm.discover import Found
from app.ui import kit

AddFound = Callable[[Found], object]
AddPreset = Callable[[Preset], object]


def offer(found: Found, on: AddFound) -> QFrame:
    """One local server, to be connected by one click."""
    name = found.preset.name
    connect = kit.button("Connect", partial(on, found), small=True)
    connect.setAccessibleName(f"Connect {name}")
    return kit.banner("info", f"{name} answers on this computer.", connect)


def menu(offered: Sequence[Found], on_found: AddFound, on_preset: AddPreset) -> list[kit.Entry]:
    """The lines of the Add menu: servers found first, then the presets."""
    there = [
        kit.Entry(f"{found.preset.name}, on this computer", partial(on_found, found))
        for found in offered
    ]
    rest = [
        kit.Entry(preset.name, partial(on_preset, preset), tip=preset.base_url)
        for preset in PRESETS
    ]
    return [*there, *([kit.Entry()] if there else []), *rest]


def draft(preset: Preset, connections: Connections, model: str = "") -> Connection:
    """A connection of a kind, with an id and a name that no other has."""
    names = {connection.name for connection in connections.all}
    name, number = preset.name, 2
    while name in names:
        name, number = f"{preset.name} {number}", number + 1
    id = connections.new_id(name)
    return Connection(id=id, name=name, base_url=preset.base_url, model=model)
