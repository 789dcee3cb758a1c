"""What each import brought into a dataset, and the lines of its file that could not be read."""

from typing import Any

from pydantic import BaseModel

from app.store import meta
from app.store.database import Tx


class Imported(BaseModel):
    """One file that came in. `rejections` are {"line", "reasons"}, the first thousand."""

    file: str = ""
    rejected_lines: int = 0
    rejections: list[dict[str, Any]] = []


def with_rejections(tx: Tx) -> list[Imported]:
    """The imports that had lines which were no records, in their order."""
    later = meta.get(tx, "batches") or []
    found = [meta.get(tx, "origin", {}), *later[1:]]  # the first is the origin itself
    imports = [Imported.model_validate(each) for each in found]
    return [each for each in imports if each.rejected_lines]
