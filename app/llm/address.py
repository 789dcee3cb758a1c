"""What an endpoint's address says: whether it is one, and where records sent there would go."""

import ipaddress
from urllib.parse import urlsplit


def check_address(url: str) -> str:
    """An endpoint's address without a slash at its end; raises ValueError with a sentence, which does
    not repeat the address: a password may stand in it."""
    url = url.strip()
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError("An address begins with http:// or https://.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("This is no address: its host or its port cannot be read.") from None
    if "@" in parts.netloc:
        raise ValueError("An address must not hold a name or password. Enter it as the key.")
    if not host or any(c.isspace() for c in url):
        raise ValueError("This is no address: it names no host, or has spaces.")
    if parts.query or parts.fragment:
        raise ValueError("An address ends before any ? or #, for example http://127.0.0.1:8000/v1.")
    return url.rstrip("/")


def host_of(url: str) -> str:
    """The host of a checked address, with its port where it names one."""
    return urlsplit(url).netloc


def is_loopback(url: str) -> bool:
    """Whether what is sent there stays on this computer."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def leaves_computer(url: str) -> str:
    """A sentence that says where records go, empty where they stay on this computer."""
    if is_loopback(url):
        return ""
    said = f"Excerpts of your records will be sent to {host_of(url)}"
    return f"{said}, without encryption." if url.lower().startswith("http://") else f"{said}."
