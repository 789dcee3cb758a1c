"""The kinds of personal data and secrets a scan tells apart, and how they are kept; finds nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

VERSION = 1  # of what a scan looks for: with another one all records are looked through again
Group = Literal["personal", "secret"]


@dataclass(frozen=True)
class Kind:
    """`bit` is stored with records, so it is for ever; `words` stand after a number."""

    bit: int
    group: Group
    words: str


KINDS: dict[str, Kind] = {
    "email": Kind(0, "personal", "e-mail addresses"),
    "phone": Kind(1, "personal", "phone numbers"),
    "iban": Kind(2, "personal", "bank accounts (IBAN)"),
    "card": Kind(3, "personal", "payment cards"),
    "ssn": Kind(4, "personal", "US social security numbers"),
    "api-key": Kind(5, "secret", "keys of online services"),
    "private-key": Kind(6, "secret", "private keys"),
    "token": Kind(7, "secret", "sign-in tokens (JWT)"),
    "password": Kind(8, "secret", "passwords in links"),
}
GROUPS: dict[str, str] = {"personal": "personal data", "secret": "secrets"}
WANTED = ("any", *GROUPS, *KINDS)  # what a filter may ask for


def mask_of(names: Iterable[str]) -> int:
    """The bits of these kinds together; a group, or "any", stands for all of its kinds."""
    mask = 0
    for name in names:
        for key, kind in KINDS.items():
            if name in ("any", key, kind.group):
                mask |= 1 << kind.bit
    return mask


def kinds_of(mask: int) -> list[str]:
    """The kinds whose bits are set."""
    return [name for name, kind in KINDS.items() if mask >> kind.bit & 1]


def scan_key(country: str) -> str:
    """What tells a scan from another that may find something else."""
    return f"{VERSION}/{country.upper()}"
