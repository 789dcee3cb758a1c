"""The examination of a connection, against endpoints that lack each thing in turn."""

import asyncio

import pytest

from app.llm.examine import NUMBER, PASSWORD, SCHEMA, TOOL, Check, Findings, examine
from app.llm.openai import OpenAIClient
from tests.llm.scripted import MODEL, Answer, Scripted, calls, says, scripted

COUNTS = says("1 2 3 4 5 6 7 8 9 10 11 12")
CALLS = calls(TOOL, {"number": NUMBER})
GREEN = says('{"colour": "green"}')
KNOWS = says(f"It is {PASSWORD.title()}.")
NO_MODELS = Answer(body=b'{"object": "list", "data": []}')


async def examined(server: Scripted, model: str = MODEL) -> tuple[Findings, list[Check]]:
    client = OpenAIClient(server.url, "secret", name="Mine", first_wait=0.01)
    told: list[Check] = []
    try:
        return await examine(client, model, told.append, local=True), told
    finally:
        await client.close()


def states(findings: Findings) -> list[str]:
    return [check.state for check in findings.checks]


def words(findings: Findings, name: str) -> str:
    return next(check.words for check in findings.checks if check.name == name)


async def test_an_endpoint_that_has_everything():
    async with scripted(COUNTS, CALLS, GREEN, KNOWS) as server:
        findings, told = await examined(server)
    assert states(findings) == ["ok"] * 6
    assert findings.fit
    assert told == list(findings.checks)
    assert [check.title for check in told][:2] == ["Reachable, key accepted", "Model"]
    assert findings.models == (MODEL,)
    stream, tools, schema, long = server.requests
    assert len(long["messages"][1]["content"]) > 30_000
    assert "tools" not in stream
    assert tools["tools"][0]["function"]["name"] == TOOL
    assert schema["response_format"] == SCHEMA
    assert server.keys == ["Bearer secret"] * 4


@pytest.mark.parametrize(
    ("answers", "name", "said", "fit"),
    [
        ([says("123", pieces=1), CALLS, GREEN], "stream", "one piece", True),
        ([says(" "), CALLS, GREEN], "stream", "one piece", True),
        ([COUNTS, says("I call it."), GREEN], "tools", "wrote words", False),
        ([COUNTS, calls(TOOL, {"number": "x"}), GREEN], "tools", "wrongly", False),
        ([COUNTS, calls("other"), GREEN], "tools", "wrongly", False),
        ([COUNTS, Answer(status=400, error="no tools here"), GREEN], "tools", "no tools", False),
        ([COUNTS, CALLS, says("green, I think")], "schema", "misread", True),
        ([COUNTS, CALLS, says('{"colour": "blue"}')], "schema", "misread", True),
        ([COUNTS, CALLS, Answer(status=400, error="response_format?")], "schema", "format?", True),
    ],
)
async def test_what_is_missing_is_said(answers: list[Answer], name: str, said: str, fit: bool):
    async with scripted(*answers, KNOWS) as server:
        findings, _ = await examined(server)
    assert {c.name: c.state for c in findings.checks if c.state != "ok"} == {name: "missing"}
    assert said in words(findings, name)
    assert findings.fit is fit
    assert not server.script


async def test_a_local_server_that_cuts_long_prompts_is_found_out():
    async with scripted(COUNTS, CALLS, GREEN, says("There is no password.")) as server:
        findings, _ = await examined(server)
    assert states(findings) == [*["ok"] * 5, "missing"]
    assert "OLLAMA_CONTEXT_LENGTH" in words(findings, "long")
    assert not findings.fit


async def test_a_service_is_not_sent_a_long_prompt():
    async with scripted(COUNTS, CALLS, GREEN) as server:
        client = OpenAIClient(server.url, "secret", name="Mine")
        findings = await examine(client, MODEL)
        await client.close()
    assert states(findings) == [*["ok"] * 5, "skipped"]
    assert findings.fit


async def test_a_wrong_key_ends_it():
    async with scripted() as server:
        server.models = Answer(status=401, error="bad key")
        findings, _ = await examined(server)
    assert states(findings) == ["failed", *["skipped"] * 5]
    assert "does not accept the key: bad key" in words(findings, "reach")
    assert not findings.fit
    assert not server.requests


async def test_nobody_is_there():
    async with scripted() as server:
        pass
    findings, _ = await examined(server)
    assert states(findings) == ["failed", *["skipped"] * 5]
    assert "cannot be reached" in words(findings, "reach")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404, error="no such page"),
        Answer(body=b"<html>hello</html>", content_type="text/html"),
        Answer(body=b"{broken"),
    ],
)
async def test_an_endpoint_that_lists_no_models_is_tried_by_the_name_given(answer: Answer):
    async with scripted(COUNTS, CALLS, GREEN, KNOWS) as server:
        server.models = answer
        findings, _ = await examined(server, "mine")
    assert states(findings) == ["ok", "missing", *["ok"] * 4]
    assert findings.fit
    assert server.requests[0]["model"] == "mine"


async def test_without_a_name_and_without_a_list_there_is_nothing_to_try():
    async with scripted() as server:
        server.models = NO_MODELS
        findings, _ = await examined(server, "")
    assert states(findings) == ["ok", "failed", *["skipped"] * 4]
    assert "Enter the name" in words(findings, "models")


async def test_without_a_name_the_first_is_tried():
    async with scripted(COUNTS, CALLS, GREEN, KNOWS) as server:
        findings, _ = await examined(server, "")
    assert findings.model == MODEL
    assert server.requests[0]["model"] == MODEL


async def test_a_model_that_is_gone_ends_it():
    async with scripted(Answer(status=404, error="no such model")) as server:
        findings, _ = await examined(server, "gone")
    assert states(findings) == ["ok", "missing", "failed", *["skipped"] * 3]
    assert "gone is not among the one" in words(findings, "models")


async def test_a_long_wait_is_not_waited_for():
    busy = Answer(status=429, error="come back later", headers={"retry-after": "200"})
    async with scripted(busy) as server:
        findings, _ = await examined(server)
    assert states(findings) == ["ok", "ok", "failed", *["skipped"] * 3]
    assert "come back later" in words(findings, "stream")


async def test_it_is_stopped_at_once():
    async with scripted(Answer([], hold=True)) as server:
        client = OpenAIClient(server.url, name="Mine")
        told: list[Check] = []
        task = asyncio.ensure_future(examine(client, MODEL, told.append))
        while not server.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()
    assert [check.name for check in told] == ["reach", "models"]
