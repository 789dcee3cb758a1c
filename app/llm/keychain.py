"""The system's keychain by the `keyring` package, which is slow to load: only `Connections` loads it,
off the event loop and not before a key is wanted."""

import keyring
from keyring.core import recommended
from keyring.errors import KeyringError, PasswordDeleteError

SERVICE = "RFT Studio"  # under which the keychain keeps the keys


def usable() -> bool:
    """Whether this system has a keychain that is fit to keep a key."""
    return bool(recommended(keyring.get_keyring()))


def read(name: str) -> str:
    """The key kept under a name, empty when there is none; raises KeychainError."""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError as error:
        raise KeychainError(str(error)) from error


def write(name: str, key: str) -> None:
    """Keep a key; raises KeychainError."""
    try:
        keyring.set_password(SERVICE, name, key)
    except KeyringError as error:
        raise KeychainError(str(error)) from error


def forget(name: str) -> None:
    """Take a key out, if there is one; raises KeychainError."""
    try:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)
    except PasswordDeleteError:
        pass  # somebody else took it out meanwhile
    except KeyringError as error:
        raise KeychainError(str(error)) from error


class KeychainError(Exception):
    """The keychain is there, and did not do what it was asked: locked, or the person said no."""
