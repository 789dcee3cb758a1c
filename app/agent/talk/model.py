"""What the guide says around a connected model: that it failed, and how to connect one."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import plain


@action(quick=True, needs_dataset=False)
async def model_failed(turn: Turn, text: str) -> None:
    """Say what the endpoint did, and offer to ask again: nothing that ran is run twice."""
    await turn.say(plain(text, 1000))
    guided = [Option(label="Go on without a model", action="next_step")] if turn.has_dataset else []
    await turn.ask(
        "What now?",
        Option(label="Try again", action="again"),
        Option(label="Look at the connection", action="connect"),
        *guided,
    )


@action(quick=True, needs_dataset=False)
async def connect(turn: Turn) -> None:
    """Open the connections."""
    await turn.show("connections")
