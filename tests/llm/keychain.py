"""A system's keychain in memory, which can be locked; `installed` puts it in the system's place."""

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Keychain(KeyringBackend):
    """`kept` is what it keeps, by service and name."""

    priority = 5.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._unlocked()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._unlocked()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._unlocked()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("nothing there")

    def _unlocked(self) -> None:
        if self.locked:
            raise KeyringLocked("the keychain is locked")


@contextmanager
def installed() -> Iterator[Keychain]:
    """Within the block the program finds this keychain; before and after it finds none."""
    before, made = keyring.get_keyring(), Keychain()
    keyring.set_keyring(made)
    try:
        yield made
    finally:
        keyring.set_keyring(before)
