"""The stored conversation as a connected model reads it, cut to a budget; nothing is stored twice.

Every tool call of the model stands with its answer, whatever ended the turn: an endpoint refuses a
history in which one is missing.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from app.agent.entries import CardAnswered, Entry, Message, Question, Said, ToolDone

Wire = dict[str, Any]
CHARS_PER_TOKEN = 3.5  # cautious for English; JSON and other scripts take more tokens
SHORTENED = 400  # characters kept of an old tool's answer
NOTES = 60  # of what happened before, one line each
EARLIER = "What happened before, in short; the ids and decisions still hold:\n"


def messages_of(prompt: str, entries: Sequence[Entry], budget: int) -> list[Wire]:
    """The system prompt and the conversation, in about `budget` tokens.

    The newest turns are whole. Before them tool answers are shortened, then whole turns become one
    line each: what was asked, called and decided.
    """
    turns = _turns(entries)
    room = budget - _tokens([_system(prompt)])
    wires = [_wires(turn) for turn in turns]
    short = [[_shortened(wire) for wire in turn] for turn in wires]
    kept: list[list[Wire]] = []
    dropped = 0
    for n in reversed(range(len(turns))):
        fits = next((w for w in (wires[n], short[n]) if _tokens(w) <= room), None)
        if fits is None and n < len(turns) - 1:
            dropped = n + 1
            break
        kept.insert(0, fits or short[n])
        room -= _tokens(kept[0])
    head = _system(prompt)
    if dropped:
        lines = [line for turn in turns[:dropped] for line in _notes(turn)][-NOTES:]
        head = _system(f"{prompt}\n\n{EARLIER}" + "\n".join(lines))
    return [head, *(wire for turn in kept for wire in turn)]


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
        case Question(text=text, options=options, chosen=chosen):
            listed = "\n".join(f"- {option.label}" for option in options)
            taken = f"\n(The user took: {options[chosen].label})" if chosen is not None else ""
            return {"role": "assistant", "content": f"{text}\n{listed}{taken}"}
        case ToolDone(tool=tool, result=result):
            return {"role": "assistant", "content": f"(The app ran {tool}: {result})"}
    return None


def _notes(turn: Iterable[Entry]) -> list[str]:
    """What a turn decided, a line each."""
    lines = []
    for entry in turn:
        match entry:
            case Said(text=text):
                lines.append(f"- The user: {_cut(text, 160)}")
            case ToolDone(tool=tool, result=result):
                lines.append(f"- {tool}: {result}")
            case CardAnswered(card=card, yes=yes):
                lines.append(f"- “{card.title}”: the user said {'yes' if yes else 'no'}")
            case Question(text=text, options=options, chosen=int(chosen)):
                lines.append(f"- “{_cut(text, 120)}”: {options[chosen].label}")
    return lines


def _shortened(wire: Wire) -> Wire:
    if wire["role"] != "tool":
        return wire
    return {**wire, "content": _cut(wire["content"], SHORTENED)}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _tokens(wires: Iterable[Wire]) -> int:
    """An estimate: the endpoint's tokenizer is not known here."""
    return sum(4 + math.ceil(len(str(wire)) / CHARS_PER_TOKEN) for wire in wires)
