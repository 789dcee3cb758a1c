"""A pydantic model as a form: each kind of field there and back, and errors beside their field."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from app.settings import Settings
from app.ui.form import Form, FormDialog
from app.ui.form_editors import SuggestEditor

pytestmark = pytest.mark.usefixtures("themed")


class Sampling(BaseModel):
    temperature: float = Field(1.0, ge=0, le=2)


class Params(BaseModel):
    type: Literal["rft"] = "rft"
    name: str = Field("run", min_length=2, title="Run name", description="Shown in the list.")
    steps: int = Field(60, ge=1, le=500)
    rate: float = 3e-4
    lora: bool = False
    engine: Literal["local", "tinker"] = "local"
    cap: float | None = None
    stops: list[str] = []
    extra: dict[str, Any] = {}
    sampling: Sampling = Sampling()

    @model_validator(mode="after")
    def _fits(self) -> "Params":
        if self.lora and self.steps > 100:
            raise ValueError("LoRA runs have at most 100 steps.")
        return self


FULL = Params(
    name="second",
    steps=12,
    rate=1e-4,
    lora=True,
    engine="tinker",
    cap=2.5,
    stops=["END", "###"],
    extra={"a": [1, 2]},
    sampling=Sampling(temperature=0.7),
)


@pytest.mark.parametrize("value", [Params(), FULL])
def test_a_value_goes_in_and_comes_out_the_same(value: Params) -> None:
    assert Form(Params, value).value() == value


def test_defaults_fill_a_form_without_a_value() -> None:
    assert Form(Params).value() == Params()


def test_a_field_with_one_possible_value_is_not_shown() -> None:
    assert "type" not in Form(Params).editors


def test_errors_stand_beside_their_field_and_go(qtbot: QtBot) -> None:
    form = Form(Params)
    form.editors["name"].put("x")
    form.editors["cap"].put("much")
    form.editors["extra"]._text.setPlainText("{")  # type: ignore[attr-defined]
    assert form.value() is None
    assert form.errors()["extra"].startswith("This is not JSON")
    form.editors["extra"].put({})
    assert form.value() is None
    assert set(form.errors()) == {"name", "cap"}
    form.editors["name"].put("xy")
    form.editors["cap"].put(None)
    assert form.value() == Params(name="xy")
    assert form.errors() == {}


def test_an_error_of_the_whole_stands_at_the_foot() -> None:
    form = Form(Params, Params(steps=400))
    form.editors["lora"].put(True)
    assert form.value() is None
    assert form.errors() == {"": "LoRA runs have at most 100 steps."}


def test_bounds_are_the_models() -> None:
    form = Form(Params)
    spin = form.editors["steps"].widget
    assert isinstance(spin, QSpinBox)
    assert (spin.minimum(), spin.maximum()) == (1, 500)


def test_the_settings_dialog_saves_only_what_is_right(qtbot: QtBot) -> None:
    dialog = FormDialog(None, "Settings", Settings())
    qtbot.addWidget(dialog)
    dialog.form.editors["appearance"].put("dark")
    dialog.form.editors["quota"].put(50)
    dialog.save.click()
    assert dialog.value() == Settings(appearance="dark", quota=50)


class Asked(BaseModel):
    kind: Literal["fixed"] = "fixed"
    model: str = Field("", json_schema_extra={"widget": "suggest"})
    size: int = 1


def test_names_are_offered_and_what_was_written_stays() -> None:
    form = Form(Asked, Asked(model="mine"))
    editor = form.editors["model"]
    assert isinstance(editor, SuggestEditor)
    editor.offer(["small", "large"])
    assert form.value() == Asked(model="mine")
    combo = editor.widget
    assert isinstance(combo, QComboBox)
    combo.setCurrentIndex(1)
    assert form.value() == Asked(model="large")


def test_a_widget_of_the_owner_stands_below_its_field() -> None:
    form = Form(Asked)
    first, second = QLabel("first"), QLabel("second")
    form.insert(second, after="model")
    form.insert(first, after="model")
    form.resize(300, 400)
    form.show()
    places = [form.editors["model"].mapTo(form, QPoint()).y(), first.y(), second.y()]
    assert places == sorted(places)
    assert second.y() < form.editors["size"].mapTo(form, QPoint()).y()
