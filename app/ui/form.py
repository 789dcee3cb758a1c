"""A pydantic model as a form: a field each, with what pydantic says beside the one it concerns."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QVBoxLayout, QWidget

from app.ui import kit
from app.ui.form_editors import BoolEditor, Editor, make_editor, without_none

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]


class Form(QFrame, Generic[Model]):
    """Nested models are forms within; a field with one possible value (`type`) is not shown.

    With `shown` only these fields are, in this order; the others keep what was last `put`.
    """

    changed = Signal()

    def __init__(
        self, model: type[Model], value: Model | None = None, *, shown: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.model = model
        self._kept: dict[str, Any] = {}
        self.editors: dict[str, Editor] = {}
        self.inner: dict[str, Form[Any]] = {}
        self._errors: dict[str, QLabel] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        fields = {name: model.model_fields[name] for name in shown or model.model_fields}
        self._shown = [name for name, field in fields.items() if not _is_fixed(field)]
        for name in self._shown:
            self._add(name, fields[name])
        self._general = kit.label("", "small", "bad", wrap=True)
        self._general.hide()
        self._layout.addWidget(self._general)
        self._layout.addStretch(1)
        if value is not None:
            self.put(value)
        else:
            self._put_defaults()

    def _add(self, name: str, field: FieldInfo) -> None:
        title = field.title or name.replace("_", " ").capitalize()
        error = kit.label("", "small", "bad", wrap=True)
        error.hide()
        self._errors[name] = error
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            form: Form[Any] = Form(kind)
            form.changed.connect(self.changed)
            self.inner[name] = form
            box = kit.frame(kit.column(form, margin=(12, 10, 12, 10)), "sunken")
            self._layout.addLayout(kit.column(kit.label(title, "strong"), box, error, gap=4))
            return
        editor = make_editor(title, field)
        editor.changed.connect(self.changed)
        self.editors[name] = editor
        words = [] if isinstance(editor, BoolEditor) else [kit.label(title, "small", "muted")]
        if field.description:
            editor.widget.setToolTip(kit.tip(field.description))
            words.append(kit.label(field.description, "small", "faint", wrap=True))
        items = [editor, *words] if isinstance(editor, BoolEditor) else [*words, editor]
        self._layout.addLayout(kit.column(*items, error, gap=3))

    def insert(self, widget: QWidget, *, after: str) -> None:
        """Put a widget of the owner's below a field."""
        self._layout.insertWidget(self._shown.index(after) + 1, widget)
        self._shown.insert(self._shown.index(after) + 1, "")

    def _put_defaults(self) -> None:
        for name, field in self.model.model_fields.items():
            if name in self.editors and not field.is_required():
                self.editors[name].put(field.get_default(call_default_factory=True))

    def put(self, value: Model) -> None:
        """Show a value."""
        seen = {*self.editors, *self.inner}
        names = self.model.model_fields.keys() - seen
        self._kept = {name: getattr(value, name) for name in names}
        for name, editor in self.editors.items():
            editor.put(getattr(value, name))
        for name, form in self.inner.items():
            form.put(getattr(value, name))

    def raw(self) -> dict[str, Any]:
        """What stands in the fields, unchecked. Raises ValueError for text that is not JSON."""
        values = dict(self._kept)
        values |= {name: editor.get() for name, editor in self.editors.items()}
        values |= {name: form.raw() for name, form in self.inner.items()}
        for name, field in self.model.model_fields.items():
            if _is_fixed(field):
                values[name] = get_args(field.annotation)[0]
        return values

    def value(self) -> Model | None:
        """The checked value; None when something is wrong, which is then shown at its field."""
        self.clear_errors()
        if broken := self._unreadable():
            for name, words in broken.items():
                self.show_error((name,), words)
            return None
        try:
            return self.model.model_validate(self.raw())
        except ValidationError as error:
            for each in error.errors():
                self.show_error(each["loc"], each["msg"])
            return None

    def _unreadable(self) -> dict[str, str]:
        readers: dict[str, Callable[[], Any]] = {n: e.get for n, e in self.editors.items()}
        readers |= {name: form.raw for name, form in self.inner.items()}
        found = {}
        for name, read in readers.items():
            try:
                read()
            except ValueError as error:
                found[name] = str(error)
        return found

    def show_error(self, location: Location, words: str) -> None:
        """Say what is wrong with a field; what belongs to none stands at the foot."""
        name, rest = (str(location[0]), location[1:]) if location else ("", ())
        if name in self.inner and rest:
            self.inner[name].show_error(rest, words)
            return
        label = self._errors.get(name, self._general)
        label.setText(words.removeprefix("Value error, "))
        label.show()
        if name in self.editors:
            self.editors[name].mark(True)

    def clear_errors(self) -> None:
        for label in (*self._errors.values(), self._general):
            label.hide()
        for editor in self.editors.values():
            editor.mark(False)
        for form in self.inner.values():
            form.clear_errors()

    def errors(self) -> dict[str, str]:
        """The errors now shown, by field; those of no field under an empty name."""
        labels = {**self._errors, "": self._general}
        return {name: label.text() for name, label in labels.items() if not label.isHidden()}


def _is_fixed(field: FieldInfo) -> bool:
    kind = without_none(field.annotation)
    return get_origin(kind) is Literal and len(get_args(kind)) == 1


class FormDialog(QDialog, Generic[Model]):
    """A form with Save and Cancel; Save closes only when everything is right."""

    def __init__(self, parent: QWidget | None, title: str, value: Model, *, yes: str = "Save"):
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(480, 560)
        self.form: Form[Model] = Form(type(value), value)
        self._value = value
        self.save = kit.button(yes, self._save, kind="primary")
        cancel = kit.button("Cancel", self.reject)
        inner = kit.holder(kit.column(self.form))
        foot = kit.row(None, cancel, self.save)
        heading = kit.label(title, "h2")
        self.setLayout(kit.column(heading, (kit.scroll(inner), 1), foot, gap=12, margin=20))

    def _save(self) -> None:
        if (value := self.form.value()) is not None:
            self._value = value
            self.accept()

    def value(self) -> Model:
        """What was saved; the value it began with before that."""
        return self._value
