"""Topics: the tree and its edits, a proposal not yet applied, the review queue, typical records."""

import asyncio
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from app.domain.topic_text import from_text
from app.embedding.templates import broken_templates, template_names, template_title
from app.store.events import RecordsChanged, ResultsChanged, SettingsChanged, TopicsChanged
from app.tools.proposals import pending
from app.ui import dialogs, kit
from app.ui.kit.buttons import Kind
from app.ui.panel import Panel
from app.ui.topics.deciding import Deciding
from app.ui.topics.editing import LIST, Editing
from app.ui.topics.lines import Line, exemplars
from app.ui.topics.pane import TopicPane
from app.ui.topics.proposal import ExamplesCard, ProposalCard
from app.ui.topics.review import ReviewCard
from app.ui.topics.snapshot import EXAMPLES, TopicsSnapshot, read_examples, read_snapshot

MODEL_TIP = "A connected model names and groups the topics, or changes them as you ask."
WISH = "Name each topic plainly and group those that belong together under common parents."


class TopicsPanel(Panel):
    """Nothing is applied before Accept; every edit is a tool call, and Ctrl+Z takes it back."""

    events = (TopicsChanged, RecordsChanged, SettingsChanged, ResultsChanged)
    title = "Topics"

    def build(self) -> None:
        self.snapshot = TopicsSnapshot()
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.propose = kit.button("Propose", self._propose, icon="arrows-clockwise")
        self._templates = dict.fromkeys(template_names(), "")  # why it cannot be used, by name
        self.start_from = self._start_button(kind="ghost")
        words = kit.column(kit.label("Topics", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.propose, self.start_from))
        self.first = kit.button("Find topics", self._propose, kind="primary")
        self.begin_from = self._start_button()
        self.pane = TopicPane(self.first, self.begin_from)
        self.proposal = ProposalCard()
        self.review = ReviewCard()
        self.deciding = Deciding(self, self.review)
        self.examples = ExamplesCard(self._show_records)
        right = QVBoxLayout()
        right.setSpacing(12)
        for card in (self.proposal, self.review):
            right.addWidget(card)
        right.addWidget(self.examples, 1)
        self.side = kit.scroll(kit.holder(right))  # so that the tree keeps the panel's height
        self.column.addLayout(kit.row((self.pane, 5), (self.side, 4), gap=12), 1)
        self.editing = Editing(self, self.pane.tree, lambda: self.snapshot.quota)
        self.pane.edit(self.editing.actions(), self.editing.set_color)
        find = QShortcut(QKeySequence("Ctrl+F"), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.pane.finding.open)
        self._connect()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self.show_snapshot(TopicsSnapshot())
            return
        proposal = await asyncio.to_thread(pending, session)
        self.show_snapshot(await session.store.read(read_snapshot, proposal))
        await self.deciding.refresh()

    def show_snapshot(self, snapshot: TopicsSnapshot) -> None:
        """Draw a snapshot; nothing is read."""
        self.snapshot = snapshot
        self.facts.setText(snapshot.facts)
        some = bool(snapshot.lines) or snapshot.proposal is not None
        self.propose.setText("Propose again" if some else "Propose")
        self.propose.setVisible(some)
        self.start_from.setVisible(some)
        self.proposal.setVisible(snapshot.proposal is not None)
        if snapshot.proposal is not None:
            self.proposal.show_proposal(
                snapshot.proposal,
                has_topics=bool(snapshot.lines),
                confirmed=snapshot.stats.confirmed,
            )
        self.review.setVisible(bool(snapshot.lines))
        self.pane.show_snapshot(snapshot)
        self.editing.show_made()
        self.side.setVisible(some)

    def point_at(self, target: dict[str, Any]) -> None:
        """`topic`: the id of a topic to select, `topics`: those of several."""
        self.pane.tree.pick(target.get("topic"), also=target.get("topics", ()))

    def start_over(self) -> None:
        self.pane.start_over()
        self.editing.start_over()
        self.deciding.start_over()
        super().start_over()

    def sees(self) -> str:
        line = self.pane.tree.current()
        return f"Topics, {line.name}" if line else "Topics"

    def _connect(self) -> None:
        self.proposal.accepted.connect(self._accept)
        self.proposal.taken.connect(self._take)
        self.proposal.discarded.connect(self._discard)
        self.proposal.compared.connect(self.pane.compare)
        pane = self.pane
        pane.recut.connect(lambda k: self.act(self.app.call("recut_proposal", k=k)))
        pane.shown.connect(self._show_examples)
        pane.tree.renamed.connect(self.editing.rename)
        pane.tree.dropped.connect(self.editing.drop)
        pane.tree.picked.connect(self._show_examples)

    def _start_button(self, *, kind: Kind = "") -> QPushButton:
        """The ways to begin; the user's own templates are looked for whenever it opens."""
        button = kit.drop_button("Start from…", self._starts(), kind=kind)
        button.menu().aboutToShow.connect(lambda: self.app.jobs.start(self._read_templates()))
        return button

    async def _read_templates(self) -> None:
        found = await asyncio.to_thread(_all_templates)
        if found != self._templates:
            self._templates = found
            for button in (self.start_from, self.begin_from):
                kit.set_entries(button, self._starts())

    def _template(self, name: str, broken: str) -> kit.Entry:
        do = partial(self._generate, "template", name)
        return kit.Entry(template_title(name), do, enabled=not broken, tip=kit.tip(broken))

    def _starts(self) -> list[kit.Entry]:
        made = [self._template(name, broken) for name, broken in self._templates.items()]
        return [
            kit.Entry("The data", self._propose),
            kit.Entry("A template", below=made),
            kit.Entry("A label field of the records", partial(self._generate, "labels")),
            kit.Entry("With the model…", lambda: self.act(self._ask_model()), tip=MODEL_TIP),
            kit.Entry("A list of my own…", lambda: self.act(self._by_hand())),
            kit.Entry("A file of topics…", lambda: self.editing.bring()),
        ]

    def _propose(self) -> None:
        self._generate("auto")

    def _generate(self, method: str, template: str = "") -> None:
        work = self.app.call("generate_topics", method=method, template_name=template)
        self.act(work, button=self.first if self.propose.isHidden() else self.propose)

    async def _ask_model(self) -> None:
        """Without a connection the call itself says what to connect."""
        wish: str | None = ""
        if self.app.connections.for_role("generator") is not None:
            title = "What shall the model do with the topics?"
            wish = await dialogs.ask_text(self, "Ask the model", title, text=WISH, lines=True)
        if wish is not None:
            await self.app.call("generate_topics", method="model", instructions=wish)

    async def _by_hand(self) -> None:
        text = await dialogs.ask_text(self, "Topics by hand", LIST, lines=True)
        if text:
            nodes = await asyncio.to_thread(from_text, text)
            if self.snapshot.lines:  # what is there is not replaced unseen
                await self.editing.propose(nodes)
            else:
                given = [node.model_dump() for node in nodes]
                await self.app.call("apply_topic_hierarchy", hierarchy=given)

    def _accept(self) -> None:
        self.act(self.app.call("apply_topic_hierarchy"), button=self.proposal.accept)

    def _take(self, changes: list[str]) -> None:
        """Only these changes of the proposal."""
        work = self.app.call("apply_topic_hierarchy", changes=changes)
        self.act(work, button=self.proposal.take)

    def _discard(self) -> None:
        self.act(self.app.call("discard_proposal"), button=self.proposal.discard)

    def _show_records(self) -> None:
        if (line := self.pane.tree.current()) is not None:
            self.go.emit("records", {"topic": line.key})

    def _show_examples(self) -> None:
        line = self.pane.tree.current()
        self.examples.setVisible(line is not None)
        if line is None:
            return
        self._draw_examples(line, exemplars(line, EXAMPLES))
        self.sees_changed.emit()
        if not self.pane.proposed and self.app.session is not None:
            self.app.jobs.start(self._read_examples(line))  # not an act: an error stays shown

    async def _read_examples(self, line: Line) -> None:
        if (session := self.app.session) is None:
            return
        ids = next((topic.leaves for topic in self.snapshot.topics if topic.id == line.key), ())
        examples = await session.store.read(read_examples, ids)
        if self.pane.tree.current() == line:  # the user may have moved on meanwhile
            self._draw_examples(line, examples)

    def _draw_examples(self, line: Line, examples: tuple[str, ...]) -> None:
        self.examples.show_topic(
            line.name,
            line.records,
            examples,
            about=line.description,
            thin=line.thin,
        )
        self.examples.records.setVisible(not self.pane.proposed and bool(line.records))


def _all_templates() -> dict[str, str]:
    """Why each cannot be used, empty where it can, by name."""
    broken = broken_templates()
    return {name: broken.get(name, "") for name in template_names()}
