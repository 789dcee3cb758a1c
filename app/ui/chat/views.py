"""The widget of an entry that only shows: what a stored conversation is drawn from."""

from PySide6.QtWidgets import QWidget

from app.agent.entries import (
    CardAnswered,
    Chart,
    Entry,
    Message,
    Question,
    Said,
    Spent,
    ToolDone,
    TreeShown,
)
from app.ui import kit
from app.ui.chat.chart import ChartView
from app.ui.chat.foot import short
from app.ui.chat.hooks import Hooks
from app.ui.chat.messages import MessageView, SaidView
from app.ui.chat.questions import QuestionCard
from app.ui.chat.rows import ToolRow
from app.ui.chat.tree import TreeCard

INDENT = 26  # pixels: where the words of a message begin, beside its mark
HOW = {
    "named": "allowed at the start",
    "always": "always allowed",
    "expired": "expired",
    "ended": "turn ended",
}


def still(entry: Entry, hooks: Hooks) -> QWidget | None:
    """None for an entry that has no place of its own, as an answer that its question's card shows."""
    match entry:
        case Message():
            return MessageView(entry, hooks.follow)
        case Said() if not entry.answers:
            return SaidView(entry, hooks.resend)
        case ToolDone() if not entry.only_ends:
            return ToolRow(entry)
        case Question():
            return QuestionCard(entry, is_open=False)
        case CardAnswered():
            return ToolRow(answered_row(entry))
        case Chart():
            return ChartView(entry)
        case TreeShown():
            return _tree(entry, hooks)
        case Spent():
            return _spent(entry)
    return None


def _spent(spent: Spent) -> QWidget:
    """What a turn took, faint below its words."""
    about = "about " if spent.estimated else ""
    cost = "" if spent.cost is None else f", {spent.cost:.4f}"
    words = kit.label(f"{about}{short(spent.tokens)} tokens{cost}", "small", "faint")
    words.setToolTip(
        kit.tip(
            f"This turn, {spent.model}: {spent.prompt_tokens:,} tokens asked, "
            f"{spent.answer_tokens:,} answered"
        )
    )
    return kit.holder(kit.row(INDENT, words, None, gap=0))


def _tree(shown: TreeShown, hooks: Hooks) -> TreeCard:
    view = TreeCard(shown)
    view.used.connect(
        lambda nodes: hooks.use_topics(shown.key, nodes, lambda used: view.settle(used=used))
    )
    view.opened.connect(lambda: hooks.go("topics_config", {}))
    return view


def answered_row(answered: CardAnswered) -> ToolDone:
    """A card that was answered, as one folded line."""
    card = answered.card
    facts = "\n".join(f"{label}: {value}" for label, value in card.rows)
    return ToolDone(
        key=answered.key,
        tool=card.title,
        result=HOW.get(answered.how) or ("approved" if answered.yes else "not now"),
        tone="good" if answered.yes else "warn",
        details="\n".join(part for part in (card.title, facts, card.warning, card.note) if part),
    )
