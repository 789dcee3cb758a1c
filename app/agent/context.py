"""The JSON block that goes with each message to the assistant: where the user is, how far they are."""

import orjson
from pydantic import BaseModel

from app.domain.workflow import context
from app.tools.session import Session


class MessageContext(BaseModel):
    """`finetune_workflow` is None before the workflow was started."""

    page: str
    current_dataset_id: str | None
    finetune_workflow: dict[str, object] | None

    def as_json(self) -> str:
        return orjson.dumps(self.model_dump()).decode()


async def message_context(page: str, session: Session | None) -> MessageContext:
    """The context now; `page` is the name of the panel the user looks at."""
    if session is None:
        return MessageContext(page=page, current_dataset_id=None, finetune_workflow=None)
    workflow = context(await session.state())
    return MessageContext(
        page=page, current_dataset_id=session.dataset_id, finetune_workflow=workflow
    )
