"""One connection to look at and to change: its fields, its key, where records would go, its test."""

import contextlib

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QLayout, QWidget

from app.llm.address import check_address, host_of, leaves_computer
from app.llm.connections import ENVIRONMENT, Connection
from app.ui import kit
from app.ui.connections.key_box import KeyBox
from app.ui.connections.trial import Trial
from app.ui.form import Form
from app.ui.form_editors import SuggestEditor

FIELDS = ("name", "base_url", "model", "prompt_price", "answer_price")
GIVEN = (
    "This connection is given by the environment: OPENAI_BASE_URL, OPENAI_API_KEY and "
    "RFT_STUDIO_MODEL. It is changed there, and goes before all others."
)


class _Body(QWidget):
    """As tall as its lines are at its width: Qt's own least height is that of the narrowest lines,
    which leaves an empty stretch below."""

    def __init__(self, parts: QLayout) -> None:
        super().__init__()
        self.setLayout(parts)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class Details(QWidget):
    """`value` is the connection as it stands in the fields. `saved` is the one last shown."""

    save_asked = Signal()
    remove_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.saved = Connection(id="new", name="New", base_url="http://127.0.0.1")
        self.is_new = self.changed = self._follows = False
        self.form: Form[Connection] = Form(Connection, shown=FIELDS)
        self.key, self.trial = KeyBox(), Trial()
        self.heading = kit.ElidedLabel("", "h2")
        self.note = kit.label("", "small", "muted", wrap=True)
        self.warning = kit.Refill()
        self.form.insert(self.warning, after="base_url")
        self.form.insert(self.key, after="model")
        self.save = kit.button("Save", self.save_asked.emit, kind="primary")
        self.remove = kit.button("Remove", self.remove_asked.emit, kind="ghost")
        self.words = kit.label("", "small", "bad", wrap=True)
        self.form.changed.connect(self._on_change)
        self.key.changed.connect(self._on_change)
        parts = kit.column(self.note, self.form, self.trial, None, gap=14)
        parts.setContentsMargins(16, 8, 16, 12)
        self.body = kit.scroll(_Body(parts))
        bar = self.body.verticalScrollBar()
        bar.rangeChanged.connect(
            lambda low, high: bar.setValue(high if self._follows else bar.value())
        )
        buttons = (self.remove, (self.words, 1), self.trial.button, self.save)
        foot = kit.row(*buttons, margin=(16, 10, 16, 12))
        top = kit.row((self.heading, 1), margin=(16, 12, 16, 4))
        self.setLayout(kit.column(top, (self.body, 1), kit.rule(), foot, gap=0))

    def show_connection(self, connection: Connection, *, is_new: bool, note: str = "") -> None:
        """A connection as it is saved, or a draft."""
        given = connection.id == ENVIRONMENT
        self.saved, self.is_new = connection, is_new
        self.heading.show_text("New connection" if is_new else connection.name)
        self.note.setText(GIVEN if given else note)
        self.note.setVisible(bool(self.note.text()))
        self.form.clear_errors()
        self.form.put(connection)
        self.offer_models([])
        for editor in self.form.editors.values():
            editor.setEnabled(not given)
        self.save.setVisible(not given)
        self.remove.setVisible(not given)
        self.remove.setText("Cancel" if is_new else "Remove")
        self.key.show_key(False, keychain=True)
        self._follows = False
        self.trial.clear()
        self.body.verticalScrollBar().setValue(0)
        self.tell("")
        self._set_changed(is_new)
        self._warn()

    def value(self) -> Connection | None:
        """What stands in the fields; None where something is wrong, which is then said there."""
        return self.form.value()

    def moved(self, made: Connection) -> bool:
        """Whether it is at another host now than the one its key was given for."""
        return not self.is_new and _origin(made.base_url) != _origin(self.saved.base_url)

    def offer_models(self, names: list[str]) -> None:
        """What the endpoint lists, to choose from."""
        editor = self.form.editors["model"]
        assert isinstance(editor, SuggestEditor)
        editor.offer(names)

    def begin_trial(self) -> None:
        """Show the checks, and keep them in view while their words come."""
        self._follows = True
        self.trial.begin()

    def tell(self, words: str) -> None:
        """What went wrong with saving, or nothing."""
        self.words.setText(words)

    def _on_change(self) -> None:
        self._set_changed(True)
        self._warn()

    def _set_changed(self, changed: bool) -> None:
        self.changed = changed
        self.save.setEnabled(changed)
        self.save.setToolTip("" if changed else "Nothing has changed")

    def _warn(self) -> None:
        """Where the address is not on this computer: what would go there."""
        words = ""
        with contextlib.suppress(ValueError):  # half typed: said when it is saved
            url = check_address(str(self.form.editors["base_url"].get()))
            words = leaves_computer(url)
            self.key.show_moved(self.moved(self.saved.model_copy(update={"base_url": url})))
        self.warning.show_items(*([kit.banner("warn", words)] if words else []))


def _origin(url: str) -> tuple[str, str]:
    """Where a key goes: how, and to which host and port."""
    return url.split(":")[0].lower(), host_of(url).lower()
