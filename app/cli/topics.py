"""The command on topics: print them, write them to a file, propose those of a file."""

import argparse
import shlex

from app.cli.output import Progress, emit
from app.domain.plain import visible
from app.domain.topic_text import to_text
from app.domain.topics import TopicNode, build_tree
from app.domain.wording import count
from app.store import topics as store
from app.store.database import Tx
from app.tools.proposals import Proposal
from app.tools.topic_files import TopicsWritten
from app.wiring import App

APPLY = "rft-studio call apply_topic_hierarchy"


async def topics(arguments: argparse.Namespace) -> int:
    """Print the topics; with a file, write them to it or make its topics the pending proposal."""
    app = await App.start()
    progress = Progress(app)
    try:
        await app.open((await app.library.get(arguments.dataset)).id)
        if arguments.export is not None:
            written = await app.call("export_topics", path=str(arguments.export.absolute()))
            assert isinstance(written, TopicsWritten)
            emit(written) if arguments.json else print(_written(written))
        elif arguments.import_ is not None:
            made = await app.call("import_topics", path=str(arguments.import_.absolute()))
            assert isinstance(made, Proposal)
            emit(made) if arguments.json else _tell(made, arguments.dataset)
        else:
            assert app.session is not None
            tree = await app.session.store.read(_tree)
            emit([n.model_dump() for n in tree]) if arguments.json else print(
                visible(to_text(tree))
            )
    finally:
        progress.close()
        await app.close()
    return 0


def _written(written: TopicsWritten) -> str:
    return f"{visible(str(written.path))}: {count(written.topics, 'topic')}"


def _tell(proposal: Proposal, dataset: str) -> None:
    """What would change, and how to apply it."""
    for entry in proposal.diff.entries:
        paths = [" / ".join(path) for path in (entry.old, entry.new) if path]
        print(visible(f"{entry.kind:8}{' -> '.join(paths)}"))
    apply = f"{APPLY} --dataset {shlex.quote(dataset)} --yes"
    print(visible(f"{proposal.diff.summary}. Nothing is applied yet: {apply}"))


def _tree(tx: Tx) -> list[TopicNode]:
    return build_tree(store.all_topics(tx))
