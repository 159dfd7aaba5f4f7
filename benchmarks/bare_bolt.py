"""The least that Bolt takes to acknowledge a command, served as whybot is: `bare_bolt PORT API`."""

import sys

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.slack_stub import SECRET, TOKEN


def build(api: str) -> Starlette:
    """An app with one command that does nothing but acknowledge."""
    app = AsyncApp(client=AsyncWebClient(token=TOKEN, base_url=api), signing_secret=SECRET)
    handler = AsyncSlackRequestHandler(app)

    @app.command("/staging-health")
    async def health(ack: AsyncAck) -> None:
        await ack()

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"]), Route("/readyz", alive)])


if __name__ == "__main__":
    port, api = sys.argv[1:]
    # The loop of a plain installation, as whybot's; uvicorn would take the uvloop that pgqueuer brings.
    uvicorn.run(
        build(api), host="127.0.0.1", port=int(port), loop="asyncio", log_level="warning", access_log=False
    )
