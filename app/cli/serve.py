"""The command that serves a deployed model until it is interrupted."""

import argparse
import asyncio

from app.cli.commands import chosen
from app.cli.output import Progress, emit, say
from app.serving.endpoint import snippets
from app.tools.deployment import Deployed
from app.wiring import App

CHECK_SECONDS = 1.0


async def serve(arguments: argparse.Namespace) -> int:
    """Serve on 127.0.0.1; prints address, key and model, then waits for Ctrl+C."""
    app = await App.start()
    progress = Progress(app)
    try:
        if arguments.port:
            app.settings.port = arguments.port
        await app.open((await chosen(app, arguments.dataset)).id)
        deployed = await app.call("start_deployment")
        assert isinstance(deployed, Deployed)
        if arguments.json:
            emit(deployed)
        else:
            say(f"Serving {deployed.model_id} at {deployed.endpoint}. Ctrl+C ends it.\n")
            print(snippets(deployed.endpoint, deployed.key, deployed.model_id)["curl"], flush=True)
        return await _until_gone(app)
    finally:
        progress.close()
        if app.session and (endpoint := app.session.endpoint()):
            await endpoint.stop()
        await app.close()


async def _until_gone(app: App) -> int:
    while app.session and app.session.endpoint() is not None:
        await asyncio.sleep(CHECK_SECONDS)
    say("The endpoint ended.")
    return 1
