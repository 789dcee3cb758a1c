"""Tools that write the topics to a file and read them from one; what is read is a proposal."""

import asyncio
from pathlib import Path

from pydantic import BaseModel

from app.domain.topic_text import from_json, from_text, to_json, to_text
from app.domain.topics import MAX_TOPICS, TopicNode, build_tree, leaves, validate_hierarchy
from app.errors import InputError, ToolError
from app.store import topics
from app.store.database import Tx
from app.tools import proposals
from app.tools.base import Context, tool
from app.tools.proposals import Proposal
from app.workers import write_atomic

JSON, TEXT = (".json",), (".txt", ".md")
MOST_BYTES = 10_000_000  # 10,000 topics with long descriptions


class TopicsWritten(BaseModel):
    path: str
    topics: int


@tool(for_models=False)
async def export_topics(ctx: Context, path: str) -> TopicsWritten:
    """Write the topics in use with descriptions, colours, targets, quotas and locks: as JSON (.json) or
    as an indented list (.txt, .md)."""
    file = _file(path)
    written = to_json if file.suffix.lower() in JSON else to_text
    tree = await ctx.open.store.read(_tree)
    await asyncio.to_thread(lambda: write_atomic(file, written(tree).encode() + b"\n"))
    return TopicsWritten(path=str(file), topics=len(leaves(tree)))


@tool(for_models=False)
async def import_topics(ctx: Context, path: str) -> Proposal:
    """Propose the topics of a file (.json, .txt, .md), without applying them; they take the place of a
    pending proposal."""
    file = _file(path)
    nodes = await asyncio.to_thread(_read, file)
    return await proposals.keep(ctx, "import", nodes, note=f"From the file {file.name}.")


def _file(path: str) -> Path:
    file = Path(path).expanduser()
    if file.suffix.lower() not in JSON + TEXT:
        raise ToolError(f"{file.name}: topics are kept in a file that ends in .json, .txt or .md.")
    return file


def _tree(tx: Tx) -> list[TopicNode]:
    if not (tree := build_tree(topics.all_topics(tx))):
        raise ToolError("There are no topics to export yet.")
    return tree


def _read(file: Path) -> list[TopicNode]:
    """The topics in a file. Raises InputError naming the file, and the line that cannot be read."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file.name} is larger than {MOST_BYTES // 1_000_000} MB.")
        text = file.read_bytes().decode("utf-8-sig")
        nodes = from_json(text) if file.suffix.lower() in JSON else from_text(text)
        return validate_hierarchy(nodes, max_leaves=MAX_TOPICS)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{file.name}: line {line} is not UTF-8.") from error
    except ToolError as error:
        raise InputError(f"{file.name}: {error}") from error
