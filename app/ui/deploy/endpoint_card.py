"""The endpoint's card and the snippets that use it; nothing here starts or stops anything."""

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QTabWidget, QToolButton

from app.serving.client import snippets
from app.ui import kit
from app.ui.deploy.snapshot import DeploySnapshot, Service
from app.ui.kit.code import CodeEdit
from app.ui.parts import Badge
from app.ui.theme import set_icon, theme

SHOWN_END = 4  # characters of the key that stay readable
TABS = (("Python", "python"), ("curl", "curl"))


def masked(key: str) -> str:
    """`rft-••••••••3f9a`."""
    return f"{key[:4]}{'•' * 8}{key[-SHOWN_END:]}" if len(key) > 12 else "•" * 8


def request_words(service: Service) -> str:
    """`12 requests, median 84 ms`."""
    stats = service.stats
    count = f"{stats.requests:,} {'request' if stats.requests == 1 else 'requests'}"
    median = stats.median_seconds
    if median is None:
        return f"{count} yet" if stats.requests else "no requests yet"
    speed = f"{1000 * median:.0f} ms" if median < 1 else f"{median:.1f} s"
    failed = f", {stats.failed} failed" if stats.failed else ""
    return f"{count}{failed}, median {speed}"


class EndpointCard(QFrame):
    """Address, key and model; the key is masked until asked for."""

    def __init__(self, on_toggle: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._key, self._open = "", False
        self.state = Badge("stopped", "muted")
        self.toggle = kit.button("Start", on_toggle, small=True)
        self.address = kit.line_edit("Address", read_only=True)
        self.key = kit.line_edit("Key", read_only=True)
        self.model = kit.line_edit("Model", read_only=True)
        self.show_key = kit.tool_button("eye", "Show the key", self._reveal)
        self.requests = kit.label("", "small", "muted", wrap=True)
        lines = QGridLayout()
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setHorizontalSpacing(8)
        for index, (name, edit) in enumerate(
            (("Address", self.address), ("Key", self.key), ("Model", self.model))
        ):
            lines.addWidget(kit.label(name, tone="muted"), index, 0)
            lines.addWidget(edit, index, 1)
            lines.addWidget(self._copy_button(name, edit), index, 2)
        lines.addWidget(self.show_key, 1, 3)
        head = kit.row(kit.label("Endpoint", "h2"), self.state, None, self.toggle)
        body = kit.column(head, lines, self.requests, None, gap=10, margin=(16, 12, 16, 14))
        self.setLayout(body)

    def _copy_button(self, name: str, edit: QLineEdit) -> QToolButton:
        return kit.tool_button("copy", f"Copy the {name.lower()}", lambda: self._copy(edit))

    def _copy(self, edit: QLineEdit) -> None:
        QGuiApplication.clipboard().setText(self._key if edit is self.key else edit.text())

    def show_snapshot(self, snapshot: DeploySnapshot) -> None:
        service = snapshot.service
        self._key = service.key if service else ""
        self._open = self._open and service is not None
        running = service is not None
        self.state.show_text(
            "Running" if running else "Stopped", "good" if running else "muted", "check" * running
        )
        self.toggle.setText("Stop" if running else "Start")
        self.address.setText(service.url if service else "not served now")
        self.model.setText(snapshot.model_id)
        self.requests.setText(request_words(service) if service else "Start it to use the model.")
        self._show_key()

    def _reveal(self) -> None:
        self._open = not self._open
        self._show_key()

    def _show_key(self) -> None:
        words = masked(self._key) if self._key else "a new one at each start"
        self.key.setText(self._key if self._open and self._key else words)
        self.show_key.setEnabled(bool(self._key))
        set_icon(self.show_key, "eye-slash" if self._open else "eye")
        name = "Hide the key" if self._open else "Show the key"
        self.show_key.setToolTip(name)
        self.show_key.setAccessibleName(name)


class SnippetsCard(QFrame):
    """Ready to paste; the key in the text on screen is masked, the copied one is real."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._real: dict[str, str] = {}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Snippets")
        self.edits = {
            key: CodeEdit(f"{name} snippet", python=key == "python", read_only=True)
            for name, key in TABS
        }
        for name, key in TABS:
            self.edits[key].setMinimumHeight(theme().px(150))
            self.tabs.addTab(self.edits[key], name)
        self.copy = kit.button("Copy", self._copy, kind="ghost", icon="copy", small=True)
        head = kit.row(kit.label("Use it", "h2"), None, self.copy)
        self.setLayout(kit.column(head, (self.tabs, 1), gap=4, margin=(16, 10, 16, 14)))

    def show_snapshot(self, snapshot: DeploySnapshot) -> None:
        service = snapshot.service
        self.setVisible(service is not None)
        if service is None:
            return
        self._real = snippets(service.url, service.key, snapshot.model_id)
        shown = snippets(service.url, masked(service.key), snapshot.model_id)
        for key, edit in self.edits.items():
            if edit.toPlainText() != shown[key]:
                edit.setPlainText(shown[key])

    def _copy(self) -> None:
        _, key = TABS[self.tabs.currentIndex()]
        QGuiApplication.clipboard().setText(self._real.get(key, ""))
