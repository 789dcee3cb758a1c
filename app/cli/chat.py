"""The command that talks: the same assistant in the terminal, lines in and the conversation out.

Interactive, a line acts at once; piped, each line waits for the end of the turn before it, and the
end of the input waits for a training that runs. A number answers the last question, `y` and `n` the
card that is open; any other piped line leaves a card not approved. `/stop` ends the turn, `/wait`
waits for the training, `/help`, `/quit`. Ctrl+C stops the turn, a second one ends the chat.

With `--json` each line of the output is an event:

| event | fields |
|---|---|
| `opened` | dataset, name, records, connection, model, agent (the last three null: guided) |
| `said` | key, text, answers (the key of the question it answers, or empty) |
| `text` | reply, text: the next words of a model; the `message` of the same reply has them all |
| `message` | text (Markdown), reply (empty: the guide's), stopped |
| `tool_started` | key, tool |
| `tool_finished` | key, tool, result, tone (good, warn, bad), details, reply, arguments |
| `approval_asked` | key, tool, step, title, rows, verb, note, warning |
| `approval_answered` | key, tool, yes, how |
| `question` | key, text, form (select, multiselect, text), options, chosen, answer |
| `choice` | key, index, answer |
| `chart`, `tree`, `show`, `queued`, `withdrawn` | what a window would draw or open |
| `waits` | seconds, reason |
| `usage` | model, prompt_tokens, answer_tokens, cost, estimated |
| `note`, `error` | text, of the chat itself |
| `turn_ended` | none: the next line is taken |

and a line of the input may be an object: `{"say": text}`, `{"approve": key, "yes": true}`,
`{"choose": key, "index": 0}`, `{"answer": key, "text": text}`, `{"stop": true}`, `{"wait": true}`,
`{"quit": true}`.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from app.agent.definition import find_agent
from app.agent.speaker import GUIDED
from app.cli.chat_output import JsonLines, Output, Writer
from app.cli.chat_talk import Talk
from app.cli.chat_text import Transcript, is_terminal
from app.cli.output import Progress
from app.errors import InputError
from app.tools.base import TOOLS
from app.wiring import App

CONSENT = "send_to_host"  # the card that is no tool's: whether excerpts may go to a host


async def chat(arguments: argparse.Namespace) -> int:
    """Talk about a dataset until the input ends; raises Stopped after a second Ctrl+C."""
    app = await App.start()
    interactive = is_terminal() and not arguments.json
    writer = Writer(lambda error: talk.end(error))
    output: Output = JsonLines(writer)
    if not arguments.json:
        output = Transcript(writer, terminal=interactive)
    talk = Talk(app, output, frozenset(arguments.yes), json=arguments.json, interactive=interactive)
    progress = Progress(app, when=lambda: bool(talk.assistant.calling), in_place=False)
    try:
        await _prepare(app, arguments, output)
        await talk.open(await _dataset(app, arguments.dataset))
        _on_interrupt(talk)
        await talk.run()
        return 0
    finally:
        await talk.close()
        progress.close()
        await app.close()


async def _prepare(app: App, arguments: argparse.Namespace, output: Output) -> None:
    """Check what was approved beforehand, and who is to answer; raises InputError."""
    if unknown := set(arguments.yes) - set(TOOLS) - {CONSENT}:
        raise InputError(f"--yes: there is no tool named {min(unknown)!r}.")
    wanted = arguments.agent
    if not wanted:
        return
    if wanted != GUIDED:
        for remark in (await find_agent(app.home, wanted)).remarks:
            output.note(f"{wanted}: {remark}.")
    app.settings.agent = wanted


async def _dataset(app: App, wanted: str) -> str:
    """The id of the dataset of that name or id; a file is imported as a new one."""
    try:
        return (await app.library.get(wanted)).id
    except InputError:
        if not Path(wanted).is_file():
            raise
    return (await app.import_file(Path(wanted))).dataset


def _on_interrupt(talk: Talk) -> None:
    """Ctrl+C is the talk's from now on."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, talk.interrupt)
    except NotImplementedError:  # Windows: Python's own handler runs between any two lines
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(talk.interrupt))


def tools(text: str) -> tuple[str, ...]:
    """The names in `--yes A,B`; whether there are such tools is known once they are loaded."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
