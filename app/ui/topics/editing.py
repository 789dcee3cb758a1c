"""What each edit of the topic tree does: asks where it must, then one tool call, so one undo."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication

from app.domain.topic_text import from_text, to_json
from app.domain.topic_tree import Tree
from app.domain.topics import TopicNode, shown
from app.domain.wording import count
from app.store import topics
from app.store.database import Tx
from app.ui import dialogs
from app.ui.kit.buttons import Kind
from app.ui.panel import Panel
from app.ui.topics import moves
from app.ui.topics.asks import ask_parts, ask_target
from app.ui.topics.commands import merged_into
from app.ui.topics.lines import Line
from app.ui.topics.moves import Move
from app.ui.topics.tree import TopicTree

WRITTEN = "Topics as JSON (*.json);;Topics as indented text (*.txt)"
READ = "Topics (*.json *.txt *.md);;All files (*)"
ANSWERS: list[tuple[str, Kind]] = [("Merge", "primary"), ("Put below", ""), ("Cancel", "")]
LIST = """One topic a line; indent to put it below the line above.
A description may follow after “::”."""
Work = Coroutine[Any, Any, None]


class Editing:
    """The edits of the topics selected in a tree; what fails shows as the panel's banner."""

    def __init__(self, panel: Panel, tree: TopicTree, quota: Callable[[], int]) -> None:
        """`quota`: the number of records wanted in a topic without one of its own."""
        self._panel, self._tree, self._quota = panel, tree, quota
        self._one_by_one = asyncio.Lock()  # a key held down moves on from where the last move ended
        self._made: int | None = None  # to be selected once it is shown

    def actions(self) -> dict[str, Callable[[], object]]:
        """What each edit of the table in `commands` does, by its name."""
        does: dict[str, Callable[[], Work]] = {
            "add": self._add,
            "add_below": partial(self._add, below=True),
            "add_list": self._add_list,
            "describe": self._describe,
            "target": self._set_target,
            "lock": self._lock,
            "merge": self._merge,
            "split": self._split,
            "paste": self._paste,
            "delete": self._delete,
            "import": self._import,
            "export": self._export,
        }
        steps: dict[str, Callable[[Tree, list[int]], Move | None]] = {
            "up": partial(moves.shifted, by=-1),
            "down": partial(moves.shifted, by=1),
            "indent": moves.indented,
            "outdent": moves.outdented,
        }
        return {
            **{name: partial(self._start, work) for name, work in does.items()},
            **{name: partial(self._start, partial(self._step, s)) for name, s in steps.items()},
            "rename": self._tree.rename,
            "cut": self._cut,
            "uncut": lambda: self._tree.show_cut(()),
            "all": self._tree.selectAll,
            "unfold": partial(self._tree.fold, open_=True),
            "fold": partial(self._tree.fold, open_=False),
        }

    def set_color(self, color: int) -> None:
        self._start(partial(self._set, color=color))

    def rename(self, topic_id: int, name: str) -> None:
        """What was typed in place."""
        self._panel.act(self._call("rename_topic", topic_id=topic_id, name=name))

    def drop(self, move: Move) -> None:
        """What was dropped by the mouse."""
        self._panel.act(self._move(move))

    def bring(self) -> None:
        """Topics from a file, as a proposal."""
        self._start(self._import)

    def show_made(self) -> None:
        """Select what was just made, if the tree shows it by now."""
        if self._made is not None and self._tree.topics.index_of(self._made).isValid():
            self._tree.pick(self._made)
            self._made = None

    def start_over(self) -> None:
        """Another dataset is open: ids mean other topics there."""
        self._made = None

    def _start(self, work: Callable[[], Work]) -> None:
        self._panel.act(work())

    async def _call(self, tool: str, **arguments: Any) -> Any:
        return await self._panel.app.call(tool, **arguments)

    async def _stored(self) -> Tree:
        """The topics as they are now; what is shown may be a moment older."""
        return await self._panel.app.session.store.read(_read_tree)

    async def _add(self, *, below: bool = False) -> None:
        line = self._tree.selected_one() if below else self._tree.current()
        parent_id = self._parent(
            line, below=below
        )  # now: the topics may be others when it is named
        parent = () if line is None else line.path if below else line.path[:-1]
        where = f"A topic below “{shown(parent)}”:" if parent else "A topic at the top:"
        name = await dialogs.ask_text(self._panel, "Add a topic", where)
        if name:
            self._made = (await self._call("add_topic", name=name, parent_id=parent_id)).topic_id
            self.show_made()

    def _parent(self, line: Line | None, *, below: bool) -> int | None:
        if line is None:
            return None
        key = line.key if below else self._tree.topics.lines.above[line.key]
        return key if isinstance(key, int) else None

    async def _add_list(self) -> None:
        line = self._tree.current()
        parent = self._parent(line, below=line is not None and not line.leaf)
        where = self._tree.topics.tree.by_id.get(parent or 0)
        place = f"Below “{where.name}”. " if where is not None else "At the top. "
        title = "Add a list of topics"
        text = await dialogs.ask_text(self._panel, title, f"{place}{LIST}", lines=True)
        if text:
            await self._propose_below(parent, text)

    async def _propose_below(self, parent: int | None, text: str) -> None:
        """These topics and those in use, as a proposal: its card says what comes, and asks."""
        stored = await self._stored()
        await self.propose(await asyncio.to_thread(_with, stored, parent, text))

    async def propose(self, nodes: Sequence[TopicNode]) -> None:
        """Make this hierarchy the pending proposal."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "topics.json"
            await asyncio.to_thread(path.write_text, to_json(nodes), "utf-8")
            await self._call("import_topics", path=str(path))

    async def _describe(self) -> None:
        line = self._tree.selected_one()
        if line is None:
            return
        text = await dialogs.ask_text(
            self._panel,
            f"Describe “{line.name}”",
            "What belongs here. It helps to find the records of this topic.",
            text=line.description,
            lines=True,
            may_be_empty=True,
        )
        if text is not None and text != line.description:
            await self._call("describe_topic", topic_id=line.key, description=text)

    async def _set_target(self) -> None:
        lines = self._tree.selected()
        changed = await ask_target(self._panel, lines, self._quota()) if lines else {}
        clear = [name for name, value in changed.items() if value is None]
        given = {name: value for name, value in changed.items() if value is not None}
        if changed:
            await self._set_of(lines, clear=clear, **given)

    async def _lock(self) -> None:
        lines = self._tree.selected()
        await self._set_of(lines, locked=not all(line.mark.locked for line in lines))

    async def _set(self, **values: Any) -> None:
        await self._set_of(self._tree.selected(), **values)

    async def _set_of(self, lines: Sequence[Line], **values: Any) -> None:
        if lines:
            await self._call("set_topics", topic_ids=[line.key for line in lines], **values)

    async def _merge(self) -> None:
        lines, ids = self._tree.selected(), self._tree.selected_ids()
        if len(ids) > 1:
            into = merged_into(lines, self._tree.current())
            await self._call("merge_topics", topic_ids=ids, into=into.key)

    async def _split(self) -> None:
        line = self._tree.selected_one()
        if line is None:
            return
        wanted, parts = await ask_parts(self._panel, line)
        if wanted:
            await self._call("split_topic", topic_id=line.key, parts=parts)

    async def _delete(self) -> None:
        if ids := self._tree.selected_ids():
            await self._call("delete_topics", topic_ids=ids)

    def _cut(self) -> None:
        self._tree.show_cut(self._tree.selected_ids())

    async def _paste(self) -> None:
        """What was cut: into the group with the focus, beside the leaf; else a list from the
        clipboard, as a proposal."""
        stored = await self._stored()
        cut = [key for key in self._tree.cut if key in stored.by_id]
        line = self._tree.current()
        if not cut:
            if text := QGuiApplication.clipboard().text().strip():
                below = line is not None and not line.leaf
                await self._propose_below(self._parent(line, below=below), text)
            return
        if line is None or not isinstance(line.key, int):
            move = moves.before(stored, cut, None, None)
        elif line.leaf:
            move = moves.beside(stored, cut, line.key)
        else:
            move = moves.before(stored, cut, line.key, None)
        await self._move(move)
        self._tree.show_cut(())

    async def _step(self, step: Callable[[Tree, list[int]], Move | None]) -> None:
        ids = self._tree.selected_ids()
        async with self._one_by_one:
            stored = await self._stored()
            move = step(stored, [i for i in ids if i in stored.by_id])
            if move is not None:
                await self._move(move)

    async def _move(self, move: Move) -> None:
        """Below a leaf with records: asks first, since a group holds no records itself."""
        stored = await self._stored()
        if not moves.changes(stored, move):
            return
        line = self._tree.topics.lines.by_key.get(move.parent_id or 0)
        if line is not None and line.leaf and line.records and move.parent_id in stored.by_id:
            moved = [stored.get(topic_id).name for topic_id in move.topic_ids]
            what = f"“{moved[0]}”" if len(moved) == 1 else f"{len(moved):,} topics"
            title = f"Merge {what} into “{line.name}”, or put below?"
            text = (
                f"“{line.name}” has {count(line.records, 'record')} of its own. A topic with others "
                "below it holds none: put below, what it has becomes uncategorised."
            )
            answer = await dialogs.choose(self._panel, title, text, answers=ANSWERS)
            if answer == 0:
                ids = list(move.topic_ids)
                await self._call("merge_topics", topic_ids=ids, into=move.parent_id)
            if answer != 1:
                return
        await self._call(
            "move_topics",
            topic_ids=list(move.topic_ids),
            parent_id=move.parent_id,
            position=move.position,
        )

    async def _import(self) -> None:
        path = await dialogs.open_file(self._panel, "Import topics", filters=READ)
        if path is not None:
            await self._call("import_topics", path=str(path))

    async def _export(self) -> None:
        path = await dialogs.save_file(
            self._panel, "Export topics", name="topics.json", filters=WRITTEN
        )
        if path is not None:
            await self._call("export_topics", path=str(path))


def _read_tree(tx: Tx) -> Tree:
    return Tree(topics.all_topics(tx))


def _with(stored: Tree, parent: int | None, text: str) -> list[TopicNode]:
    """The stored hierarchy with those of a list added below `parent`; raises ToolError for a line
    that is no topic."""
    added = from_text(text)

    def below(topic_id: int | None) -> list[TopicNode]:
        known = [
            TopicNode(name=t.name, description=t.description, children=below(t.id))
            for t in stored.children(topic_id)
        ]
        return known + (added if topic_id == parent else [])

    return below(None)
