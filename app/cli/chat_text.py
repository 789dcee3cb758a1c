"""A conversation as text for a terminal or a file: nothing in it can move the cursor or hide."""

import os
import re
import sys
from typing import Any

from app.agent.entries import (
    Busy,
    CardAnswered,
    CardAsked,
    Chart,
    Choice,
    Entry,
    Message,
    Piece,
    Question,
    Queued,
    Said,
    Show,
    Spent,
    ToolDone,
    ToolStarted,
    TreeShown,
    Waits,
)
from app.cli.chat_output import Writer
from app.domain.plain import visible
from app.domain.wording import count, number

PROMPT = "you> "
BAR = 30  # characters of the longest bar
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_KEPT = re.compile("[\ue021-\ue07e]")
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]*)\)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
ON, OFF = "\ue001", "\ue002"  # around what is bold; `clean` leaves private letters in no text
INNER = ("record:", "topic:")
MARKS = {"good": "+", "warn": "!", "bad": "x"}
HOW = {"always": ", as always here", "expired": ", nobody answered", "ended": ", the turn ended"}


class Transcript:
    """`terminal`: people read along while it is written."""

    def __init__(self, writer: Writer, *, terminal: bool) -> None:
        self._writer, self._terminal = writer, terminal
        self._bold = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._inside = False  # the cursor stands in a line
        self._options: tuple[str, ...] = ()  # of the last question
        self._streamed = ""  # the reply whose words came piece by piece

    def show(self, entry: Entry) -> None:
        match entry:
            case Piece(reply=reply, text=text):
                self._piece(reply, text)
            case Message():
                self._message(entry)
            case Said(text=text) if not self._terminal:
                self._block(f"{PROMPT}{text}")
            case Choice(index=int(taken)) if not self._terminal and taken < len(self._options):
                self._marked(f"{PROMPT}{self._options[taken]}")
            case Queued(on=True) if self._terminal:
                self._line("(waits its turn)")
            case Queued(on=False, text=text):
                self._line(f"(not sent: {text})")
            case ToolStarted(tool=tool) if self._terminal:
                self._line(f". {tool} …")
            case ToolDone(tool=tool, result=result, tone=tone):
                self._line(f"{MARKS[tone]} {tool}: {result}")
            case CardAsked():
                self._card(entry)
            case CardAnswered(yes=yes, how=how):
                self._line(f"({'approved' if yes else 'not approved'}{HOW.get(how, '')})")
            case Question():
                self._question(entry)
            case _:
                self._aside(entry)

    def _aside(self, entry: Entry) -> None:
        match entry:
            case Chart():
                self._block(_chart(entry))
            case TreeShown(title=title, hierarchy=nodes):
                self._block("\n".join([title, *_tree(nodes, "  ")]))
            case Waits(seconds=seconds, reason=reason):
                self._line(f"({reason} Asked again in {seconds:.0f} s; /stop ends it.)")
            case Spent(model=model, prompt_tokens=asked, answer_tokens=given, cost=cost):
                paid = f", {cost:.4f}" if cost is not None else ""
                self._line(f"({model}: {asked:,} + {count(given, 'token')}{paid})")
            case Show(panel="connections"):
                self._line(
                    "(Connect a model by OPENAI_BASE_URL and RFT_STUDIO_MODEL, or in the window.)"
                )
            case Show(panel=panel, target=target):
                where = ", ".join(f"{k} {v}" for k, v in target.items())
                self._line(f"(in the window: {panel.replace('_', ' ')}{where and ', '}{where})")
            case Busy(on=False):
                self._close()

    def opened(self, facts: dict[str, Any]) -> None:
        who = "Guided, no language model"
        if facts["connection"]:
            model = f", {facts['model']}" if facts["model"] else ""
            who = f"{facts['connection']}{model}, agent {facts['agent']}"
        name = clean(facts["name"])
        self._put(f"{name}: {count(facts['records'], 'record')}. {who}. /help, /quit\n")

    def note(self, text: str) -> None:
        self._line(text)

    def error(self, text: str) -> None:
        self._line(f"x {text}")

    def prompt(self) -> None:
        """Where the user may write now."""
        if self._terminal and not self._inside:
            self._put(f"\n{PROMPT}")

    def entered(self) -> None:
        """The user ended a line: the terminal stands at the beginning of the next."""
        self._inside = False

    def _piece(self, reply: str, text: str) -> None:
        if self._streamed != reply:
            self._close()
            self._streamed = reply
            self._put("\n")
        self._put(clean(text))

    def _message(self, entry: Message) -> None:
        if entry.reply and entry.reply == self._streamed:
            self._close()
        else:
            self._marked(as_text(entry.text))
        if entry.stopped:
            self._line("(ended before it was whole)")

    def _card(self, asked: CardAsked) -> None:
        card = asked.card
        rows = [f"    {label}: {value}" for label, value in card.rows]
        rows += [f"    {text}" for text in (card.note, card.warning) if text]
        self._block("\n".join([f"? {card.title}", *rows]))
        self._line(f"{card.verb}? [y/N]")

    def _question(self, question: Question) -> None:
        self._options = tuple(as_text(option.label) for option in question.options)
        lines = [as_text(question.text)]
        lines += [f"  {n}. {label}" for n, label in enumerate(self._options, 1)]
        self._marked("\n".join(lines))

    def _block(self, text: str) -> None:
        self._marked(clean(text))

    def _marked(self, text: str) -> None:
        """A block that `as_text` made: to clean it would take its marks of what is bold."""
        self._close()
        self._put(f"\n{text}\n")

    def _line(self, text: str) -> None:
        self._close()
        self._put(f"  {clean(text)}\n")

    def _close(self) -> None:
        if self._inside:
            self._put("\n")

    def _put(self, text: str) -> None:
        if text:
            self._inside = not text.endswith("\n")
            on, off = ("\x1b[1m", "\x1b[22m") if self._bold else ("", "")
            self._writer.write(text.replace(ON, on).replace(OFF, off))


