"""What can be typed, what cannot be done, and what a line may have meant; it never plays a model."""

from app.agent.actions import ACTIONS, action
from app.agent.entries import Option
from app.agent.grammar import EXAMPLES
from app.agent.nearest import SURE, guesses
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain
from app.store import topics

CONNECT = Option(label="Connect a model", action="connect")
HELP = Option(label="What can I type?", action="help_me")
GO_ON = Option(label="What comes next", action="next_step")
LIMITS = (
    "I understand fixed commands, not free talk. A connected model does.",
    "I write no records and no rubrics: that takes a model, or you.",
    "I do not start a dry run, train, deploy or delete without your yes on a card.",
    "I cannot pass a NO-GO, and neither can a model.",
    "Training is single-turn: the next answer is sampled and graded; tool calls in it are graded, "
    "not executed.",
    "On this computer the starter model is trained: small, for short and closed answers.",
)


@action(quick=True, needs_dataset=False)
async def help_me(turn: Turn) -> None:
    """What can be typed, by step."""
    lines = [
        f"**{title}**: {', '.join(f'“{plain(example)}”' for example in examples)}"
        for title, examples in EXAMPLES.items()
    ]
    await turn.say(
        "I am the guided assistant: no language model, fixed words and your numbers. The buttons "
        "lead the whole way. You can also type:\n\n"
        f"{bullets(lines)}\n\nTo talk freely, “connect a model”: a server on this computer or "
        "a service."
    )
    if not turn.calling:
        start = [Option(label="Try the sample", action="open_sample")]
        await turn.ask("What now?", *([GO_ON] if turn.has_dataset else start), CONNECT)


@action(quick=True, needs_dataset=False)
async def limits(turn: Turn) -> None:
    """What I cannot do, said plainly."""
    await turn.say(f"What I cannot do:\n\n{bullets(list(LIMITS))}")
    if not turn.calling:
        await turn.ask("What now?", *([GO_ON] if turn.has_dataset else []), HELP, CONNECT)


@action(quick=True, needs_dataset=False)
async def unknown(turn: Turn, text: str) -> None:
    """A command with a typing error that only looks and talks is done; others are offered."""
    names = [t.name for t in await turn.read(topics.all_topics)] if turn.has_dataset else []
    found = guesses(text, names)
    best = found[0] if found else None
    if best is not None and best.score >= SURE and _is_harmless(best.action, best.line, text):
        await turn.act(best.action, **best.arguments)
        return
    offered = [
        Option(label=_label(guess.line), action=guess.action, arguments=guess.arguments)
        for guess in found
    ]
    meant = " Did you mean one of these?" if offered else ""
    await turn.say(
        f"I do not understand {bold(text)}. I have no language model, so I know fixed commands, "
        f"such as “what next?” and “status”.{meant}"
    )
    if not turn.calling:
        rest = [HELP, CONNECT] if not offered else [HELP]
        await turn.ask("Did you mean:" if offered else "What now?", *offered, *rest)


def _is_harmless(action: str, line: str, text: str) -> bool:
    """One that only looks and talks, and of the same number of words: a typing error, no guess."""
    same = len(line.split()) == len(text.split())
    return same and ACTIONS[action].quick


def _label(line: str) -> str:
    """A command on a button."""
    words = line[:1].upper() + line[1:]
    return words if len(words) <= 60 else f"{words[:59]}…"
