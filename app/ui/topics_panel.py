"""Topics: the tree and its edits, a proposal not yet applied, the review queue, typical records."""

import asyncio
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from app.domain.topic_text import from_text
from app.domain.topics import shown
from app.embedding.templates import template_names
from app.errors import AppError
from app.store.events import RecordsChanged, SettingsChanged, TopicsChanged
from app.tools.proposals import pending
from app.ui import dialogs, kit
from app.ui.panel import Panel
from app.ui.topics.pane import TopicPane
from app.ui.topics.proposal import ExamplesCard, ProposalCard
from app.ui.topics.review import ReviewCard
from app.ui.topics.snapshot import Line, TopicsSnapshot, leaf_lines, read_examples, read_snapshot

OWN_LIST = """One topic a line; indent to put it below the line above.
A description may follow after “::”."""

MODEL_TIP = "A connected model names and groups the topics, or changes them as you ask."
WISH = "Name each topic plainly and group those that belong together under common parents."


class TopicsPanel(Panel):
    """Nothing is applied before Accept; every edit is a tool call, and Ctrl+Z takes it back."""

    events = (TopicsChanged, RecordsChanged, SettingsChanged)
    title = "Topics"

    def build(self) -> None:
        self.snapshot = TopicsSnapshot()
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.propose = kit.button("Propose", self._propose, icon="arrows-clockwise")
        self.start_from = kit.drop_button("Start from…", self._starts(), kind="ghost")
        words = kit.column(kit.label("Topics", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.propose, self.start_from))
        self.first = kit.button("Find topics", self._propose, kind="primary")
        other = kit.drop_button("Start from…", self._starts())
        self.pane = TopicPane(self.first, other)
        self.proposal = ProposalCard()
        self.review = ReviewCard(self)
        self.examples = ExamplesCard(self._show_records)
        right = QVBoxLayout()
        right.setSpacing(12)
        for card in (self.proposal, self.review):
            right.addWidget(card)
        right.addWidget(self.examples, 1)
        self.side = kit.holder(right)
        self.column.addLayout(kit.row((self.pane, 5), (self.side, 4), gap=12), 1)
        self._connect()

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self.show_snapshot(TopicsSnapshot())
            return
        proposal = await asyncio.to_thread(pending, session)
        self.show_snapshot(await session.store.read(read_snapshot, proposal))

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
        self.review.show_queue(snapshot.queue, snapshot.stats.review)
        self.pane.show_snapshot(snapshot)
        self._show_moves()
        self.side.setVisible(some)

    def point_at(self, target: dict[str, Any]) -> None:
        """`topic`: the id of a topic to select."""
        self.pane.tree.pick(target.get("topic"))

    def sees(self) -> str:
        line = self.pane.tree.current()
        return f"Topics, {line.name}" if line else "Topics"

    def _connect(self) -> None:
        self.proposal.accepted.connect(self._accept)
        self.proposal.discarded.connect(self._discard)
        self.proposal.compared.connect(self.pane.compare)
        self.review.decided.connect(lambda *choice: self.act(self._decide(*choice)))
        pane = self.pane
        pane.recut.connect(lambda k: self.act(self.app.call("recut_proposal", k=k)))
        pane.shown.connect(self._show_examples)
        pane.add_asked.connect(lambda: self.act(self._add()))
        pane.merge_asked.connect(lambda: self.act(self._merge()))
        pane.delete_asked.connect(lambda: self.act(self._delete()))
        pane.tree.deleted.connect(lambda: self.act(self._delete()))
        pane.tree.renamed.connect(lambda *edit: self.act(self._rename(*edit)))
        pane.tree.dropped.connect(lambda *drop: self.act(self._drop(*drop)))
        pane.tree.picked.connect(self._show_examples)

    def _starts(self) -> list[kit.Entry]:
        made = [
            kit.Entry(
                name.replace("_", " ").capitalize(), partial(self._generate, "template", name)
            )
            for name in template_names()
        ]
        return [
            kit.Entry("The data", self._propose),
            kit.Entry("A template", below=made),
            kit.Entry("A label field of the records", partial(self._generate, "labels")),
            kit.Entry("With the model…", lambda: self.act(self._ask_model()), tip=MODEL_TIP),
            kit.Entry("A list of my own…", lambda: self.act(self._by_hand())),
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
        text = await dialogs.ask_text(self, "Topics by hand", OWN_LIST, lines=True)
        if text:
            nodes = [node.model_dump() for node in from_text(text)]
            await self.app.call("apply_topic_hierarchy", hierarchy=nodes)

    def _accept(self) -> None:
        self.act(self.app.call("apply_topic_hierarchy"), button=self.proposal.accept)

    def _discard(self) -> None:
        self.act(self.app.call("discard_proposal"), button=self.proposal.discard)

    async def _decide(self, record_id: int, topic: int | None) -> None:
        try:
            chosen = "" if topic is None else topic
            await self.app.call("assign_topic", record_ids=[record_id], topic=chosen)
        finally:
            self.review.release()

    async def _add(self) -> None:
        line = self.pane.tree.current()
        parent = line.path[:-1] if line and line.leaf else line.path if line else ()
        where = f"A topic below “{shown(parent)}”:" if parent else "A topic at the top:"
        name = await dialogs.ask_text(self, "Add a topic", where)
        if name:
            parent_id = next((t.id for t in self.snapshot.topics if t.path == parent), None)
            await self.app.call("add_topic", name=name, parent_id=parent_id)

    async def _rename(self, topic_id: int, name: str) -> None:
        try:
            await self.app.call("rename_topic", topic_id=topic_id, name=name)
        except AppError:
            self.pane.show_snapshot(self.snapshot)  # the refused name gives way to the old one
            raise

    async def _merge(self) -> None:
        into = self.pane.tree.current()
        ids = [line.key for line in self.pane.tree.selected()]
        if into is not None:
            await self.app.call("merge_topics", topic_ids=ids, into=into.key)

    async def _delete(self) -> None:
        known = {topic.id for topic in self.snapshot.topics}
        ids = [line.key for line in self.pane.tree.selected() if line.key in known]
        if ids:
            await self.app.call("delete_topics", topic_ids=ids)

    async def _drop(self, topic_id: int, target: int | None, where: str) -> None:
        """Between topics: there; onto a group: below it; onto a leaf with records: asks."""
        place = next((t for t in self.snapshot.topics if t.id == target), None)
        if place is None:
            await self._move(topic_id, None, len(self.snapshot.topics))
        elif where == "on":
            await self._drop_on(topic_id, place.id)
        else:
            parent = next((t.id for t in self.snapshot.topics if t.path == place.path[:-1]), None)
            siblings = [t.id for t in self.snapshot.topics if t.path[:-1] == place.path[:-1]]
            siblings = [sibling for sibling in siblings if sibling != topic_id]
            position = siblings.index(place.id) + (1 if where == "below" else 0)
            await self._move(topic_id, parent, position)

    async def _drop_on(self, topic_id: int, target: int) -> None:
        line = next((x for x in leaf_lines(self.snapshot.lines) if x.key == target), None)
        if line is not None and line.records:
            moved = next(t for t in self.snapshot.topics if t.id == topic_id)
            text = f"“{line.name}” has {line.records:,} records of its own."
            title = f"Merge “{moved.name}” into “{line.name}”, or put it below?"
            answer = await dialogs.choose(
                self, title, text, answers=[("Merge", "primary"), ("Put below", ""), ("Cancel", "")]
            )
            if answer == 0:
                await self.app.call("merge_topics", topic_ids=[topic_id], into=target)
            if answer != 1:
                return
        await self._move(topic_id, target, len(self.snapshot.topics))

    async def _move(self, topic_id: int, parent: int | None, position: int) -> None:
        await self.app.call(
            "move_topics", topic_ids=[topic_id], parent_id=parent, position=position
        )

    def _show_moves(self) -> None:
        """The places a topic can be moved to without a mouse."""
        end = len(self.snapshot.topics)
        entries = [kit.Entry("The top", lambda: self._move_current(None, end))]
        entries += [
            kit.Entry(topic.words, partial(self._move_current, topic.id, end))
            for topic in self.snapshot.topics
            if not topic.leaf
        ]
        kit.set_entries(self.pane.move_to, entries)

    def _move_current(self, parent: int | None, position: int) -> None:
        if (line := self.pane.tree.current()) is not None and isinstance(line.key, int):
            self.act(self._move(line.key, parent, position))

    def _show_records(self) -> None:
        if (line := self.pane.tree.current()) is not None:
            self.go.emit("records", {"topic": line.key})

    def _show_examples(self) -> None:
        line = self.pane.tree.current()
        self.examples.setVisible(line is not None)
        if line is None:
            return
        self._draw_examples(line, line.exemplars)
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
            thin=line.leaf and line.records < self.snapshot.quota,
        )
        self.examples.records.setVisible(not self.pane.proposed and bool(line.records))
