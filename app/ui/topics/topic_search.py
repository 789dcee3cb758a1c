"""A line in which any topic is found by typing a part of its path; it only tells the choice."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

OFFERED = 8


class TopicSearch(QLineEdit):
    """`chosen` carries the id of a topic: the one picked from the list, at Return the first."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Another topic: type a part of its name")
        self.setPlaceholderText("Another topic: type a part of its name  ( / )")
        self.setClearButtonEnabled(True)
        self._topics: dict[str, int] = {}
        self._names = QStringListModel(self)
        self._completer = QCompleter(self._names, self)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setMaxVisibleItems(OFFERED)
        popup = QListView()
        popup.setAccessibleName("Topics found")
        popup.setProperty("role", "popup")
        self._completer.setPopup(popup)
        self.setCompleter(self._completer)
        self._completer.activated.connect(self._take)
        self.returnPressed.connect(self._take_first)

    def show_topics(self, topics: Sequence[tuple[int, str]]) -> None:
        """What can be chosen: (id, words) of every leaf; equal words would be one topic's path."""
        if self._topics != (known := {words: topic_id for topic_id, words in topics}):
            self._topics = known
            self._names.setStringList(list(known))

    def found(self) -> list[str]:
        """The topics that hold what was typed."""
        typed = self.text().strip().casefold()
        return [words for words in self._topics if typed and typed in words.casefold()]

    def _take_first(self) -> None:
        if found := self.found():
            exact = [words for words in found if words == self.text()]
            self._take((exact or found)[0])

    def _take(self, words: str) -> None:
        if (topic_id := self._topics.get(words)) is not None:
            self.setText("")
            self.chosen.emit(topic_id)
