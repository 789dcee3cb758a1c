"""A dataset with thin topics, and a scripted model that writes good and bad records for them."""

import atexit
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from app.llm.connections import Connection
from app.wiring import App
from tests.llm.scripted import Answer, Scripted, chunk, scripted, usage

REAL: dict[str, list[str]] = {
    "refund": [
        "when do i get my money back for the returned shoes",
        "the refund for my order has not arrived",
        "i sent the jacket back and want a refund",
        "how long does a refund to my credit card take",
        "you refunded too little for the broken lamp",
        "please refund the second charge for the same order",
        "can i get a refund without the receipt",
        "refund me for the concert that was cancelled",
        "my refund went to a closed bank account",
        "i want my money back for the faulty kettle",
        "is the shipping fee refunded when i return things",
        "the shop promised a refund two weeks ago",
    ],
    "password": [
        "i forgot my password and cannot log in",
        "how do i reset the password of my account",
        "the password reset mail never comes",
        "my new password is not accepted at login",
        "change my login password please",
        "the site says my password is too weak",
        "i am locked out after too many wrong passwords",
        "can you send me a one time login code",
        "the reset link for my password has expired",
        "which characters may a password have",
        "someone changed my password without me",
        "i cannot sign in on my new phone",
    ],
}
FULL = {
    "delivery": ("parcel", ["late", "lost", "wet", "opened", "at the wrong door", "not tracked"]),
    "coffee": ("espresso machine", ["leaking", "noisy", "cold", "blocked", "slow", "dirty"]),
}
PLACES = ["in spring", "since monday", "again", "at my office", "for the third time", "in town"]
GOOD: dict[str, list[str]] = {
    "Refund": [
        "where is the refund for the sofa i sent back in may",
        "you still owe me forty euros for the cancelled hotel night",
        "can the refund be paid to my sister's account instead",
        "do i get my money back if the sale item does not fit",
        "i was refunded in vouchers but want it on my card",
        "how do i claim a refund for a missing book in my order",
        "the refund of the phone case is ten dollars short",
        "please give me back the deposit for the rented bike",
        "is there a refund for the unused half of my gym pass",
        "the return was accepted but no money came back yet",
        "will i be refunded for the flight you overbooked",
        "refund status of my returned headphones please",
        "my mother returned a blender and never saw the money",
        "i paid twice for one pizza and want one payment refunded",
        "can you refund the subscription i cancelled last night",
        "why was a restocking fee taken off my refund",
    ],
    "Password": [
        "my login stopped working after i changed the password",
        "where can i set a new password in the app",
        "the forgotten password page shows an error",
        "i typed the wrong password five times and am blocked now",
        "is there a way to log in without a password",
        "my password manager cannot save the login of your site",
        "please unlock my account, the password is right",
        "how often must i change my password",
        "i got a password reset mail that i did not ask for",
        "the login code by text message never reaches me",
        "can two people share one login and password",
        "my old password still works although i reset it",
        "show me how to see the password while typing it",
        "i have a new email and cannot receive the reset link",
        "after the update the app asks for my password every hour",
        "sign in fails on the tablet but works on the laptop",
    ],
}
OFF_TOPIC = [
    "the espresso machine is noisy and leaking in the kitchen",
    "my parcel was left wet at the wrong door",
    "why does the espresso machine not get hot any more",
    "a parcel is lost and cannot be tracked",
]


def rows(each: int = 36) -> Iterator[dict[str, Any]]:
    """Two topics with little in them and two that are full."""
    for label, texts in REAL.items():
        for text in texts:
            yield _row(text, label)
    for label, (thing, states) in FULL.items():
        made = [f"the {thing} is {state} {place}" for state in states for place in PLACES]
        for text in made[:each]:
            yield _row(text, label)


def _row(text: str, label: str) -> dict[str, Any]:
    turns = [{"role": "user", "content": text}]
    return {"messages": turns, "reference": label, "label": label}


class Writer:
    """Answers a request for n records with the next texts of its topic. `spoiled` are texts put in
    between, by reason; `said` counts what was written."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.pools = {topic: list(texts) for topic, texts in GOOD.items()}
        self.bad: list[tuple[str, Any]] = []
        self.said: Counter[str] = Counter()
        self.finished: list[str] = []
        self.hold_after: int | None = None
        self.raw: list[str] = []  # whole answers to give first
        server.by = self.answer

    def answer(self, body: dict[str, Any]) -> Answer:
        asked = body["messages"][-1]["content"]
        if self.hold_after is not None and len(self.finished) >= self.hold_after:
            return Answer([chunk({"content": '{"items"'})], hold=True)
        self.finished.append(asked)
        text = self.raw.pop(0) if self.raw else self._items(asked)
        return Answer([chunk({"content": text}), chunk(finish="stop"), usage(100, 50)])

    def _items(self, asked: str) -> str:
        count = int(re.findall(r"Write exactly (\d+) items", asked)[0])
        topic = json.loads(re.findall(r"<topic>(.*?)</topic>", asked)[0])
        items: list[Any] = []
        while len(items) < count:
            if self.bad:
                reason, item = self.bad.pop(0)
                self.said[reason] += 1
                items.append(item)
            elif self.pools[topic]:
                self.said["good"] += 1
                items.append(item_of(self.pools[topic].pop(0), topic))
            else:
                break
        return json.dumps({"items": items})


def item_of(text: str, topic: str) -> dict[str, Any]:
    """As few-shot wants it."""
    return {"turns": [{"role": "user", "content": text}], "reference": topic.lower()}


def connect(app: App, server: Scripted, **prices: float) -> Connection:
    connection = Connection(
        id="writer", name="Writer", base_url=server.url, model="scripted-1", **prices
    )
    app.connections.put(connection)
    return connection


_made: list[tuple[Path, str]] = []  # the user folder with the dataset, made once a process


async def _copied(tmp_path: Path) -> str:
    """Put a copy of the user folder with the dataset, its topics found and records placed, in the test's
    own; returns the dataset's id. Importing and placing them anew takes seconds of two workers."""
    file = tmp_path / "shop.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    if not _made:
        home = Path(mkdtemp(prefix="rft-writer-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        app = await App.start(home)
        try:
            report = await app.import_file(file)
            await app.open(report.dataset)
            await app.call("generate_topics", method="labels")
            await app.call("apply_topic_hierarchy")
            await app.jobs.wait()
        finally:
            await app.close()
        _made.append((home, report.dataset))
    home, dataset = _made[0]
    shutil.copytree(home, os.environ["RFT_STUDIO_HOME"], dirs_exist_ok=True)
    return dataset


@asynccontextmanager
async def generator(
    tmp_path: Path, *, quota: int = 30, **prices: float
) -> AsyncIterator[tuple[App, Writer]]:
    """An app with the dataset categorised, and the model connected; every card is answered yes."""
    dataset = await _copied(tmp_path)
    app = await App.start()
    app.cards = []  # type: ignore[attr-defined]

    async def approve(card: Any) -> bool:
        app.cards.append(card)  # type: ignore[attr-defined]
        return True

    app.approve = approve
    async with scripted() as server:
        try:
            await app.open(dataset)
            await app.call("set_quota", quota=quota)
            connect(app, server, **prices)
            yield app, Writer(server)
        finally:
            await app.close()