def clean(text: str) -> str:
    """The text without what a terminal would obey or hide instead of showing."""
    return visible(text.replace("\r", ""))


def as_text(markdown: str) -> str:
    """Markdown as people read it in a terminal: escapes undone, marks of links away, what is bold
    between `ON` and `OFF`."""
    text = _ESCAPED.sub(lambda found: chr(0xE000 + ord(found[1])), clean(markdown))
    text = _LINK.sub(lambda f: f[1] if f[2].startswith(INNER) else f"{f[1]} ({f[2]})", text)
    text = _BOLD.sub(rf"{ON}\1{OFF}", text)
    return _KEPT.sub(lambda found: chr(ord(found[0]) - 0xE000), text)


def _tree(nodes: Any, indent: str) -> list[str]:
    lines: list[str] = []
    for node in nodes:
        held = len(node.get("record_ids") or ())
        lines.append(f"{indent}- {node.get('name', '')}{f' ({held:,})' if held else ''}")
        lines += _tree(node.get("children") or (), f"{indent}  ")
    return lines


def _chart(chart: Chart) -> str:
    """Bars and histograms as bars, lines as their first and last value."""
    if chart.form == "lines":
        named = zip(chart.names or ("",) * len(chart.series), chart.series, strict=False)
        rows = [f"  {n}: {number(s[0])} to {number(s[-1])}" for n, s in named if s]
        return "\n".join([chart.title, *rows])
    values = chart.series[0] if chart.series else ()
    labels = chart.labels or tuple(f"{n / len(values):.1f}" for n in range(len(values)))
    most, wide = max(values, default=0) or 1, max(map(len, labels), default=0)
    rows = [
        f"  {label:<{wide}} {'#' * round(BAR * value / most)} {value:g}"
        for label, value in zip(labels, values, strict=False)
    ]
    return "\n".join([chart.title, *rows])


def is_terminal() -> bool:
    """Whether people type and read along."""
    return sys.stdin.isatty() and sys.stdout.isatty()
