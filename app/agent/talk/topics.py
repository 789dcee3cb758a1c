"""Step 1 and 2: proposing topics with reasons, the four choices, applying, categorising."""

import asyncio

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.facts import first_facts
from app.agent.phrase import phrase
from app.agent.shown import once, tree
from app.agent.turn import Turn
from app.agent.words import bold, plain, quote
from app.domain.outlook import Outlook
from app.domain.topics import TopicNode, TopicPath, leaves, shown
from app.domain.wording import count, number
from app.embedding.templates import template_names
from app.errors import ToolError
from app.store import results
from app.tools import proposals
from app.tools.proposals import Proposal
from app.tools.topics import Applied

NAMED = 3  # topics told with an example; the tree beside them has all


@action()
async def offer_topics(turn: Turn) -> None:
    """A pending proposal is put again; without one it is made."""
    pending = await asyncio.to_thread(proposals.pending, turn.session)
    if pending is not None and pending.hierarchy:
        await once(turn, tree(pending))
        await turn.act("choose_topics")
        return
    await turn.act("propose")


@action()
async def propose(
    turn: Turn, method: str = "auto", template: str = "", first: bool = False
) -> None:
    """Find topics and say what was found; nothing is applied. `first`: it belongs to the opening."""
    try:
        await turn.call("generate_topics", method=method, template_name=template)
    except ToolError as error:
        await turn.say(f"I cannot propose topics: {plain(str(error), 400)}")
        await turn.ask(
            "How shall we go on?",
            Option(label="Define topics by hand", action="by_hand"),
            Option(label="Go on without topics", action="skip_topics"),
        )
        return
    await turn.act("describe_proposal", first=first)


@action(quick=True)
async def describe_proposal(turn: Turn, first: bool = False) -> None:
    """The proposal with reasons, then the choices; the first one in a model's words."""
    proposal = await asyncio.to_thread(proposals.pending, turn.session)
    if proposal is None:
        raise ToolError("There is no proposal of topics. Type “propose topics”.")
    opening = None
    if first:
        outlook: Outlook = await turn.look_up("outlook")
        opening = await phrase(turn, await first_facts(turn.session, proposal, outlook))
    await turn.say(opening or _words(proposal))
    await turn.act("choose_topics")


@action(quick=True)
async def choose_topics(turn: Turn) -> None:
    proposal = await asyncio.to_thread(proposals.pending, turn.session)
    if proposal is None:
        raise ToolError("There is no proposal of topics. Type “propose topics”.")
    await turn.ask(
        "What shall we do with this proposal?",
        Option(label=f"Use these {count(proposal.leaves, 'topic')}", action="apply"),
        Option(label="Change it", action="modify_topics"),
        Option(label="Make another one", action="another"),
        Option(label="Define topics by hand", action="by_hand"),
    )


def _words(proposal: Proposal) -> str:
    found = sorted(leaves(proposal.hierarchy), key=lambda leaf: -len(leaf[1].record_ids))
    counted = [leaf for leaf in found if leaf[1].record_ids]
    origin = {
        "auto": "found in your records by meaning",
        "labels": "from a label field of your records",
        "template": "from a template",
        "model": "arranged by the connected model",
    }.get(proposal.method, "by hand")
    text = f"I propose **{count(proposal.leaves, 'topic')}**, {origin}."
    if proposal.method == "auto":
        text += " At this number the groups stand apart best; finer ones would split alike records."
    if counted:
        text += f"\n\n{_named(counted[:NAMED])}"
        if len(counted) > NAMED:
            path, node = counted[-1]
            text += f"\n\nThe smallest is {bold(shown(path))} with {len(node.record_ids):,}."
    if not proposal.diff.empty and proposal.diff.kept:
        text += f"\n\nAgainst the topics in use: {plain(proposal.diff.summary)}."
    return f"{text}\n\n{plain(proposal.note, 300)}".strip()


def _named(found: list[tuple[TopicPath, TopicNode]]) -> str:
    lines = []
    for path, node in found:
        example = f", such as {quote(node.exemplars[0])}" if node.exemplars else ""
        lines.append(f"- {bold(shown(path))}, {count(len(node.record_ids), 'record')}{example}")
    return "\n".join(lines)


