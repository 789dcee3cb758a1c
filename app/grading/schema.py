"""JSON schemas as graders use them; a reference is never fetched over the network."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

# Without a registry of its own jsonschema fetches a remote `$ref` over the network.
_OFFLINE: Registry[Any] = Registry()


def check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself; raises ValueError (pydantic's way) when it is none that can be used."""
    try:
        Draft202012Validator.check_schema(schema)
        schema_faults(schema, None)
    except SchemaError as error:
        at = ".".join(str(part) for part in error.absolute_path)
        raise ValueError(
            f"not a JSON schema{f' (at {at})' if at else ''}: {error.message}"
        ) from None
    except Unresolvable as error:
        raise ValueError(f"the schema refers to {error.ref!r}, which is not inside it") from None
    return schema


def schema_faults(schema: dict[str, Any], value: Any) -> list[ValidationError]:
    """Everything in `value` that the schema does not allow."""
    return list(Draft202012Validator(schema, registry=_OFFLINE).iter_errors(value))
