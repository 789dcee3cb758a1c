"""Commands on datasets: their numbers, any tool, exports."""

import argparse
import sys

from app.cli.output import Progress, emit, say
from app.errors import InputError
from app.store.library import DatasetInfo
from app.tools.base import TOOLS, Approver, Card
from app.wiring import App


async def stats(arguments: argparse.Namespace) -> int:
    """All datasets, or one in numbers."""
    app = await App.start()
    try:
        if not arguments.dataset:
            found = await app.library.datasets()
            if arguments.json:
                emit([info.model_dump() for info in found])
            for info in [] if arguments.json else found:
                print(f"{info.id}  {info.records:>9,} records  {info.name}")
            return 0
        await app.open((await app.library.get(arguments.dataset)).id)
        value = await app.call("get_dataset_stats")
        if arguments.json:
            emit(value)
        else:
            for key, number in value.model_dump().items():
                print(f"{key.replace('_', ' '):16} {number}")
        return 0
    finally:
        await app.close()


async def call(arguments: argparse.Namespace) -> int:
    """Call any tool; its result is printed as JSON."""
    app = await App.start()
    progress = Progress(app)
    try:
        tool = TOOLS[arguments.tool]
        await app.open((await chosen(app, arguments.dataset)).id)
        context = app.context("command line", approver(approve_all=arguments.yes))
        emit(await tool(context, arguments.arguments))
        return 0
    finally:
        progress.close()
        await app.close()


async def export(arguments: argparse.Namespace) -> int:
    """Write the tuned model as a Hugging Face folder."""
    app = await App.start()
    progress = Progress(app)
    try:
        await app.open((await app.library.get(arguments.dataset)).id)
        result = await app.call("export_model", folder=str(arguments.folder.absolute()))
        emit(result) if arguments.json else print(result.model_dump()["path"])
        return 0
    finally:
        progress.close()
        await app.close()


async def chosen(app: App, wanted: str | None) -> DatasetInfo:
    """The dataset named, or the last opened; raises InputError when there is none."""
    if wanted:
        return await app.library.get(wanted)
    found = await app.library.datasets()
    if not found:
        raise InputError("There is no dataset yet. Import a file first.")
    return found[0]


def approver(*, approve_all: bool = False, steps: tuple[str, ...] = ()) -> Approver:
    """Answers cards: yes where the command line said so, else a question on a terminal, else no."""

    async def approve(card: Card) -> bool:
        say(f"{card.title}")
        for label, value in card.rows:
            say(f"  {label}: {value}")
        if card.warning:
            say(f"  Note: {card.warning}")
        if approve_all or card.step in steps:
            return True
        if not sys.stdin.isatty():
            say(f"  Not approved. Add --yes {card.step or ''}".rstrip() + ".")
            return False
        say(f"{card.verb}? [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return approve
