"""The stored conversation as a connected model reads it, cut to a budget; nothing is stored twice.

Every tool call of the model stands with its answer, whatever ended the turn: an endpoint refuses a
history in which one is missing.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.agent.entries import CardAnswered, Entry, Message, Question, Said, ToolDone
from app.domain.plain import END, MARK, marked, one_line

Wire = dict[str, Any]
CHARS_PER_TOKEN = 3.5  # cautious for English; JSON and other scripts take more tokens
SHORTENED = 400  # characters kept of an old tool's answer
NOTES = 60  # of what happened before, one line each
ANSWER = "answer"  # the action of an option that a model offers
BEGIN, GO_ON = "(I opened the app.)", "Go on."  # where the program spoke first, or last
EARLIER = "What happened before, in short; the ids and decisions still hold:\n"
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # of a function: endpoints refuse a history with another
NO_NAME = "unknown_tool"


def messages_of(prompt: str, entries: Sequence[Entry], budget: int) -> list[Wire]:
    """The system prompt and the conversation, in about `budget` tokens.

    The newest turns are whole. In the one that does not fit tool answers are shortened, the oldest
    first; what came before it becomes one line each: what was asked, called and decided. Of a turn
    that is too long by itself the first replies become such lines too.
    """
    turns = _turns(entries)
    room = budget - tokens([_system(prompt)])
    gone: list[Entry] = []
    if turns:
        turns[-1], gone = _last_part(turns[-1], room)
    kept: list[list[Wire]] = []
    for n in reversed(range(len(turns))):
        fitted = _fitted(_wires(turns[n]), room)
        if tokens(fitted) > room and kept:
            gone = [entry for turn in turns[: n + 1] for entry in turn] + gone
            break
        kept.insert(0, fitted)
        room -= tokens(fitted)
    head = _system(prompt)
    if gone:
        head = _system(f"{prompt}\n\n{EARLIER}{marked(_newest(_notes(gone)))}")
    return [head, *_alternating(wire for turn in kept for wire in turn)]


def _last_part(turn: list[Entry], room: int) -> tuple[list[Entry], list[Entry]]:
    """The newest replies of a turn that fit, with what the user said; and the replies before them."""
    replies = dict.fromkeys(e.reply for e in turn if isinstance(e, Message | ToolDone))
    model = [reply for reply in replies if reply]
    kept: list[Entry]
    gone: list[Entry]
    for n in range(len(model)):
        kept, gone = [], []
        for entry in turn:
            early = isinstance(entry, Message | ToolDone) and entry.reply in model[:n]
            (gone if early else kept).append(entry)
        if tokens(_fitted(_wires(kept), room)) <= room or n == len(model) - 1:
            return kept, gone
    return turn, []


def _alternating(wires: Iterable[Wire]) -> list[Wire]:
    """User and assistant in turn, the user first and last: chat templates of many open models refuse
    anything else."""
    made: list[Wire] = []
    for wire in wires:
        if not made and wire["role"] == "assistant":
            made.append(_user(BEGIN))
        same = made and made[-1]["role"] == wire["role"] != "tool"
        if same and "tool_calls" not in made[-1]:
            made[-1] = {**wire, "content": f"{made[-1]['content']}\n\n{wire['content']}".strip()}
        else:
            made.append(wire)
    if not made or made[-1]["role"] == "assistant":
        made.append(_user(GO_ON))
    return made


def _user(text: str) -> Wire:
    return {"role": "user", "content": text}


def _system(text: str) -> Wire:
    return {"role": "system", "content": text}


def _turns(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Each begins with what the user said; what the program said unasked belongs to the one before."""
    turns: list[list[Entry]] = [[]]
    for entry in entries:
        if isinstance(entry, Said):
            turns.append([])
        turns[-1].append(entry)
    return [turn for turn in turns if turn]


def _wires(turn: Iterable[Entry]) -> list[Wire]:
    """The messages of one turn. Words and calls of one reply of the model are one message, whatever
    was shown between them; so are the program's own words that follow each other."""
    made: list[Wire] = []
    replies: dict[str, list[Entry]] = {}
    for entry in turn:
        reply = entry.reply if isinstance(entry, Message | ToolDone) else ""
        if reply in replies:
            replies[reply].append(entry)
        elif reply:
            replies[reply] = [entry]
            made.append({"reply": reply})
        elif (wire := _plain(entry)) is None:
            continue
        elif made and wire["role"] == "assistant" == made[-1].get("role"):
            made[-1] = {**wire, "content": f"{made[-1]['content']}\n\n{wire['content']}"}
        else:
            made.append(wire)
    return [w for m in made for w in (_reply(replies[m["reply"]]) if "reply" in m else [m])]


