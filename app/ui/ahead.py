"""Loads and builds what will be looked at, before it is: modules in a thread, panels one by one.

Loading the charts alone takes 0.2 s: at a first click that would be felt.
"""

import asyncio
import importlib

from app.registry import load_family
from app.ui.centre import PANELS, Centre

PAUSE_SECONDS = 0.05  # between two pieces: what the user does comes first


async def load_chat() -> None:
    """The assistant's modules; its dock is built by whoever asks for it."""
    await asyncio.to_thread(_load, "app.ui.chat.dock")
    await asyncio.to_thread(_load_family, "app.agent.talk")


async def prepare(centre: Centre) -> None:
    """All panels, made but not shown. Whoever opens one earlier gets it at once."""
    for module in dict.fromkeys(place.split(":")[0] for place in PANELS.values()):
        await asyncio.to_thread(_load, module)
        await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.to_thread(_load_family, "app.grading")
    for name in PANELS:
        await asyncio.sleep(PAUSE_SECONDS)
        centre.panel(name)


def _load(module: str) -> None:
    """In a thread: an import makes no Qt object."""
    importlib.import_module(module)


def _load_family(package: str) -> None:
    load_family(importlib.import_module(package))
