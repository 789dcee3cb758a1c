"""JSON schemas and what breaks them; a reference is never fetched over the network."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

# Without a registry of its own jsonschema fetches a remote `$ref` over the network.
_OFFLINE: Registry[Any] = Registry()


def check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself; raises ValueError (pydantic's way) when it is none that can be used."""
    try:
        Draft202012Validator.check_schema(schema)
        resource = DRAFT202012.create_resource(schema)
        base = resource.id() or ""
        resolver = _OFFLINE.with_resource(base, resource).resolver(base)
        for reference in _references(schema):
            resolver.lookup(reference)
    except SchemaError as error:
        at = ".".join(str(part) for part in error.absolute_path)
        raise ValueError(
            f"not a JSON schema{f' (at {at})' if at else ''}: {error.message}"
        ) from None
    except Unresolvable as error:
        raise ValueError(f"the schema refers to {error.ref!r}, which is not inside it") from None
    except RecursionError:
        raise ValueError("the schema is nested too deeply") from None
    return schema


def schema_faults(schema: dict[str, Any], value: Any) -> list[ValidationError]:
    """Everything in `value` that a checked schema does not allow."""
    try:
        return list(Draft202012Validator(schema, registry=_OFFLINE).iter_errors(value))
    except RecursionError:
        return [ValidationError("nested too deeply")]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
