"""Ready-made topic hierarchies: those shipped, and the user's own; it only reads them."""

from pathlib import Path

from app.domain.topic_text import from_json, from_text
from app.domain.topics import MAX_TOPICS, TopicNode, validate_hierarchy
from app.errors import InputError, ToolError
from app.paths import home, resource

SHIPPED = "resources/topic_templates"
OWN = "topic_templates"  # in the user folder; a file there takes the place of a shipped one of its name
ENDINGS = (".json", ".txt", ".md")
MOST_BYTES = 1_000_000


def template_names() -> list[str]:
    """The names `load_template` knows, in alphabetical order; broken ones among them."""
    return sorted(_files())


def template_title(name: str) -> str:
    """A template's name as it is shown: Customer support, from customer_support."""
    return name.replace("_", " ").capitalize()


def broken_templates() -> dict[str, str]:
    """The user's own templates that cannot be read, with the reason."""
    found: dict[str, str] = {}
    for name, path in _files().items():
        if path.parent == home() / OWN:
            try:
                load_template(name)
            except InputError as error:
                found[name] = str(error)
    return found


def load_template(name: str) -> TopicNode:
    """A node with the template's title and description, its children are the topics.

    A file holds one such node as JSON, or a list of topics as JSON or indented text. Raises
    InputError naming the known templates, or the file and what is wrong with it.
    """
    files = _files()
    if name not in files:
        known = ", ".join(sorted(files))
        raise InputError(f"There is no topic template named {name!r}. Known: {known}.")
    path = files[name]
    try:
        return _read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The topic template {path} cannot be read: {error}.") from error
    except ToolError as error:
        raise InputError(f"The topic template {path} cannot be used. {error}") from error


def _files() -> dict[str, Path]:
    found = (p for folder in (resource(SHIPPED), home() / OWN) for p in sorted(folder.glob("*")))
    return {path.stem: path for path in found if path.suffix.lower() in ENDINGS}


def _read(path: Path) -> TopicNode:
    if path.stat().st_size > MOST_BYTES:
        raise ToolError(f"It is larger than {MOST_BYTES // 1_000_000} MB.")
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() != ".json":
        made = TopicNode(name=template_title(path.stem), children=from_text(text))
    elif text.lstrip().startswith("["):
        made = TopicNode(name=template_title(path.stem), children=from_json(text))
    else:
        (made,) = from_json(f"[{text}]")
    topics = validate_hierarchy(made.children, max_leaves=MAX_TOPICS)
    return made.model_copy(update={"children": topics})
