"""One editor per kind of value: which widget, how it is filled, what raw value it gives back.

Raw values go to pydantic as they are: a wrong one is pydantic's to name, not the editor's.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

import orjson
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.ui.kit.code import CodeEdit
from app.ui.kit.text import restyle

LIMIT = 2**31 - 1  # QSpinBox counts in 32 bits; a larger bound is pydantic's to check
LINES = 5


class Editor(QWidget):
    """A widget with a value. `changed` tells that the user altered it."""

    changed = Signal()

    def __init__(self, widget: QWidget, name: str) -> None:
        super().__init__()
        self.widget = widget
        widget.setAccessibleName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        self.setFocusProxy(widget)

    def get(self) -> Any:
        raise NotImplementedError

    def put(self, value: Any) -> None:
        raise NotImplementedError

    def mark(self, invalid: bool) -> None:
        restyle(self.widget, invalid=invalid)


class LineEditor(Editor):
    """Text; with `optional` an empty line is None, with `number` the text goes to pydantic to parse."""

    def __init__(self, name: str, *, optional: bool = False) -> None:
        self._line, self._optional = QLineEdit(), optional
        super().__init__(self._line, name)
        if optional:
            self._line.setPlaceholderText("not set")
        self._line.textEdited.connect(lambda text: self.changed.emit())

    def get(self) -> str | None:
        text = self._line.text()
        return None if self._optional and not text.strip() else text

    def put(self, value: Any) -> None:
        self._line.setText("" if value is None else str(value))


class DecimalBox(QDoubleSpinBox):
    """Shows 0.3 and 0.0001, not 0.300000."""

    def textFromValue(self, value: float) -> str:
        digits = f"{value:.{self.decimals()}f}".rstrip("0").rstrip(".")
        return digits.replace(".", self.locale().decimalPoint())


class NumberEditor(Editor):
    """A whole number or a decimal one within its bounds."""

    def __init__(self, name: str, field: FieldInfo, *, whole: bool) -> None:
        self._spin = QSpinBox() if whole else DecimalBox()
        super().__init__(self._spin, name)
        self._spin.lineEdit().setTextMargins(7, 0, 0, 0)  # a style sheet's padding stops at it
        low, high = _bounds(field, 1 if whole else 0.0)
        if isinstance(self._spin, QSpinBox):
            self._spin.setRange(int(low), int(high))
        else:
            self._spin.setDecimals(6)
            self._spin.setRange(low, high)
            self._spin.setSingleStep(0.05 if high - low <= 10 else 1.0)
            self._spin.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._spin.valueChanged.connect(lambda value: self.changed.emit())

    def get(self) -> float:
        return self._spin.value()

    def put(self, value: Any) -> None:
        self._spin.setValue(value)


class BoolEditor(Editor):
    def __init__(self, name: str) -> None:
        self._box = QCheckBox(name)
        super().__init__(self._box, name)
        self._box.toggled.connect(lambda on: self.changed.emit())

    def get(self) -> bool:
        return self._box.isChecked()

    def put(self, value: Any) -> None:
        self._box.setChecked(bool(value))


class ChoiceEditor(Editor):
    """One of a few fixed values."""

    def __init__(self, name: str, values: tuple[Any, ...]) -> None:
        self._combo, self._values = QComboBox(), values
        self._combo.addItems([_words(value) for value in values])
        super().__init__(self._combo, name)
        self._combo.activated.connect(lambda index: self.changed.emit())

    def get(self) -> Any:
        return self._values[self._combo.currentIndex()]

    def put(self, value: Any) -> None:
        if value in self._values:
            self._combo.setCurrentIndex(self._values.index(value))


class SuggestEditor(Editor):
    """Text, with names to choose from once they are known."""

    def __init__(self, name: str) -> None:
        self._combo = QComboBox()
        super().__init__(self._combo, name)
        line = QLineEdit()
        line.setAccessibleName(name)
        line.textEdited.connect(lambda text: self.changed.emit())
        self._combo.setEditable(True)
        self._combo.setLineEdit(line)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.activated.connect(lambda index: self.changed.emit())

    def offer(self, names: Sequence[str]) -> None:
        """The names in the list; what stands in the field stays."""
        text = self._combo.currentText()
        self._combo.clear()
        self._combo.addItems(names)
        self._combo.setEditText(text)

    def get(self) -> str:
        return self._combo.currentText().strip()

    def put(self, value: Any) -> None:
        self._combo.setEditText(str(value or ""))


class LinesEditor(Editor):
    """A list of texts, one a line; empty lines do not count."""

    def __init__(self, name: str) -> None:
        self._text = QPlainTextEdit()
        super().__init__(self._text, name)
        self._text.setTabChangesFocus(True)
        self._text.setPlaceholderText("One a line")
        self._text.setFixedHeight(self._text.fontMetrics().lineSpacing() * LINES + 12)
        self._text.textChanged.connect(self.changed)

    def get(self) -> list[str]:
        return [line for line in self._text.toPlainText().splitlines() if line.strip()]

    def put(self, value: Any) -> None:
        self._text.setPlainText("\n".join(value or ()))


class JsonEditor(Editor):
    """Anything else as JSON text; with `plain` the text itself (a script, a long prompt)."""

    def __init__(self, name: str, *, plain: bool = False, python: bool = False) -> None:
        self._plain = plain
        self._text = CodeEdit(name, python=python)
        super().__init__(self._text, name)
        self._text.setMinimumHeight(self._text.fontMetrics().lineSpacing() * (LINES + 2) + 20)
        self._text.textChanged.connect(self.changed)

    def get(self) -> Any:
        """The value; raises ValueError with a sentence when the text is not JSON."""
        text = self._text.toPlainText()
        if self._plain:
            return text
        try:
            return orjson.loads(text or "null")
        except orjson.JSONDecodeError as error:
            raise ValueError(f"This is not JSON: {error}") from error

    def put(self, value: Any) -> None:
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        pretty = orjson.dumps(plain, option=orjson.OPT_INDENT_2, default=_plain).decode()
        self._text.setPlainText(str(value or "") if self._plain else pretty)


SCALARS: Mapping[Any, Callable[[str, FieldInfo], Editor]] = {
    str: lambda name, field: LineEditor(name),
    int: lambda name, field: NumberEditor(name, field, whole=True),
    float: lambda name, field: NumberEditor(name, field, whole=False),
    bool: lambda name, field: BoolEditor(name),
}


def make_editor(name: str, field: FieldInfo) -> Editor:
    """The editor for a field that is not a nested model.

    `json_schema_extra={"widget": "text" | "python"}` asks for a larger one for a str, `"suggest"` for
    one that offers names.
    """
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    if extra.get("widget") in ("text", "python"):
        return JsonEditor(name, plain=True, python=extra["widget"] == "python")
    if extra.get("widget") == "suggest":
        return SuggestEditor(name)
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ChoiceEditor(name, get_args(kind))
    if kind == list[str]:
        return LinesEditor(name)
    inner = without_none(kind)
    if inner is not kind and inner in (str, int, float):
        return LineEditor(name, optional=True)
    return SCALARS.get(kind, lambda name, field: JsonEditor(name))(name, field)


def without_none(kind: Any) -> Any:
    """`X` of `X | None`; anything else as it is."""
    if get_origin(kind) in (Union, types.UnionType):
        rest = [each for each in get_args(kind) if each is not type(None)]
        if len(rest) == 1 and len(get_args(kind)) == 2:
            return rest[0]
    return kind


def _bounds(field: FieldInfo, step: float) -> tuple[float, float]:
    low, high = -float(LIMIT), float(LIMIT)
    for rule in field.metadata:
        match rule:
            case Ge(ge=edge):
                low = float(str(edge))
            case Gt(gt=edge):
                low = float(str(edge)) + step
            case Le(le=edge):
                high = float(str(edge))
            case Lt(lt=edge):
                high = float(str(edge)) - step
    return low, high


def _words(value: Any) -> str:
    return str(value).replace("_", " ").capitalize() if isinstance(value, str) else str(value)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
