"""Graders written as the hosted fine-tuning APIs read them; what they cannot say is refused."""

from typing import Any

from app.errors import InputError
from app.grading.base import HOSTED_NAMES, GraderConfig
from app.grading.multi import Multi

_FIELDS = {
    "string_check": ("input", "reference", "operation"),
    "text_similarity": ("input", "reference", "evaluation_metric"),
    "script": ("source", "image_tag"),
}
_METRICS = {"fuzzy_match", "rouge_l", *(f"rouge_{n}" for n in range(1, 6))}


def to_hosted(config: GraderConfig) -> dict[str, Any]:
    """The hosted JSON; our own `pass_threshold` and `format_schema` stay behind (not part of it).

    Raises InputError for a type or a measure that the hosted APIs lack.
    """
    if isinstance(config, Multi):
        members = {name: to_hosted(member) for name, member in config.graders.items()}
        output = {"graders": members, "calculate_output": config.formula_text()}
        return {"type": "multi", "name": config.name, **output}
    if config.type not in _FIELDS:
        raise InputError(f"The hosted APIs have no {config.type} grader. Write it as a script.")
    fields = config.model_dump(include={*_FIELDS[config.type]}, exclude_none=True)
    if (metric := fields.get("evaluation_metric", "rouge_l")) not in _METRICS:
        raise InputError(f"The hosted APIs have no measure {metric!r}. Use fuzzy_match or rouge.")
    kinds = {ours: theirs for theirs, ours in HOSTED_NAMES.items()}
    return {"type": kinds.get(config.type, config.type), "name": config.name, **fields}
