"""The ready-made topic hierarchies in `resources/topic_templates`; it only reads them."""

from app.domain.topics import TopicNode
from app.errors import InputError
from app.paths import resource

FOLDER = "resources/topic_templates"


def template_names() -> list[str]:
    """The names `load_template` knows, in alphabetical order."""
    return sorted(path.stem for path in resource(FOLDER).glob("*.json"))


def load_template(name: str) -> TopicNode:
    """A node with the template's title and description, its children are the topics.

    Raises InputError naming the known templates.
    """
    if name not in template_names():
        known = ", ".join(template_names())
        raise InputError(f"There is no topic template named {name!r}. Known: {known}.")
    return TopicNode.model_validate_json((resource(FOLDER) / f"{name}.json").read_bytes())
