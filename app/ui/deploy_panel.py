"""The deployment panel: the comparison first, then the endpoint, snippets, a try, and export."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from app.jobs import Job
from app.store.events import ResultsChanged, RunChanged
from app.ui import dialogs, kit
from app.ui.comparison import comparison_card
from app.ui.deploy.endpoint_card import EndpointCard, SnippetsCard
from app.ui.deploy.snapshot import DeploySnapshot, read_snapshot, regraded_words
from app.ui.deploy.try_it import TryIt
from app.ui.job_line import JobLine
from app.ui.panel import Panel

LOOK_MS = 5000  # how often the requests are counted while the panel is seen


class DeployPanel(Panel):
    """Deploying asks on a card of the assistant's dock; a model that is not better asks twice."""

    events = (ResultsChanged, RunChanged)
    title = "Deployment"

    def build(self) -> None:
        self.snapshot = DeploySnapshot()
        self._compared: object = None
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.export = kit.button("Export…", self._export, icon="export")
        self.deploy = kit.button("Deploy…", self._deploy, kind="primary")
        words = kit.column(kit.label("Deployment", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.export, self.deploy))
        self.line = JobLine(self.app.jobs, self._is_ours)
        self.line.changed.connect(lambda active: self._show_state())
        self.banners, self.comparison = kit.Refill(gap=8), kit.Refill()
        self.endpoint, self.snippets = EndpointCard(self._toggle), SnippetsCard()
        self.service = kit.Reflow([(self.endpoint, 1), (self.snippets, 1)], least=700)
        self.try_it = TryIt()
        self.try_it.asked.connect(lambda text: self.act(self._try(text), button=self.try_it.send))
        for widget in (self.line, self.banners, self.comparison, self.service, self.try_it):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._look.start()

    async def refresh(self) -> None:
        session = self.app.session
        self.show_snapshot(await read_snapshot(session) if session else DeploySnapshot())

    def show_snapshot(self, snapshot: DeploySnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        if snapshot.model_id != self.snapshot.model_id:
            self.try_it.forget()
        self.snapshot = snapshot
        if self._compared != (key := (snapshot.report, bool(snapshot.missing))):
            self._compared = key
            self.comparison.show_items(*self._before())
        self.endpoint.show_snapshot(snapshot)
        self._show_state()
        self.snippets.show_snapshot(snapshot)

    def sees(self) -> str:
        return f"Deployment, {self.snapshot.model_id or 'nothing yet'}"

    def _is_ours(self, job: Job) -> bool:
        here = self.app.session is not None and job.dataset_id == self.app.session.dataset_id
        return here and job.name == "Export"

    def _before(self) -> list[kit.Item]:
        """The comparison, or what is needed before there is one."""
        if self.snapshot.report is not None:
            return [comparison_card(self.snapshot.report)]
        missing = "\n".join(f"•  {line}" for line in self.snapshot.missing)
        words = "There is no tuned model to deploy yet."
        text = f"{words} Needed first:\n{missing}" if missing else words
        go = kit.button("Go to training", lambda: self.go.emit("training", {}), kind="primary")
        return [kit.empty("rocket-launch", text, go)]

    def _show_state(self) -> None:
        found = self.snapshot
        deployed, has_model = bool(found.model_id), found.report is not None
        may_deploy = has_model and (not deployed or bool(found.outdated))
        for widget, on in (
            (self.deploy, may_deploy),
            (self.export, has_model),
            (self.service, deployed),
            (self.try_it, deployed and found.service is not None),
        ):
            widget.setVisible(on)
        for button in (self.deploy, self.export):
            button.setEnabled(not self.line.active)
        self.facts.setText(found.facts)
        items: list[kit.Item] = []
        if found.outdated:
            items.append(kit.banner("warn", found.outdated))
        if may_deploy and found.report is not None and not found.report.better:
            words = "This model was not shown to be better than its base. You are asked twice."
            items.append(kit.banner("warn", words))
        self.banners.show_items(*items)

    def _look_again(self) -> None:
        if self.isVisible() and self.snapshot.service is not None:
            self.reload()

    def _deploy(self) -> None:
        self.act(self._deploy_it(), button=self.deploy)

    async def _deploy_it(self) -> None:
        report = self.snapshot.report
        if report is not None and not report.better:
            sure = await dialogs.confirm(
                self,
                "Deploy it although it is not better?",
                report.sentence,
                yes="Deploy anyway",
                kind="danger",
            )
            if not sure:
                return
        await self.app.call("deploy_model")
        self.reload()

    def _toggle(self) -> None:
        tool = "stop_deployment" if self.snapshot.service is not None else "start_deployment"
        self.act(self._switch(tool), button=self.endpoint.toggle)

    async def _switch(self, tool: str) -> None:
        await self.app.call(tool)
        self.reload()

    async def _try(self, text: str) -> None:
        self.try_it.show_tried(text, await self.app.call("try_model", text=text))

    def _export(self) -> None:
        self.act(self._export_to_folder(), button=self.export)

    async def _export_to_folder(self) -> None:
        """Into a new folder of the model's name inside the one chosen; nothing is overwritten."""
        chosen = await dialogs.open_folder(self, "Export the tuned model into")
        if chosen is None:
            return
        target = free_folder(chosen, self.snapshot.model_id or "tuned-model")
        done: Any = await self.app.call("export_model", folder=str(target))
        words = f"Written to {target}, {regraded_words(done.regraded)}."
        await dialogs.tell(self, "Exported", words)


def free_folder(inside: Path, name: str) -> Path:
    """`name` inside a folder, or with the first number that is free."""
    target, number = inside / name, 2
    while target.exists():
        target, number = inside / f"{name}-{number}", number + 1
    return target
