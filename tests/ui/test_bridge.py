"""Store events on their way to the panels: merged, from any thread, none from a store left behind."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.store.events import Event, RecordsChanged, TopicsChanged
from app.ui.bridge import Bridge

pytestmark = pytest.mark.usefixtures("qapp")


class Source:
    def __init__(self) -> None:
        self.listeners: list[Callable[[Any], None]] = []

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def send(self, *events: Event) -> None:
        for event in events:
            for listener in list(self.listeners):
                listener(event)


def test_equal_events_are_told_once(qtbot: QtBot) -> None:
    bridge, source = Bridge(), Source()
    bridge.attach(source)
    with qtbot.waitSignal(bridge.changed) as told:
        source.send(RecordsChanged("d"), TopicsChanged("d"), RecordsChanged("d"))
    assert told.args == [[RecordsChanged("d"), TopicsChanged("d")]]


def test_an_event_from_another_thread_arrives(qtbot: QtBot) -> None:
    bridge, source = Bridge(), Source()
    bridge.attach(source)
    with qtbot.waitSignal(bridge.changed) as told:
        thread = threading.Thread(target=source.send, args=(RecordsChanged("d"),))
        thread.start()
        thread.join()
    assert told.args == [[RecordsChanged("d")]]


def test_another_store_drops_what_the_first_had_to_say(qtbot: QtBot) -> None:
    bridge, old, new = Bridge(), Source(), Source()
    bridge.attach(old)
    old.send(RecordsChanged("old"))
    bridge.attach(new)
    with qtbot.waitSignal(bridge.changed) as told:
        new.send(RecordsChanged("new"))
    assert told.args == [[RecordsChanged("new")]]
    assert old.listeners == []
