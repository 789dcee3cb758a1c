"""The two written forms of a hierarchy: JSON, and an indented list as people type or paste it; no I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from app.domain.topics import (
    COLORS,
    MAX_DEPTH,
    MAX_NAME,
    TopicNode,
    TopicPath,
    clean,
    key,
    shown,
    walk,
)
from app.errors import ToolError

WRITTEN = ("description", "target", "quota", "color", "locked")
_JSON = TypeAdapter(list[TopicNode])
_BULLET = re.compile(r"(?:[-*+•◦▪‣·–—]|\[[ xX]\])\s+")
_NUMBER = re.compile(
    r"(?:\(?(?P<dotted>\d+(?:\.\d+)*)[.)]+|(?P<parts>\d+(?:\.\d+)+)|\(?[a-zA-Z]\))\s+"
)
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+")
_IGNORED = re.compile(r"\s*(?:```.*|~~~.*|(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|=+)\s*")
_BOLD = re.compile(
    r"(?P<mark>\*\*|__|`)(?P<name>.+?)(?P=mark)\s*(?:(?:::|:|-|–|—)\s+(?P<about>.*))?"
)
_QUOTED = re.compile(r'(?P<name>"(?:[^"\\]|\\.)*")\s*(?:::\s*(?P<about>.*))?')
_PLAIN = re.compile(r"(?P<name>.*?)(?:\s+::(?:\s+(?P<about>.*))?)?")
_SETTING = r"(?:colou?r \d+|target [\d.eE+-]+ ?%?|quota \d+|locked)"
_SETTINGS = re.compile(rf"^(?P<rest>.*?)\s*\{{(?P<given>(?:{_SETTING}(?:, *{_SETTING})*)?)\}}$")


def to_json(nodes: Sequence[TopicNode]) -> str:
    """The hierarchy as an indented JSON array; ids, records and what is not set are left out."""
    return orjson.dumps([_plain(node) for node in nodes], option=orjson.OPT_INDENT_2).decode()


def _plain(node: TopicNode) -> dict[str, Any]:
    made: dict[str, Any] = {"name": node.name}
    made |= {name: value for name in WRITTEN if (value := getattr(node, name))}
    if node.target is not None:
        made["target"] = node.target
    return made | (
        {"children": [_plain(child) for child in node.children]} if node.children else {}
    )


def from_json(text: str | bytes) -> list[TopicNode]:
    """Read what `to_json` writes, or an object that holds it as `topics`. Raises ToolError naming the
    line or the topic that cannot be read."""
    try:
        value = orjson.loads(text)
        if isinstance(value, dict):
            value = value.get("topics", value)
        return _JSON.validate_python(value)
    except orjson.JSONDecodeError as error:
        raise ToolError(f"Line {error.lineno}: this is no JSON ({error.msg}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = _words(first["loc"])
        raise ToolError(f"These topics cannot be read: {first['msg']} ({where}).") from error


def _words(place: Sequence[int | str]) -> str:
    """«name of topic 2 of topic 1», from the end to the beginning."""
    parts = [f"topic {part + 1}" if isinstance(part, int) else part for part in place]
    return " of ".join(part for part in reversed(parts) if part != "children") or "the whole text"


def to_text(nodes: Sequence[TopicNode]) -> str:
    """The hierarchy as an indented list, one topic a line:
    `  - name :: description {color 3, target 0.1, quota 50, locked}`."""
    return "\n".join(f"{'  ' * (len(path) - 1)}- {_line(node)}" for path, node in walk(nodes))


def _line(node: TopicNode) -> str:
    name, about = clean(node.name), clean(node.description)
    settings = [
        f"{word} {value}"
        for word, value in (("color", node.color), ("target", node.target), ("quota", node.quota))
        if value is not None and (value or word == "target")
    ]
    settings += ["locked"] if node.locked else []
    text = f"{name} :: {about}" if about else name
    if settings or text.endswith("}"):
        text += f" {{{', '.join(settings)}}}"
    read = _read(f"- {text}")
    if read is None or (read.node.name, read.node.description) != (name, about):
        text = orjson.dumps(name).decode() + text[len(name) :]
    return text


@dataclass
class _Line:
    """A topic as a line says it; `rank` grows with its depth: headings, then indents, then numbers."""

    node: TopicNode
    rank: tuple[int, int, int]


def from_text(text: str) -> list[TopicNode]:
    """Read an indented list; a deeper indent, heading or number (1.2) is a child.

    Bullets, numbers, check boxes, bold and blank lines may be there or not, a description follows
    after ` :: `. Raises ToolError naming the line that cannot be.
    """
    roots: list[TopicNode] = []
    open_lines: list[_Line] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        try:
            read = _read(line)
            if read is None:
                continue
            while open_lines and open_lines[-1].rank >= read.rank:
                open_lines.pop()
            above = tuple(each.node.name for each in open_lines)
            siblings = open_lines[-1].node.children if open_lines else roots
            _check(read.node, siblings, above)
        except ToolError as error:
            raise ToolError(f"Line {number}: {error}") from error
        siblings.append(read.node)
        open_lines.append(read)
    return roots


def _read(line: str) -> _Line | None:
    """None for a line that says nothing."""
    line = line.replace("\u00a0", " ").replace("\u200b", "").expandtabs(4)
    rest = line.strip()
    if not rest or _IGNORED.fullmatch(rest):
        return None
    indent, level, parts = len(line) - len(line.lstrip()), 0, 0
    if heading := _HEADING.match(rest):
        rest, level = rest[heading.end() :], len(heading["marks"])
    while bullet := _BULLET.match(rest):
        rest = rest[bullet.end() :]
    if numbered := _NUMBER.match(rest):
        rest = rest[numbered.end() :]
        parts = (numbered["dotted"] or numbered["parts"] or "").count(".")
    rank = (0, level, 0) if level else (1, indent, parts)
    return _Line(_node(rest.strip()), rank)


def _node(text: str) -> TopicNode:
    settings: dict[str, Any] = {}
    if found := _SETTINGS.match(text):
        text, settings = found["rest"], _settings(found["given"])
    name, about = text, ""
    for pattern in (_QUOTED, _BOLD, _PLAIN):
        if match := pattern.fullmatch(text):
            name, about = match["name"], match["about"] or ""
            break
    if name.startswith('"') and _QUOTED.fullmatch(name):
        try:
            name = orjson.loads(name)
        except orjson.JSONDecodeError:
            name = name.strip('"')
    return TopicNode(name=clean(name), description=clean(about), **settings)


def _settings(given: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        word, _, value = part.partition(" ")
        if word == "locked":
            values["locked"] = True
        elif word == "target":
            values["target"] = _share(value)
        else:
            values["color" if word.startswith("col") else "quota"] = int(value)
    if values.get("color", 0) > COLORS:
        raise ToolError(f"There is no colour {values['color']}; they are 1 to {COLORS}.")
    if values.get("quota", 1) < 1:
        raise ToolError("A quota is at least 1 record.")
    return values


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ToolError(f"“{text}” is no target: a share from 0 to 1, or a percentage.")
    return share


def _check(node: TopicNode, siblings: Sequence[TopicNode], above: TopicPath) -> None:
    where = f"under {shown(above)}" if above else "at the top level"
    if not node.name:
        raise ToolError(f"a topic {where} has no name.")
    if len(node.name) > MAX_NAME:
        raise ToolError(f"the name {node.name[:40]!r}… is longer than {MAX_NAME} characters.")
    if len(above) >= MAX_DEPTH:
        raise ToolError(f"{node.name!r} is too deep: topics have at most {MAX_DEPTH} levels.")
    if any(key(sibling.name) == key(node.name) for sibling in siblings):
        raise ToolError(f"two topics {where} are both named {node.name!r}.")
