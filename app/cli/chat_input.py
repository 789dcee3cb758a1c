"""What is typed or piped into a chat: lines as they come, and what each means; it acts on nothing."""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

import orjson

CHUNK = 65_536
MOST = 1_000_000  # characters of one line; what is longer is no message
Verb = Literal["say", "yes", "no", "choose", "answer", "stop", "wait", "help", "quit", "wrong"]
COMMANDS: dict[str, Verb] = {
    "/stop": "stop", "/wait": "wait", "/help": "help", "/quit": "quit", "/exit": "quit",
}  # fmt: skip
ANSWERS: dict[str, Verb] = {"y": "yes", "yes": "yes", "n": "no", "no": "no"}


class Order(NamedTuple):
    """One line's meaning. `key` names a card or question; empty: the one that is open. Of a wrong line
    `text` says what is wrong."""

    verb: Verb
    text: str = ""
    key: str = ""
    option: int = 0


class Lines:
    """Standard input line by line. A thread reads it, by `os.read`: one that waits in Python's own
    reader would keep the program from ending."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._lines: deque[str] = deque()
        self._loop, self._arrived = asyncio.get_running_loop(), arrived
        self.ended = False
        threading.Thread(target=self._read, args=(sys.stdin.fileno(),), daemon=True).start()

    def peek(self) -> str | None:
        """The next line; None while there is none."""
        return self._lines[0] if self._lines else None

    def take(self) -> str:
        return self._lines.popleft()

    @property
    def over(self) -> bool:
        """Whether the input ended and every line of it was taken."""
        return self.ended and not self._lines

    def _read(self, descriptor: int) -> None:
        rest, encoding = b"", sys.stdin.encoding or "utf-8"
        try:
            while chunk := os.read(descriptor, CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                self._give([line.decode(encoding, "replace") for line in whole], last=False)
            self._give([rest.decode(encoding, "replace")] if rest else [], last=True)
        except (OSError, RuntimeError):  # the input is closed, or the program has ended meanwhile
            return

    def _give(self, lines: list[str], *, last: bool) -> None:
        self._loop.call_soon_threadsafe(self._put, lines, last)

    def _put(self, lines: list[str], last: bool) -> None:
        self._lines += (line.strip("\r") for line in lines if line.strip())
        self.ended = self.ended or last
        self._arrived()


def meaning(line: str, *, json: bool) -> Order:
    """What a line asks for; with `json` an object may stand in it."""
    text = line.strip()
    if len(text) > MOST:
        return Order("wrong", f"{len(text):,} characters in a line are too many (over {MOST:,}).")
    if json and text.startswith("{"):
        return _object(text)
    word = text.casefold()
    if (verb := COMMANDS.get(word) or ANSWERS.get(word)) is not None:
        return Order(verb, text)
    if text.startswith("/"):
        return Order("wrong", f"There is no {text.split()[0]}. There are: {', '.join(COMMANDS)}.")
    return Order("say", text)


def _object(text: str) -> Order:
    """`{"say": text}`, `{"approve": key, "yes": bool}`, `{"choose": key, "index": n}`,
    `{"answer": key, "text": text}`, `{"stop": true}`, `{"wait": true}`, `{"quit": true}`."""
    try:
        match orjson.loads(text):
            case {"say": str(said)}:
                return Order("say", said)
            case {"approve": str(key), "yes": bool(yes)}:
                return Order("yes" if yes else "no", key=key)
            case {"choose": str(key), "index": int(index)}:
                return Order("choose", key=key, option=index)
            case {"answer": str(key), "text": str(said)}:
                return Order("answer", said, key)
            case {"stop": True}:
                return Order("stop")
            case {"wait": True}:
                return Order("wait")
            case {"quit": True}:
                return Order("quit")
    except orjson.JSONDecodeError as error:
        return Order("wrong", f"This line is no JSON: {error}.")
    known = "say, approve with yes, choose with index, answer with text, stop, wait, quit"
    return Order("wrong", f"This object asks for nothing known. Known: {known}.")