def _reply(found: Sequence[Entry]) -> list[Wire]:
    text = "\n\n".join(e.text for e in found if isinstance(e, Message))
    tools = [e for e in found if isinstance(e, ToolDone)]
    said: Wire = {"role": "assistant", "content": text}
    if tools:
        said["tool_calls"] = [_call(tool) for tool in tools]
    answers = [{"role": "tool", "tool_call_id": t.key, "content": t.content} for t in tools]
    return [said, *answers]


def _call(tool: ToolDone) -> Wire:
    name = tool.tool if NAME.fullmatch(tool.tool) else NO_NAME
    function = {"name": name, "arguments": tool.arguments or "{}"}
    return {"id": tool.key, "type": "function", "function": function}


def _plain(entry: Entry) -> Wire | None:
    """What the user said, and what the program said without a model: its words quote the data."""
    match entry:
        case Said(text=text, context=context):
            return {"role": "user", "content": f"{context}\n\n{text}" if context else text}
        case Message(text=text):
            return _app(text)
        case Question(text=text, options=options):
            listed = "\n".join(f"- {option.label}" for option in options)
            return _app(f"{text}\n{listed}{_taken(entry)}".strip())
        case ToolDone(tool=tool, result=result):
            return _app(f"ran {tool}: {result}")
    return None


def _app(text: str) -> Wire:
    return {"role": "assistant", "content": f"(The app: {marked(text)})"}


def _taken(question: Question) -> str:
    """Which of the guide's options was taken; the answer to a model's question is a message of its
    own."""
    if question.chosen is None or question.options[question.chosen].action == ANSWER:
        return ""
    return f"\n(The user took: {question.options[question.chosen].label})"


class Note(NamedTuple):
    """A line of what happened. A decision outlasts the talk around it."""

    line: str
    decision: bool = False


def _notes(turn: Iterable[Entry]) -> list[Note]:
    """What a turn asked, did and decided, a line each."""
    notes = []
    for entry in turn:
        match entry:
            case Said(text=text):
                notes.append(Note(f"- The user: {one_line(text, 160)}"))
            case ToolDone(tool=tool, result=result):
                notes.append(Note(f"- {one_line(tool, 80)}: {one_line(result, 160)}"))
            case CardAnswered(card=card):
                notes.append(Note(f"- “{card.title}”: {_said(entry)}", decision=True))
            case Question(text=text, options=options, chosen=int(chosen)):
                label = one_line(options[chosen].label, 120)
                notes.append(Note(f"- “{one_line(text, 120)}”: {label}", decision=True))
    return notes


def _said(answered: CardAnswered) -> str:
    nobody = {"expired": "nobody answered in time", "ended": "nobody answered"}
    return nobody.get(answered.how, f"the user said {'yes' if answered.yes else 'no'}")


def _newest(notes: Sequence[Note]) -> str:
    """At most NOTES lines in their order: the newest decisions first, then the newest of the rest."""
    by_worth = sorted(range(len(notes)), key=lambda n: (notes[n].decision, n))
    return "\n".join(notes[n].line for n in sorted(by_worth[-NOTES:]))


def _fitted(turn: list[Wire], room: int) -> list[Wire]:
    """The turn with as many of its tool answers shortened as must be, from the oldest on: the newest
    is the one that the model asked for just now."""
    over = tokens(turn) - room
    fitted: list[Wire] = []
    for wire in turn:
        short = _shortened(wire) if over > 0 else wire
        over -= tokens([wire]) - tokens([short]) if short is not wire else 0
        fitted.append(short)
    return fitted


def _shortened(wire: Wire) -> Wire:
    """An old answer cut, its mark closed again."""
    text = wire["content"]
    if wire["role"] != "tool" or len(text) <= SHORTENED:
        return wire
    return {**wire, "content": f"{text[: SHORTENED - 1]}…{END if MARK in text else ''}"}


def tokens(wires: Iterable[Wire]) -> int:
    """An estimate: the endpoint's tokenizer is not known here."""
    return sum(4 + math.ceil(len(str(wire)) / CHARS_PER_TOKEN) for wire in wires)
