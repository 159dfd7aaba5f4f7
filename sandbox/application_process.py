"""The staging application in a process of its own, so that its work does not make the links slow.

Run as `python -m sandbox.application_process`. It reads commands, one JSON document a line, from its standard
input, answers each with a line, and ends with its input: when its owner closes it, or has died. Lines with
`request` or `error` answer nothing: they tell of a request that is over, and of an application's complaint.
"""

import asyncio
import json
import logging
import os
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.application import LOG, Backend, Store, auth_application, frontend_application
from sandbox.site import Site

LINE_LIMIT = 1 << 20


async def start(stack: AsyncExitStack, command: dict[str, Any]) -> dict[str, Site]:
    """Brings all sites up."""
    stores = {name: Store(**store) for name, store in command["stores"].items()}
    backend = Backend(**stores, database=command["database"], user=command["user"])
    applications = {
        "backend": backend.application(),
        "auth": auth_application(),
        "frontend": frontend_application(),
    }
    return {
        name: await stack.enter_async_context(
            Site(application, Path(command["certificates"][name]), partial(tell_request, name))
        )
        for name, application in applications.items()
    }


def tell_request(site: str, path: str, status: int, seconds: float) -> None:
    """Tells the owner of a request."""
    say({"request": {"site": site, "path": path, "status": status, "seconds": round(seconds, 4)}})


class Complaints(logging.Handler):
    """Tells the owner what the backend logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for each."""
        say({"error": {"site": "backend", "text": record.getMessage()}})


def say(document: dict[str, Any]) -> None:
    """Writes a line to the owner."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def serve() -> None:
    """Obeys until the input ends."""
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    sites: dict[str, Site] = {}
    LOG.addHandler(Complaints())
    LOG.propagate = False
    async with AsyncExitStack() as stack:
        while line := await commands.readline():
            command = json.loads(line)
            answer: dict[str, Any] = {}
            match command["do"]:
                case "start":
                    sites = await start(stack, command)
                    answer = {name: site.port for name, site in sites.items()}
                case "misbehave":
                    sites[command["site"]].application.faults = command["faults"]
                case "show":
                    sites[command["site"]].show(Path(command["certificate"]))
            say(answer)
        os._exit(0)  # nothing of it is to be kept, and its owner waits


if __name__ == "__main__":
    asyncio.run(serve())
