"""A program of its own that has a model answer one message, telling each kind of entry; to be killed."""

import asyncio
import sys
from pathlib import Path

from app.agent.assistant import Assistant
from app.agent.entries import Entry
from app.llm.connections import Connection
from app.wiring import App
from tests.llm.scripted import MODEL


async def main(home: Path, dataset: str, url: str) -> None:
    app = await App.start(home)
    app.settings.openings = False
    assistant = Assistant(app, _tell)
    app.approve = assistant.approve
    app.on_session.append(assistant.turn_to)
    app.connections.put(Connection(id="mine", name="Mine", base_url=url, model=MODEL))
    await app.open(dataset)
    assistant.send("please do it")
    await assistant.idle()
    await app.close()


def _tell(entry: Entry) -> None:
    print(entry.kind, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
