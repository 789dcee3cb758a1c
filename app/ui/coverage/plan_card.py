"""The plan in words: how many records for which topics, the figures afterwards, cost and what lacks."""

from PySide6.QtWidgets import QFrame

from app.domain.planning import Plan
from app.domain.wording import count, joined, number
from app.tools.plan_cost import PlanCost
from app.ui import kit
from app.ui.coverage.rows import short_names

NAMED = 3


class PlanCard(QFrame):
    """Numbers are exact, but tokens and cost, which depend on what the model answers."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.words = kit.label("", wrap=True, select=True)
        self.cost = kit.label("", "small", "muted", wrap=True)
        self.short = kit.label("", "small", "muted", wrap=True)
        head = kit.label("Plan", "h2")
        self.setLayout(kit.column(head, self.words, self.cost, self.short, gap=4, margin=14))

    def show_plan(self, plan: Plan, cost: PlanCost | None) -> None:
        for label, text in (
            (self.words, plan_words(plan)),
            (self.cost, cost_words(cost)),
            (self.short, short_words(plan)),
        ):
            label.setText(text)
            label.setVisible(bool(text))


def plan_words(plan: Plan) -> str:
    """«Add 24 records to 2 topics: 12 Fees and 12 Interest. Balance 0.55 to 0.68, …»."""
    if not plan.total:
        if plan.short:
            return "Nothing can be added: no topic that lacks records may get synthetic ones."
        return "Nothing to add: every topic has its quota, and their balance is good enough."
    most = sorted(plan.add.items(), key=lambda item: -item[1])
    names = short_names(topic.topic for topic in plan.topics)
    parts = [f"{n:,} {names[topic]}" for topic, n in most]
    where = f"{len(parts)} topics: {joined(parts, NAMED)}" if len(parts) > 1 else names[most[0][0]]
    balance = _step("Balance", plan.balance_before, plan.balance_after)
    coverage = _step("coverage", plan.coverage_before, plan.coverage_after)
    return f"Add {count(plan.total, 'record')} to {where}. {balance}, {coverage}."


def _step(name: str, before: float | None, after: float | None) -> str:
    """«Balance 0.55 to 0.68», or that it stays."""
    now, then = number(before), number(after)
    return f"{name} stays {now}" if now == then else f"{name} {now} to {then}"


def short_words(plan: Plan) -> str:
    """What lacks even after the plan, and what can be done about it."""
    short = sum(bool(topic.short) for topic in plan.topics)
    if not short:
        return ""
    said = (
        f"After it {count(plan.short, 'record')} still lack in {count(short, 'topic')}: there are "
    )
    said += "never more synthetic records than real ones. Merge such topics, "
    lower = f"lower the quota to {plan.reachable_quota:,}, "
    reachable = 0 < plan.reachable_quota < plan.quota
    return f"{said}{lower if reachable else ''}or write {'it' if plan.short == 1 else 'them'}."


def cost_words(cost: PlanCost | None) -> str:
    """«Demo, few-shot: about 31,000 tokens, about 0.12, for 24 records.»; empty without a model."""
    if cost is None:
        return ""
    price = "price not known" if cost.cost is None else f"about {cost.cost:.2f}"
    said = f"{cost.model}, {cost.strategy}: about {cost.tokens:,} tokens, {price}"
    return f"{said}, for {count(cost.records, 'record')}."
