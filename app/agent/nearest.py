"""What a line that was not understood may have meant: typing errors mended, and commands near to it."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from app.agent.commands import LINES, bare, parse

TYPO = 72  # rapidfuzz ratio from which a word counts as misspelt: "staus", "renme"
SURE = 80  # from which a command that only looks and talks is done without asking
NEAR = 55  # of a whole line to a command, its words in any order
SHORT = 3  # letters of a word that is not guessed at
OFFERED = 3


class Guess(NamedTuple):
    """A command that may be meant: the line as one could type it, and what it does."""

    line: str
    action: str
    arguments: dict[str, Any]
    score: float


def guesses(text: str, names: Sequence[str] = ()) -> list[Guess]:
    """At most three, the nearest first. `names` are topics, left as they are and filled in where a
    command needs one."""
    meant = _WISH.sub("", bare(text))
    made = (_plainly(meant, text), _mended(meant, names), *_alike(meant, names))
    found = [guess for guess in made if guess is not None]
    kept: dict[tuple[str, str], Guess] = {}
    for guess in found:
        kept.setdefault((guess.action, repr(sorted(guess.arguments.items()))), guess)
    return list(kept.values())[:OFFERED]


def _plainly(meant: str, text: str) -> Guess | None:
    """What a wish or a question of how to do it is about: "how do I start training" is offered."""
    action, arguments = parse(meant)
    if meant == bare(text) or action in NOT_MEANT:
        return None
    return Guess(meant, action, arguments, score=NEAR)


def _mended(text: str, names: Sequence[str]) -> Guess | None:
    """The same line with its misspelt words mended, when that makes a command of it. The first words
    are tried before the later ones, which may be names."""
    words = bare(text).split()
    held = {part.casefold() for name in names for part in name.split()}
    scores: list[float] = []
    for at, word in enumerate(words):
        plain = word.casefold()
        if len(word) < SHORT or plain in _WORDS or plain in held:
            continue
        near = process.extractOne(plain, _WORDS, scorer=fuzz.ratio, score_cutoff=TYPO)
        if near is None:
            continue
        words[at] = near[0]
        scores.append(near[1])
        line = " ".join(words)
        if (meaning := parse(line))[0] not in NOT_MEANT:
            return Guess(line, *meaning, score=min(scores))
    return None


# These take whatever stands in a line: finding them says nothing.
NOT_MEANT = {"unknown", "show_panel", "explain", "read_more"}


def _alike(text: str, names: Sequence[str]) -> list[Guess]:
    """Commands whose words are like those of the line; those that need a name only with one."""
    line = bare(text).casefold()
    near = process.extract(
        line, _PLAIN, scorer=fuzz.token_set_ratio, score_cutoff=NEAR, limit=3 * OFFERED
    )
    made = []
    for words, score, _ in sorted(near, key=lambda n: (-n[1], -fuzz.ratio(line, n[0]))):
        action, arguments = parse(words)
        if action == "unknown" or not _common(line, words):
            continue
        made.append(Guess(words, action, arguments, score))
    return [*_filled(line, names), *made]


def _common(line: str, command: str) -> bool:
    """Whether a telling word is in both, or nearly: not only "the" and "a"."""
    telling = [w for w in re.findall(r"[\w-]+", command.casefold()) if w not in _LITTLE]
    given = [w for w in re.findall(r"[\w-]+", line) if w not in _LITTLE and len(w) >= SHORT]
    return any(fuzz.ratio(a, b) >= TYPO for a in telling for b in given)


def _filled(line: str, names: Sequence[str]) -> list[Guess]:
    """Commands on the topic that the line names."""
    given = [w for w in re.findall(r"[\w-]+", line) if len(w) >= SHORT]
    topic = next((n for n in names if any(w in n.casefold().split() for w in given)), None)
    if topic is None:
        return []
    verbs = {"delete topic {}": ("delete", "remove", "drop", "kill"),
             "split topic {}": ("split", "divide", "break"),
             "describe topic {}": ("describe", "about", "show", "what", "list")}  # fmt: skip
    wanted = [pattern for pattern, words in verbs.items() if any(w in given for w in words)] or [
        "describe topic {}"
    ]
    lines = [pattern.format(topic) for pattern in wanted]
    return [Guess(line, *parse(line), score=100) for line in lines]


_WISH = re.compile(
    r"^(how (do|can|could|would|to) ?(i|we|you)? |(i|we) (want|would like|need|wish|like) to |"
    r"let('?s| us|me)? |can (i|we) |could (i|we) )(please )?",
    re.IGNORECASE,
)
_LITTLE = frozenset(
    re.findall(
        r"\w+",
        "the a an is are it to of for on in my me we you i do did can not what how many show and "
        "into as this that",
    )
)
_WORDS = sorted(
    {w for line in LINES for w in re.findall(r"[a-z-]+", line.casefold()) if len(w) >= SHORT}
    - {"billing", "payments", "refunds", "cards", "card", "lost", "new", "into", "under"}
    | {"topics", "topic", "train", "training", "status", "duplicates", "grader", "deployment"}
)
_SLOTS = ("…", "Billing", "Refunds", "Cards", "12", "50", "refunds", "tokens>")
_PLAIN = [line.rstrip("?") for line in LINES if not any(slot in line for slot in _SLOTS)]
