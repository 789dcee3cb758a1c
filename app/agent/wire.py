"""The stored conversation as a connected model reads it, cut to a budget; nothing is stored twice.

Every tool call of the model stands with its answer, whatever ended the turn: an endpoint refuses a
history in which one is missing.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.agent.entries import CardAnswered, Entry, Message, Question, Said, ToolDone

Wire = dict[str, Any]
CHARS_PER_TOKEN = 3.5  # cautious for English; JSON and other scripts take more tokens
SHORTENED = 400  # characters kept of an old tool's answer
NOTES = 60  # of what happened before, one line each
ANSWER = "answer"  # the action of an option that a model offers
GO_ON = "Go on."  # where nothing was said since: some endpoints refuse to go on from an answer
EARLIER = "What happened before, in short; the ids and decisions still hold:\n"


def messages_of(prompt: str, entries: Sequence[Entry], budget: int) -> list[Wire]:
    """The system prompt and the conversation, in about `budget` tokens.

    The newest turns are whole. Before them tool answers are shortened, then whole turns become one
    line each: what was asked, called and decided.
    """
    turns = _turns(entries)
    room = budget - tokens([_system(prompt)])
    whole = [_wires(turn) for turn in turns]
    short = [[_shortened(wire) for wire in turn] for turn in whole]
    kept: list[list[Wire]] = []
    dropped = 0
    for n in reversed(range(len(turns))):
        fits = next((w for w in (whole[n], short[n]) if tokens(w) <= room), None)
        if fits is None and n < len(turns) - 1:
            dropped = n + 1
            break
        kept.insert(0, fits or short[n])
        room -= tokens(kept[0])
    head = _system(prompt)
    if dropped:
        notes = [note for turn in turns[:dropped] for note in _notes(turn)]
        head = _system(f"{prompt}\n\n{EARLIER}" + "\n".join(_newest(notes)))
    wires = [head, *(wire for turn in kept for wire in turn)]
    if wires[-1]["role"] not in ("user", "tool"):
        wires.append({"role": "user", "content": GO_ON})
    return wires


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
    function = {"name": tool.tool, "arguments": tool.arguments or "{}"}
    return {"id": tool.key, "type": "function", "function": function}


def _plain(entry: Entry) -> Wire | None:
    """What the user said, and what the program said without a model."""
    match entry:
        case Said(text=text, context=context):
            return {"role": "user", "content": f"{context}\n\n{text}" if context else text}
        case Message(text=text):
            return {"role": "assistant", "content": text}
        case Question(text=text, options=options):
            listed = "\n".join(f"- {option.label}" for option in options)
            return {"role": "assistant", "content": f"{text}\n{listed}{_taken(entry)}".strip()}
        case ToolDone(tool=tool, result=result):
            return {"role": "assistant", "content": f"(The app ran {tool}: {result})"}
    return None


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
                notes.append(Note(f"- The user: {_cut(text, 160)}"))
            case ToolDone(tool=tool, result=result):
                notes.append(Note(f"- {tool}: {result}"))
            case CardAnswered(card=card, yes=yes):
                answer = "yes" if yes else "no"
                notes.append(Note(f"- “{card.title}”: the user said {answer}", decision=True))
            case Question(text=text, options=options, chosen=int(chosen)):
                label = options[chosen].label
                notes.append(Note(f"- “{_cut(text, 120)}”: {label}", decision=True))
    return notes


def _newest(notes: Sequence[Note]) -> list[str]:
    """At most NOTES lines in their order: the newest decisions first, then the newest of the rest."""
    by_worth = sorted(range(len(notes)), key=lambda n: (notes[n].decision, n))
    return [notes[n].line for n in sorted(by_worth[-NOTES:])]


def _shortened(wire: Wire) -> Wire:
    if wire["role"] != "tool":
        return wire
    return {**wire, "content": _cut(wire["content"], SHORTENED)}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def tokens(wires: Iterable[Wire]) -> int:
    """An estimate: the endpoint's tokenizer is not known here."""
    return sum(4 + math.ceil(len(str(wire)) / CHARS_PER_TOKEN) for wire in wires)
