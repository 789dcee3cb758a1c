"""Addresses: which are refused, without repeating a password, and which leave this computer."""

import pytest

from app.llm.address import check_address, is_loopback, leaves_computer


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x", "http://"),
        ("127.0.0.1:80", "http://"),
        ("http://", "no host"),
        ("http://a b/v1", "spaces"),
        ("http://x:port/v1", "port"),
        ("http://[::1/v1", "host"),
        ("https://me:hidden@x.org/v1", "name or password"),
        ("https://x.org/v1?key=hidden", "before any"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str, words: str):
    with pytest.raises(ValueError, match=words) as caught:
        check_address(url)
    assert "hidden" not in str(caught.value)


def test_an_address_loses_its_last_slash():
    assert check_address(" http://127.0.0.1:1/v1/ ") == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://localhost:1234/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://192.168.1.5:8000/v1", False),
        ("http://0.0.0.0:8000/v1", False),
    ],
)
def test_loopback_is_told_from_what_looks_like_it(url: str, stays: bool):
    assert is_loopback(url) is stays
    assert bool(leaves_computer(url)) is not stays


def test_where_records_go_is_said():
    assert leaves_computer("https://api.openai.com/v1") == (
        "Excerpts of your records will be sent to api.openai.com."
    )
    assert leaves_computer("http://10.0.0.2:8000/v1").endswith("10.0.0.2:8000, without encryption.")
