"""Above the record list: the filter line, and menus that write into it; it only tells the line."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.domain.query import KEYS, Query, QueryError
from app.domain.topics import TopicPath
from app.store.scans import Sensitive
from app.ui import kit
from app.ui.records import sensitive
from app.ui.records.columns import plain_code
from app.ui.records.filter_line import FilterLine
from app.ui.records.snapshot import Around, Listing, View, query_of, topic_word
from app.ui.theme import theme

KEYWORDS = "topic: split: is: tag:"
NARROW = 470  # under this the line has a row of its own
STATES = ("flagged", "invalid", "review", "uncategorised")
SPLITS = ("train", "validation", "test")


class FilterBar(QWidget):
    """`chosen` carries the whole line; `all_asked` wants the view without any filter."""

    chosen = Signal(str)
    all_asked = Signal()
    scan_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._around, self._view = Around(), View()
        self._found = Sensitive()
        self.line = FilterLine()
        self.line.names = self._names
        self.line.applied.connect(self.chosen)
        self.topics = kit.combo("Topic", ["All topics"], self._choose_topic)
        self._topic_words: list[str] = [""]
        self.topics.setMinimumWidth(theme().px(112))
        self.issues = kit.drop_button("All", icon="funnel")
        self.issues.setAccessibleName("Issues and splits")
        self._across = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._across.setSpacing(8)
        self._across.addWidget(self.line, 1)
        self._across.addLayout(kit.row((self.topics, 1), self.issues), 0)
        self.note = kit.label("", "small", "muted", wrap=True)
        self.error = kit.label("", "small", "bad", wrap=True, select=True)
        self.mend = kit.button("", self._mend, kind="link", small=True)
        self._mended = ""
        self._said = kit.holder(kit.row((self.error, 1), self.mend, gap=8))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(self._across)
        layout.addWidget(self.note)
        layout.addWidget(self._said)
        self.note.hide()
        self._said.hide()

    def show_view(self, view: View) -> None:
        """The line as it is now, and what the menus make of it."""
        self._view = view
        self.line.show_line(view.line)
        self._show_choices()

    def show_around(self, around: Around) -> None:
        """The choices there are, with their counts."""
        if around != self._around:
            self._around = around
            self.line.setPlaceholderText(f"Search {around.stats.records:,} records, or {KEYWORDS}")
            self._fill_topics()
            self._show_choices()

    def show_sensitive(self, found: Sensitive) -> None:
        """What the last scan for personal data found."""
        if found != self._found:
            self._found = found
            self._show_choices()

    def show_listing(self, listing: Listing) -> None:
        """How far a search sees, and in what order its hits come."""
        self._said.hide()
        self.line.mark(None)
        parts = []
        if listing.view.chosen is not None:
            parts.append(f"Only {len(listing.view.chosen):,} chosen records")
        if listing.spec.text and listing.view.sort == "match":
            parts.append("best match first" if listing.ranked else "in file order")
        if listing.share < 1:
            parts.append(f"indexing {listing.share:.0%}".replace("%", " %"))
        said = ", ".join(parts)
        self.note.setText(said[:1].upper() + said[1:])
        self.note.setVisible(bool(parts))

    def show_error(self, error: Exception) -> None:
        """Under the line; the word that is wrong is marked, and the nearest name is one click."""
        text = self.line.text()
        self.error.setText(_short(error))
        self.error.setToolTip(kit.tip(str(error)))
        self.note.hide()
        self._mended = ""
        if isinstance(error, QueryError):
            at = text.find(error.word, max(0, error.position - (len(text) - len(text.lstrip()))))
            start = at if at >= 0 else error.position
            self.line.mark((start, start + len(error.word)))
            if error.nearest:
                right = _right(error.word, error.nearest)
                self._mended = text[:start] + right + text[start + len(error.word) :]
                self.mend.setText(f"Use {right}")
        self.mend.setVisible(bool(self._mended))
        self._said.show()

    @property
    def wrong(self) -> str:
        """What is wrong with the line, in words; "" when nothing is."""
        return "" if self._said.isHidden() else self.error.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < theme().px(NARROW)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._across.setDirection(down if narrow else across)

    def _names(self) -> dict[str, tuple[str, ...]]:
        around = self._around
        words = tuple(topic_word(topic.id, around.topics) for topic in around.topics)
        return {"topic": words, "tag": around.tags, "source": around.sources}

    def _mend(self) -> None:
        if self._mended:
            self.line.setText(self._mended)
            self.line.setFocus()
            self.line.apply()

    def _fill_topics(self) -> None:
        names, self._topic_words = ["All topics"], [""]
        for topic in self._around.topics:
            names.append(_indented(topic.path))
            self._topic_words.append(topic_word(topic.id, self._around.topics))
        self.topics.clear()
        self.topics.addItems(names)
        self.topics.setEnabled(len(names) > 1)
        self.topics.setToolTip("" if len(names) > 1 else "There are no topics yet")

    def _show_choices(self) -> None:
        query = query_of(self._view.line)
        wanted = query.topic[0].casefold() if len(query.topic) == 1 else ""
        words = [word.casefold() for word in self._topic_words]
        self.topics.setCurrentIndex(words.index(wanted) if wanted in words else 0)
        self._show_issues(query)

    def _show_issues(self, query: Query) -> None:
        stats = self._around.stats
        issues = stats.invalid + stats.warned
        numbers = {
            "flagged": issues,
            "invalid": stats.invalid,
            "review": stats.review,
            "uncategorised": stats.valid - stats.categorised,
        }
        words = {"flagged": "Any issue", "review": "In review"}
        entries = [
            self._entry("All records", stats.records, not _narrowed(query), is_=(), issue=()),
            kit.Entry(),
            *(
                self._entry(words.get(state, state.capitalize()), numbers[state],
                            state in query.is_, is_=(state,), issue=())
                for state in STATES
            ),
        ]  # fmt: skip
        reasons = [
            self._entry(plain_code(code), n, query.issue == (code,), is_=(), issue=(code,))
            for code, n in stats.issues.items()
        ]
        if reasons:
            entries += [kit.Entry(), *reasons]
        splits = [
            self._entry(split.capitalize(), stats.splits.get(split, 0), query.split == (split,),
                        split=(split,))
            for split in SPLITS
        ]  # fmt: skip
        every = self._entry("All splits", stats.valid, not query.split, split=())
        entries += [kit.Entry(), kit.Entry("Split", below=[every, kit.Entry(), *splits])]
        entries.append(
            sensitive.entry(
                self._found,
                query.sensitive,
                lambda name: self._writing(sensitive=(name,)),
                self.scan_asked.emit,
            )
        )
        kit.set_entries(self.issues, entries)
        self.issues.setText(_state_words(query, issues))

    def _entry(self, words: str, count: int, checked: bool, **values: Any) -> kit.Entry:
        """A choice that writes these values into the line as it is when it is taken."""
        takes_away = not any(values.values())
        return kit.Entry(
            f"{words}  {count:,}",
            self._writing(**values),
            checked=checked,
            enabled=bool(count) or takes_away,
        )

    def _choose_topic(self, index: int) -> None:
        word = self._topic_words[index]
        self._writing(topic=(word,) if word else ())()

    def _writing(self, **values: Any) -> Callable[[], None]:
        def write() -> None:
            line = str(replace(query_of(self.line.text()), **values))
            self.line.setText(line)
            self.line.apply()

        return write


def _narrowed(query: Query) -> bool:
    return bool(query.issue or set(query.is_) & set(STATES))


def _state_words(query: Query, issues: int) -> str:
    """What the issues button says: the choice, or how many issues there are."""
    if len(query.issue) == 1 and not query.is_:
        return plain_code(query.issue[0]).capitalize()
    states = [state for state in STATES if state in query.is_]
    if len(states) == 1 and not query.issue:
        words = {"flagged": "With issues", "review": "In review"}
        return words.get(states[0], states[0].capitalize())
    return "Several" if states or query.issue else f"Issues {issues:,}"


def _short(error: Exception) -> str:
    """Its first sentence where the right name is one click away."""
    if isinstance(error, QueryError) and error.nearest:
        return error.text.split(". ", 1)[0].rstrip(".") + "."
    return str(error)


def _indented(path: TopicPath) -> str:
    return "   " * (len(path) - 1) + path[-1]


def _right(word: str, nearest: str) -> str:
    """The item as it was meant: another filter's name, or another value of the same filter."""
    sign = next((i for i, c in enumerate(word) if c in ":<>="), len(word))
    if nearest in KEYS:
        return nearest + word[sign:]
    return f"{word[:sign]}:{nearest}"
