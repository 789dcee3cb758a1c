"""The command line: arguments in, exit code out (0 done, 1 failed, 2 input, 3 gate, 130 stopped)."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from app import __version__, paths
from app.cli import audit, chat, commands, doctor, files, records, run, serve, topics
from app.errors import AppError, DeclinedError, GateError, InputError, Stopped, ToolError
from app.importing.exporters.base import formats
from app.wiring import log_to_file

OK, FAILED, BAD_INPUT, AT_A_GATE, STOPPED = 0, 1, 2, 3, 130
STEPS = ("dry_run", "training", "deployment")
Command = Callable[[argparse.Namespace], Awaitable[int]]


def main(argv: list[str]) -> int:
    """Run one command and return its exit code; what went wrong is one sentence on stderr."""
    arguments = parser().parse_args(argv)
    command: Command = arguments.command
    try:
        if command is not doctor.doctor:  # which examines the user folder itself
            log_to_file(paths.home())
        return asyncio.run(_interruptible(command(arguments)))
    except (KeyboardInterrupt, asyncio.CancelledError, Stopped):
        return _say("Stopped. What was finished is kept.", STOPPED)
    except (GateError, DeclinedError) as error:
        return _say(str(error), AT_A_GATE)
    except (InputError, ToolError) as error:
        return _say(str(error), BAD_INPUT)
    except AppError as error:
        return _say(str(error), FAILED)
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except OSError as error:
        return _say(f"{error.filename or 'The system'}: {error.strerror}.", FAILED)
    except Exception:  # boundary: a bug is told as such, its trace goes to the log
        logging.getLogger(__name__).critical("a bug", exc_info=True)
        return _say("Something went wrong inside RFT Studio; see rft-studio.log.", FAILED)


async def _interruptible(work: Awaitable[int]) -> int:
    """Ctrl+C and TERM cancel the command, so that workers end and files are closed."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(sign, task.cancel)
        except NotImplementedError:  # Windows has no such handlers; Ctrl+C raises there
            break
    return await task


def _say(text: str, code: int) -> int:
    print(f"rft-studio: {text}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments and help."""
    top = argparse.ArgumentParser(
        prog="rft-studio",
        description="Reinforcement fine-tuning on your own machine. Without arguments: the window.",
        epilog="RFT_STUDIO_HOME moves the user folder. Exit codes: 0 done, 1 failed, 2 bad input, "
        "3 stopped at a gate (NO-GO, unaccepted WARNING, no grader, not approved), 130 stopped.",
    )
    top.add_argument("--version", action="version", version=f"rft-studio {__version__}")
    sub = top.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Command, text: str, *, json: bool = True
    ) -> argparse.ArgumentParser:
        one = sub.add_parser(name, help=text, description=text)
        one.set_defaults(command=command)
        if json:
            one.add_argument("--json", action="store_true", help="machine-readable output")
        return one

    one = add("run", run.run, "Walk all seven steps from a file to a deployed model.")
    one.add_argument("file", type=Path, help="JSONL records")
    one.add_argument("--goal", required=True, help="what the model should do well, in one line")
    one.add_argument("--grader", type=Path, help="grader JSON; without it suggestions are printed")
    one.add_argument("--yes", type=_steps, default=(), help=f"approve: {','.join(STEPS)}")
    one.add_argument("--accept-warning", action="store_true", help="train on a WARNING")
    one.add_argument("--out", type=Path, help="folder for report.json, report.md and the model")
    one.add_argument("--name", help="name of the dataset")
    one.add_argument("--seed", type=int, default=None)
    one.add_argument("--preset", choices=("fast", "standard"), default=None)

    one = add("import", records.import_, "Import files, as new datasets or into one there is.")
    one.add_argument("file", type=Path, nargs="+")
    one.add_argument("--name", help="of the new dataset; several files then go into that one")
    one.add_argument(
        "--map",
        metavar="PART=COLUMN,...",
        help="for an unknown shape: user=question,reference=answer",
    )
    one.add_argument("--into", metavar="DATASET", help="append to this dataset (name or id)")
    one.add_argument("--replace", action="store_true", help="in place of it; it goes to the trash")
    one.add_argument(
        "--duplicates", choices=("skip", "mark"), default="skip",
        help="when appending, records that are there already: leave out, or add and mark",
    )  # fmt: skip
    one = add(
        "chat", chat.chat, "Talk with the assistant about a dataset, by lines of standard input."
    )
    one.add_argument("dataset", help="name or id, or a file to import")
    one.add_argument(
        "--agent", default="", metavar="FILE", help="an agent's file or name; or guided"
    )
    one.add_argument(
        "--yes", type=chat.tools, default=(), metavar="TOOL,...", help="answer yes to these cards"
    )
    one = add("validate", files.validate, "Check every line of a file; nothing is stored.")
    one.add_argument("file", type=Path)
    one = add("grade", files.grade, "Grade answers with a grader file.")
    one.add_argument("grader", type=Path)
    one.add_argument("answers", type=Path, help='lines {"item": {...}, "sample": {"output_text"}}')
    one = add("stats", commands.stats, "The datasets, or one of them in numbers.")
    one.add_argument("dataset", nargs="?", help="name or id")
    one = add("records", records.list_records, "List the records that a filter line names.")
    one.add_argument("dataset", help="name or id")
    one.add_argument("--query", default="", help='words and filters: refund "a phrase" is:invalid')
    one.add_argument("--limit", type=int, default=20, help="1 to 1000")
    one = add("topics", topics.topics, "Print a dataset's topics, or move them by a file.")
    one.add_argument("dataset", help="name or id")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--text", action="store_true", help="an indented list; this is the default")
    what.add_argument("--export", type=Path, metavar="FILE", help="write them: .json, .txt or .md")
    what.add_argument(
        "--import", dest="import_", type=Path, metavar="FILE",
        help="propose those of a file, and say what would change",
    )  # fmt: skip
    one = add("call", commands.call, "Call one tool on a dataset.")
    one.add_argument("tool")
    one.add_argument("arguments", nargs="?", default="{}", help="JSON object")
    one.add_argument("--dataset", help="name or id; default: the last opened")
    one.add_argument("--yes", action="store_true", help="approve what the tool asks")
    one = add("audit", audit.audit, "What the assistant did in a dataset, newest first.")
    one.add_argument("dataset", help="name or id")
    one.add_argument("--limit", type=int, default=200, help="rows, the newest")
    one = add("serve", serve.serve, "Serve a dataset's deployed model until Ctrl+C.")
    one.add_argument("dataset", nargs="?", help="name or id; default: the last opened")
    one.add_argument("--port", type=int)
    one = add("export", commands.export, "Export a dataset's tuned model.")
    one.add_argument("dataset")
    one.add_argument("folder", type=Path)
    one = add("export-records", records.export_records, "Write a dataset's records to a file.")
    one.add_argument("dataset", help="name or id")
    one.add_argument("file", type=Path)
    one.add_argument("--format", choices=tuple(formats()), help="default: by the file's ending")
    one.add_argument("--query", default="", help="only records that this filter line names")
    one.add_argument("--labels", action="store_true", help="add topic, split and tags to JSONL")
    one = add("doctor", doctor.doctor, "Check this installation and the user folder.")
    one.add_argument("--repair", action="store_true", help="mend datasets; damaged files are kept")
    return top


def _steps(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [part for part in chosen if part not in STEPS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(STEPS)}")
    return chosen
