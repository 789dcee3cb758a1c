"""The stack of panels in the middle of the window; a panel's module is imported when first shown."""

import importlib
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from app.domain.steps import STEPS
from app.ui.controller import Controller
from app.ui.panel import Panel

# A panel is one line here; steps that name the same class share one panel.
# Charts pull in numpy, so nothing is imported before it is looked at.
PANELS = {
    "welcome": "app.ui.welcome:Welcome",
    "records": "app.ui.records_panel:RecordsPanel",
    "topics_config": "app.ui.topics_panel:TopicsPanel",
    "categorize": "app.ui.categorize_panel:CategorizePanel",
    "coverage_generation": "app.ui.coverage_panel:CoveragePanel",
    "grader_config": "app.ui.grader_panel:GraderPanel",
    "dry_run": "app.ui.dry_run_panel:DryRunPanel",
    "training": "app.ui.training_panel:TrainingPanel",
    "deployment": "app.ui.deploy_panel:DeployPanel",
}


class Centre(QStackedWidget):
    """`name` is the panel in front, `shown` tells that it changed.

    `sees` tells in a few words what the user looks at, for the assistant.
    """

    shown = Signal(str)
    sees = Signal(str)

    def __init__(self, app: Controller) -> None:
        super().__init__()
        self.setObjectName("canvas")
        self._app = app
        self._panels: dict[str, Panel] = {}  # by the right side of PANELS
        self.name = ""

    def panel(self, name: str) -> Panel:
        """The panel of that name, made at the first call."""
        place = PANELS[name]
        if place not in self._panels:
            module, member = place.split(":")
            panel: Panel = getattr(importlib.import_module(module), member)(self._app)
            panel.go.connect(self.go)
            panel.sees_changed.connect(self._tell_sees)
            self._panels[place] = panel
            self.addWidget(panel)
        return self._panels[place]

    def go(self, name: str, target: dict[str, Any] | None = None) -> None:
        """Bring a panel to the front and point it at something."""
        panel = self.panel(name)
        if target:
            panel.point_at(target)
        self.name = name
        self.setCurrentWidget(panel)
        self.shown.emit(name)
        self._tell_sees()

    def on_events(self, events: list[Any]) -> None:
        for panel in self._panels.values():
            panel.on_events(events)

    def reload_all(self) -> None:
        """Another dataset is open: what was read before is void."""
        for panel in self._panels.values():
            panel.start_over()

    def step_index(self) -> int:
        """The place on the stepper of the panel in front; -1 for records and welcome."""
        return STEPS.index(self.name) if self.name in STEPS else -1

    def sees_now(self) -> str:
        """What the user looks at, in a few words."""
        front = self.currentWidget()
        return front.sees() if isinstance(front, Panel) else ""

    def _tell_sees(self) -> None:
        self.sees.emit(self.sees_now())
