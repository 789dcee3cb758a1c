"""A key is in no log, file, exception, repr or worker, whatever an endpoint does with it."""

import logging
import traceback
from pathlib import Path

import pytest

from app.errors import AppError
from app.llm.client import Ask, Client
from app.llm.clients import Clients
from app.llm.connections import Connection, Connections
from app.llm.examine import examine
from app.wiring import App, log_to_file
from app.workers import child_environment
from tests.llm.scripted import MODEL, Answer, chunk, says, scripted

KEY = "sk-very-secret-0123456789"
ASKED = Ask(model=MODEL, messages=[{"role": "user", "content": "hello"}])
REFUSALS = (
    Answer(status=401, error=f"Incorrect API key provided: {KEY}"),
    Answer(status=400, error={"detail": f"Bearer {KEY} is odd"}),
    Answer(status=403, error=KEY * 40),
    Answer([chunk({"content": "hi"}), {"error": {"message": f"no quota for {KEY}"}}]),
    Answer([f"data: {{{KEY}\n\n".encode()]),
)


async def failing(client: Client) -> str:
    """What is known of a failure: its words and its traceback."""
    try:
        _ = [part async for part in client.stream(ASKED)]
    except AppError as error:
        return str(error) + repr(error) + "".join(traceback.format_exception(error))
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_an_endpoint_that_repeats_the_key_does_not_bring_it_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, refusal: Answer
):
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    made = Connections(tmp_path, {})
    mine = Connection(id="mine", name="Mine", base_url="http://127.0.0.1:9/v1")
    made.set_key("mine", KEY)
    async with scripted(refusal, says("hello")) as server:
        mine = mine.model_copy(update={"base_url": server.url})
        made.put(mine)
        clients = Clients(made)
        client = await clients.client(mine)
        told = await failing(client)
        _ = [part async for part in client.stream(ASKED)]
        seen = f"{made!r} {vars(made)!r} {made.all!r} {clients!r} {vars(clients)!r} {client!r}"
        await clients.close()
    assert server.keys == [f"Bearer {KEY}"] * 2
    assert caplog.records, "nothing was logged at all: the loggers have other names now"
    for text in (told, seen, caplog.text, "".join(p.read_text() for p in tmp_path.rglob("*.*"))):
        assert KEY not in text
        assert KEY[:-4] not in text


async def test_a_key_of_the_program_is_in_no_file_and_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "home"
    async with scripted(Answer(status=401, error=KEY)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "AWS_SECRET_ACCESS_KEY", "db_password"):
            monkeypatch.setenv(name, KEY)
        app = await App.start(home)
        log_to_file(home)
        handler = logging.getLogger().handlers[-1]
        logging.getLogger("openai").setLevel(logging.DEBUG)
        try:
            connection = app.connections.for_role("assistant")
            assert connection is not None
            client = await app.clients.client(connection)
            findings = await examine(client, MODEL)
            assert server.keys == [f"Bearer {KEY}"]
        finally:
            await app.close()
            logging.getLogger("openai").setLevel(logging.NOTSET)
            logging.getLogger().removeHandler(handler)
            handler.close()
    assert KEY not in repr(findings)
    for path in home.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in str(child_environment())


def test_a_password_in_an_address_is_refused_without_being_repeated(tmp_path: Path):
    url = "https://me:hidden@example.org/v1"
    with pytest.raises(AppError, match="must not hold a name or password") as caught:
        Connections(tmp_path, {"OPENAI_BASE_URL": url})
    assert "hidden" not in "".join(traceback.format_exception(caught.value))
