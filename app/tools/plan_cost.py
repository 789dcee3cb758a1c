"""What the plan would take from the connected model, before anything is asked; it asks nothing."""

from pydantic import BaseModel

from app.generation.base import strategy as strategy_named
from app.store.database import Tx
from app.tools.base import Context
from app.tools.generating import estimate
from app.tools.generation import StrategyName
from app.tools.model_runs import generator
from app.tools.orders import planned


class PlanCost(BaseModel):
    """For `records`: those of the plan without what waits for the user already, and what has no record
    to start from. `cost` is None where the price is not known."""

    model: str
    strategy: str
    records: int
    tokens: int
    cost: float | None


async def plan_cost(ctx: Context, strategy: StrategyName = "message_variation") -> PlanCost | None:
    """None where no model is connected, or where there is nothing to write."""
    connection = generator(ctx)
    if connection is None:
        return None

    def read(tx: Tx) -> PlanCost | None:
        order = planned(tx, ctx, strategy, None, None, None)
        if not order.counts:
            return None
        prompt, answer = estimate(tx, order)
        return PlanCost(
            model=connection.name,
            strategy=strategy_named(strategy).title.lower(),
            records=order.total,
            tokens=prompt + answer,
            cost=connection.cost(prompt, answer),
        )

    return await ctx.open.store.read(read)
