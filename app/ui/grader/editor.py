"""The grader's editor: a form by type, a code editor for scripts, and the same grader as JSON."""

from typing import Any

import orjson
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from app.errors import InputError
from app.grading.base import GraderConfig, graders, parse_grader
from app.ui import kit
from app.ui.form import Form
from app.ui.grader.kinds import BY_TYPE
from app.ui.grader.script_edit import ScriptEdit, help_lines, limits_line, line_of
from app.ui.kit.code import CodeEdit
from app.ui.parts import Badge
from app.ui.theme import theme

SHARED = ("name", "pass_threshold", "format_schema")
CODE_HEIGHT = 300


class GraderEditor(QFrame):
    """Holds one grader being worked on. `changed` tells every edit, not what `put` does."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._config: GraderConfig | None = None
        self._form: Form[Any] | None = None
        self._shared: Form[Any] | None = None
        self.script: ScriptEdit | None = None
        self._filling = False
        self._typed = ""
        self.heading = kit.label("Grader", "h2")
        self.version, self.unsaved = Badge(""), Badge("unsaved", "warn")
        self.views = kit.Segments(["Edit", "JSON"])
        self.views.chosen.connect(self._switch)
        self.error = kit.label("", "small", "bad", wrap=True, select=True)
        self.error.hide()
        self.json = CodeEdit("Grader as JSON", python=False)
        self.json.setMinimumHeight(theme().px(CODE_HEIGHT))
        self.json.textChanged.connect(self._edited)
        self.body = kit.column(gap=10)
        self.stack = QStackedWidget()
        self.stack.addWidget(kit.holder(self.body))
        self.stack.addWidget(self.json)
        head = kit.row(self.heading, self.version, self.unsaved, None, self.views, gap=8)
        items = (head, self.error, (self.stack, 1))
        self.setLayout(kit.column(*items, gap=8, margin=(16, 10, 16, 14)))

    @property
    def on_json(self) -> bool:
        return self.views.selected == 1

    def put(self, config: dict[str, Any]) -> None:
        """Show a grader. Raises InputError when it is not one."""
        self._config = parse_grader(config)
        self._filling = True
        self.show_error("")
        self._build(self._config)
        self.json.setPlainText(pretty(self._config))
        self._filling = False

    def draft(self) -> dict[str, Any]:
        """The grader as it stands; raises InputError that names what is wrong with it."""
        if self.on_json:
            return plain(parse_grader(self.json.toPlainText()))
        return plain(parse_grader(self._raw()))

    def check(self) -> dict[str, Any] | None:
        """The draft, or None when something is wrong, which is then said at its field or line."""
        self.show_error("")
        try:
            if not self.on_json and not self._forms_fine():
                return None
            return self.draft()
        except InputError as error:
            self.show_error(str(error))
            return None

    def show_error(self, words: str) -> None:
        """What is wrong with this grader; a script's line is marked. Empty: nothing is."""
        self.error.setText(words)
        self.error.setVisible(bool(words))
        if self.script is not None:
            self.script.show_error_line(line_of(words))

    def show_state(self, version: str, *, unsaved: bool) -> None:
        self.version.show_text(version, "accent")
        self.version.setVisible(bool(version))
        self.unsaved.setVisible(unsaved)

    def _raw(self) -> dict[str, Any]:
        """The fields as they stand."""
        assert self._config is not None, "put comes first"
        assert self._shared is not None
        try:
            values: dict[str, Any] = self._shared.raw()
            if self._form is not None:
                own = self._form.raw()
                values |= {name: own[name] for name in self._form.editors}
        except ValueError as error:
            raise InputError(str(error)) from None
        if self.script is not None:
            values["source"] = self.script.toPlainText()
        return values | {"type": self._config.type}

    def _forms_fine(self) -> bool:
        """Whether every field is right; what is not is marked. A script's text is not a field."""
        forms = [f for f in (self._shared, self._form) if f is not None]
        values = [form.value() for form in forms]  # each marks its own fields
        return None not in values

    def _build(self, config: GraderConfig) -> None:
        kit.clear(self.body)
        kind, model = BY_TYPE[config.type], graders()[config.type].config
        self.heading.setText(kind.title)
        self.script = self._form = None
        self.body.addWidget(kit.label(kind.example, "small", "muted", wrap=True))
        if config.type == "script":
            self._build_script(config)
        else:
            self._form = Form(model, config, shown=kind.fields)
            self._form.changed.connect(self._edited)
            self.body.addWidget(self._form)
        shared = Form(model, config, shown=SHARED)
        shared.changed.connect(self._edited)
        self._shared = shared
        fold = kit.Fold("Name, pass mark, format", lambda: shared, opened=True)
        fold.head.setChecked(False)
        self.body.addWidget(fold)

    def _build_script(self, config: GraderConfig) -> None:
        self.script = ScriptEdit("Grader script")
        self.script.setPlainText(getattr(config, "source", ""))
        self.script.setMinimumHeight(theme().px(CODE_HEIGHT))
        self._typed = self.script.toPlainText()
        self.script.textChanged.connect(self._script_edited)
        self.body.addWidget(self.script, 1)
        limits = kit.label(limits_line(), "small", "muted", wrap=True)
        self.body.addLayout(kit.row(kit.IconLabel("shield-check", "good"), (limits, 1)))
        self.body.addWidget(kit.Fold("What a script may use", _help))

    def _script_edited(self) -> None:
        """Colouring a text also counts as a change of it; only other words are an edit."""
        assert self.script is not None
        text = self.script.toPlainText()
        if text != self._typed:
            self._typed = text
            self.show_error("")
            self._edited()

    def _edited(self) -> None:
        if not self._filling:
            self.changed.emit()

    def _switch(self, index: int) -> None:
        """The other view takes over what this one holds; a broken one stays in front."""
        try:
            held = self._raw() if index == 1 else plain(parse_grader(self.json.toPlainText()))
            if index == 1:
                self._filling = True
                self.json.setPlainText(dump(held))
                self._filling = False
            else:
                self.put(held)
        except InputError as error:
            self.views.select(1 - index)
            self.show_error(str(error))
            return
        self.show_error("")
        self.stack.setCurrentIndex(index)


def plain(config: GraderConfig) -> dict[str, Any]:
    """The grader as the store keeps it."""
    return config.model_dump(mode="json")


def pretty(config: GraderConfig) -> str:
    """The grader as JSON to read: without what is not set."""
    return dump(config.model_dump(mode="json", exclude_none=True))


def dump(values: dict[str, Any]) -> str:
    kept = {key: value for key, value in values.items() if value is not None}
    return orjson.dumps(kept, option=orjson.OPT_INDENT_2, default=_dumped).decode()


def _dumped(value: object) -> Any:
    if isinstance(value, GraderConfig):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(type(value).__name__)


def _help() -> QWidget:
    lines = []
    for call, words in help_lines():
        name = kit.label(call, "code")
        name.setFixedWidth(theme().px(150))
        lines.append(kit.row(name, (kit.label(words, "small", "muted", wrap=True), 1), top=True))
    return kit.holder(kit.column(*lines, gap=6))
