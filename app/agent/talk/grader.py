"""Step 4: what makes a good answer, always asked; testing the grader and the user's yes to it."""

from typing import Any

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.sample import sample
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain, quote
from app.domain.grader_advice import GraderSuggestions
from app.domain.wording import count, number
from app.store import meta, results
from app.tools.grading import GraderTest

TEST_SIZE = 5


@action()
async def offer_grader(turn: Turn) -> None:
    """Begin with a grader; one that is there and not yet tested is tested first."""
    there = await turn.read(results.current_grader) is not None
    await turn.act("offer_test" if there and not await is_tested(turn) else "choose_grader")


@action()
async def choose_grader(turn: Turn) -> None:
    """Ask what makes a good answer; nothing is invented."""
    advice: GraderSuggestions = await turn.call("suggest_graders")
    options = []
    text = "**What makes a good answer?** A grader gives each answer a score from 0 to 1."
    if (await turn.host.library.get(turn.session.dataset_id)).sample:
        brought = sample()
        worth = bullets([f"**{score}**: {plain(answer)}" for answer, score in brought.scores])
        text += f" The sample brings one. What an answer is worth there:\n\n{worth}"
        options.append(_choice("The supplied one, which also values asking", brought.grader))
    for suggestion in advice.suggestions:
        text += f"\n\n**{plain(suggestion.title)}**: {plain(suggestion.why, 300)}"
        options.append(_choice(suggestion.title, suggestion.config))
    if advice.note:
        text += f"\n\n{plain(advice.note, 400)}"
    await turn.say(text)
    await turn.ask(
        "How shall answers be graded?",
        *options,
        Option(label="I write it in the Grader panel", action="write_grader"),
    )


def _choice(label: str, config: dict[str, Any]) -> Option:
    return Option(label=label, action="configure", arguments={"grader": config})


@action(quick=True)
async def write_grader(turn: Turn) -> None:
    await turn.show("grader_config")
    await turn.say(
        "The Grader panel is open. Types: string check, text similarity, numeric, JSON schema, "
        "script, and several weighted. Save it there; then we test it."
    )
    await turn.ask(
        "When it is saved:",
        Option(label=f"Test it on {TEST_SIZE}", action="test_grader"),
        Option(label="Show the suggestions again", action="choose_grader"),
    )


@action()
async def configure(turn: Turn, grader: dict[str, Any]) -> None:
    """Save a grader (a card), then offer the test."""
    saved = await turn.call("configure_grader", grader=grader)
    await turn.say(
        f"{bold(saved.name)} is saved as version {saved.version}. Earlier results keep the version "
        "they were scored with."
    )
    await turn.act("offer_test")


@action(quick=True)
async def offer_test(turn: Turn) -> None:
    await turn.ask(
        f"Shall we test it on {TEST_SIZE} fresh answers of the base model? Free. The first time a "
        "starter model is trained on your records, about 2 min.",
        Option(label=f"Test on {TEST_SIZE}", action="test_grader"),
        Option(label="Look at it in the Grader panel", action="write_grader"),
    )


@action()
async def test_grader(turn: Turn) -> None:
    """Score fresh answers and try to cheat; the user judges the scores."""
    if await turn.read(results.current_grader) is None:
        await turn.act("offer_grader")
        return
    await turn.call("test_grader_sample", sample_size=TEST_SIZE)
    await turn.act("tell_test")


@action(quick=True)
async def tell_test(turn: Turn) -> None:
    """The last test: prompt, answer, score, reason; then the crash test."""
    result = await turn.read(results.latest, "grader_test")
    if result is None:
        await turn.act("offer_test")
        return
    test = GraderTest.model_validate(result.data)
    await turn.say(_rows(test))
    await turn.say(_crash(test))
    await turn.ask(
        "Do these scores look right to you?",
        Option(label="Yes, these scores are right", action="confirm_test"),
        Option(label="No, change the grader", action="write_grader"),
        Option(label="Choose another grader", action="choose_grader"),
    )


def _rows(test: GraderTest) -> str:
    lines = []
    for row in test.rows:
        score = f"**{number(row.score)}**" if row.score is not None else "**error**"
        reply = ""
        if row.reply_score is not None:
            reply = f" The recorded reply earns {number(row.reply_score)}."
        told = row.error or row.reason
        why = f" {plain(told, 160)}." if told else ""
        answer = quote(row.answer or "(empty)")
        lines.append(f"- {score} for {answer} to {quote(row.prompt)}.{why}{reply}")
    return f"Version {test.version} on {count(len(test.rows), 'fresh answer')}:\n\n" + "\n".join(
        lines
    )


def _crash(test: GraderTest) -> str:
    failed = [c for c in test.crash.controls if c.failed]
    if not failed:
        best = test.crash.best_cheat
        most = next((c.mean for c in test.crash.controls if c.name == best), None)
        text = f"The crash test passes: {count(len(test.crash.controls), 'control')}, none cheats."
        return f"{text} The best cheat, {plain(best)}, earns {number(most)}." if best else text
    return "**The grader can be cheated.** " + " ".join(plain(c.sentence, 300) for c in failed)


@action()
async def confirm_test(turn: Turn) -> None:
    await turn.call("confirm_grader_test")
    await turn.act("next_step")


async def is_tested(turn: Turn) -> bool:
    """Whether the user looked at a test of the current version and found its scores right."""
    grader = await turn.read(results.current_grader)
    confirmed = await turn.read(meta.get, "confirmed_test", None)
    return grader is not None and confirmed == grader.version