@action(quick=True)
async def modify_topics(turn: Turn) -> None:
    """Where a proposal is changed, or the topics in use."""
    pending = await asyncio.to_thread(proposals.pending, turn.session)
    await turn.show("topics_config")
    typed = "You can also type “rename Billing to Payments” or “merge Refunds into Payments”."
    if pending is None:
        await turn.say(f"The Topics panel is open. {typed} Each change can be undone.")
        await turn.ask("When it is right:", Option(label="What comes next", action="next_step"))
        return
    await turn.say(
        "Change the tree above where it stands, or the proposal in the Topics panel: fewer or more "
        f"topics by the slider there. After applying: {typed[0].lower()}{typed[1:]}"
    )
    await turn.ask("Ready?", Option(label="Use the topics as they are now", action="apply"))


@action()
async def another(turn: Turn) -> None:
    """Which other proposal."""
    proposal = await asyncio.to_thread(proposals.pending, turn.session)
    options = []
    if proposal is not None and proposal.k and proposal.finest:
        fewer, more = max(2, round(proposal.k * 0.6)), min(proposal.finest, round(proposal.k * 1.5))
        for words, k in (("Fewer", fewer), ("More", more)):
            if k != proposal.k:
                label = f"{words}: {k} topics"
                options.append(Option(label=label, action="recut", arguments={"k": k}))
    else:
        options.append(Option(label="From the records' meaning", action="propose"))
    options += [
        Option(label="From a label field", action="propose", arguments={"method": "labels"}),
        Option(label="From a template", action="templates"),
    ]
    await turn.ask("Which one?", *options)


@action()
async def recut(turn: Turn, k: int) -> None:
    await turn.call("recut_proposal", k=k)
    await turn.act("describe_proposal")


@action(quick=True)
async def templates(turn: Turn) -> None:
    from_ = [
        Option(
            label=name.replace("_", " ").capitalize(),
            action="propose",
            arguments={"method": "template", "template": name},
        )
        for name in template_names()
    ]
    await turn.ask("Which template?", *from_)


@action(quick=True)
async def by_hand(turn: Turn) -> None:
    await turn.show("topics_config")
    await turn.say(
        "The Topics panel is open. You can also type “add topic Billing”, or “add topic Refunds under "
        "Billing”. When the list is complete, I sort the records into it."
    )
    await turn.ask(
        "When the topics are there:",
        Option(label="Sort the records into them", action="offer_categorise"),
        Option(label="Propose topics after all", action="propose"),
    )


@action()
async def skip_topics(turn: Turn) -> None:
    """The quick road to the grader; what it costs is said."""
    await turn.call("advance_to_step", step="grader_config")
    await turn.say(
        "Topics, categories and coverage are skipped. Then there is no balance and no result by "
        "topic, and thin places stay hidden. You can come back at any time."
    )
    await turn.act("next_step")


@action()
async def apply(turn: Turn) -> None:
    """Apply the proposal (a card); categories and coverage follow because they are free."""
    applied: Applied = await turn.call("apply_topic_hierarchy")
    text = f"**{count(applied.leaves, 'topic')}** are in place."
    if (found := applied.categorised) is not None:
        text += (
            f" Sorting the records and measuring coverage is free, so I did both at once. "
            f"**{found.assigned:,}** of {found.assigned + found.uncategorised:,} records have a "
            f"topic: {found.high:,} surely, {found.medium:,} probably, {found.review:,} to review."
        )
        if found.uncategorised:
            text += f" **{found.uncategorised:,}** fit no topic well and are left uncategorised."
    await turn.say(text)
    await turn.act("tell_coverage")


@action()
async def offer_categorise(turn: Turn) -> None:
    """Topics exist but the records are not, or no longer, sorted into them."""
    await turn.require("categorize")
    before = await turn.read(results.latest, "categorisation")
    why = "The topics or records changed since they were last sorted. " if before else ""
    await turn.ask(
        f"{why}Shall I sort the records into the topics? It is free and can be undone.",
        Option(label="Sort them", action="categorise"),
        Option(label="Open the Topics panel", action="modify_topics"),
    )


@action()
async def categorise(turn: Turn) -> None:
    """Sort all records; what the user confirmed stays."""
    await turn.require("categorize")
    found = await turn.call("categorize_records", scope="all")
    await turn.say(
        f"**{found.assigned:,}** records have a topic, {found.review:,} of them to review. "
        f"{found.uncategorised:,} fit no topic well (fit under {number(found.threshold)}) and are "
        "left uncategorised."
    )
    await turn.call("analyze_coverage")
    await turn.act("tell_coverage")
