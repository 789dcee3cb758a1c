"""Local servers are found over real HTTP; what is not one is not taken for one."""

import time

import pytest

from app.llm.connections import PRESETS, Preset
from app.llm.discover import SECONDS, Found, find_local
from tests.llm.scripted import MODEL, Answer, scripted


def local(url: str) -> Preset:
    return Preset(name="Mine", base_url=url, needs_key=False, local=True)


async def test_a_running_server_is_found_with_its_models():
    async with scripted() as server:
        gone = local("http://127.0.0.1:9/v1")
        far = Preset(name="Far", base_url=server.url)
        found = await find_local([gone, local(server.url), far])
        assert found == [Found(local(server.url), [MODEL])]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401, error="who are you"),
        Answer(body=b"<html>a web page</html>", content_type="text/html"),
        Answer(body=b'["data"]'),
        Answer(body=b'{"data": 3}'),
        Answer(body=b'{"data": [], "x": "' + b"x" * 1_000_000 + b'"}'),
    ],
)
async def test_another_program_on_the_port_is_none(answer: Answer):
    async with scripted() as server:
        server.models = answer
        assert await find_local([local(server.url)]) == []


async def test_one_that_says_nothing_is_not_waited_for():
    async with scripted() as server:
        server.models = Answer(silent=True)
        start = time.monotonic()
        assert await find_local([local(server.url)] * 4) == []
        assert time.monotonic() - start < SECONDS * 3  # all at once, not one after the other


async def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with scripted() as server:
        assert await find_local([local(server.url)])


def test_only_this_computer_is_looked_at():
    for preset in PRESETS:
        assert not preset.local or preset.base_url.startswith("http://127.0.0.1:")
