"""Topics by file: written, read back as a proposal with its difference, refused with the line."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.topic_text import to_text
from app.domain.topics import build_tree
from app.errors import InputError, ToolError
from app.store import records, topics
from tests.tools.conftest import OpenApp


async def tree_text(app: Any) -> str:
    return to_text(build_tree(await app.session.store.read(topics.all_topics)))


async def some(app: Any) -> None:
    cards = (await app.call("add_topic", name="Cards", description="all of them")).topic_id
    lost, _ = [
        (await app.call("add_topic", name=name, parent_id=cards)).topic_id
        for name in ("Lost", "New")
    ]
    await app.call("set_topics", topic_ids=[lost], target=0.3, quota=20, color=4, locked=True)


@pytest.mark.parametrize("ending", [".json", ".txt", ".md"])
async def test_what_is_exported_can_be_imported_elsewhere(
    program: OpenApp, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"topics{ending}"
    async with program() as app:
        await some(app)
        assert (await app.call("export_topics", path=str(file))).topics == 2
        same = await app.call("import_topics", path=str(file))
        assert same.diff.empty
        assert same.diff.kept == 3
        before = await tree_text(app)
        await app.call("delete_topics", topic_ids=[1])
        other = await app.call("import_topics", path=str(file))
        assert other.diff.summary == "3 added"
        await app.call("apply_topic_hierarchy")
        assert await tree_text(app) == before


async def test_parts_of_an_imported_tree_are_taken(program: OpenApp, tmp_path: Path) -> None:
    file = tmp_path / "topics.txt"
    file.write_text("# Cards\n- Lost\n- Stolen\n# Fees\n")
    async with program() as app:
        await some(app)
        proposal = await app.call("import_topics", path=str(file))
        entries = {(e.kind, (e.new or e.old)[-1]): e.id for e in proposal.diff.entries}
        assert set(entries) == {("added", "Stolen"), ("added", "Fees"), ("removed", "New")}
        await app.call("apply_topic_hierarchy", changes=[entries["added", "Stolen"]])
        names = [t.name for t in await app.session.store.read(topics.all_topics)]
        assert sorted(names) == ["Cards", "Lost", "New", "Stolen"]
        with pytest.raises(ToolError, match="no proposal"):
            await app.call("apply_topic_hierarchy", changes=[entries["added", "Fees"]])


async def test_bad_files_are_refused_with_the_line(program: OpenApp, tmp_path: Path) -> None:
    async with program() as app:
        for name, content, said in (
            ("a.txt", b"Cards\n  Lost\n  lost\n", "a.txt: Line 3: two topics under Cards"),
            ("b.json", b'[{"name": "A"},\n{]', "b.json: Line 2: this is no JSON"),
            ("c.txt", b"Cards\n\xff\xfe\n", "c.txt: line 2 is not UTF-8"),
            ("d.txt", b"\n", "d.txt: The hierarchy has no topics"),
            ("e.json", b'[{"name":"A"},{"name":"a"}]', "are both named 'a'"),
        ):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(InputError, match=said):
                await app.call("import_topics", path=str(tmp_path / name))
        with pytest.raises(InputError, match=r"gone\.txt: No such file"):
            await app.call("import_topics", path=str(tmp_path / "gone.txt"))
        with pytest.raises(ToolError, match=r"ends in \.json"):
            await app.call("import_topics", path=str(tmp_path / "topics.csv"))
        with pytest.raises(ToolError, match="no topics to export"):
            await app.call("export_topics", path=str(tmp_path / "x.json"))


async def test_locked_topics_and_their_records_survive_proposing_again(program: OpenApp) -> None:
    async with program() as app:
        read = app.session.store.read
        kept = (await app.call("add_topic", name="My own", description="kept")).topic_id
        mine = list(range(1, 25, 3))
        await app.session.store.write("Fill", topics.assign, mine, kept, source="auto")
        await app.call("set_topics", topic_ids=[kept], locked=True)
        for method in ("labels", "auto"):
            proposal = await app.call("generate_topics", method=method)
            assert not proposal.diff.removed
            await app.call("apply_topic_hierarchy")
            (own,) = [t for t in await read(topics.all_topics) if t.id == kept]
            assert (own.name, own.locked) == ("My own", True)
            spec = records.RecordFilter(topic_ids=(kept,))
            assert set(mine) <= set(await read(records.ids, spec))
            placed = {i for node in proposal.hierarchy for i in node.record_ids}
            assert method == "labels" or placed.isdisjoint(mine)
