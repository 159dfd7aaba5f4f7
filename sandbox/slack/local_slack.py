"""`LocalSlack`: a Slack workspace on this machine that Slack's official clients talk to unchanged."""

import asyncio
import time
from functools import cached_property
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.slack.errors import SlackError
from sandbox.slack.gestures import Gestures
from sandbox.slack.installation import Installation
from sandbox.slack.methods import METHODS
from sandbox.slack.web_api import WebApi


class LocalSlack(Installation):
    """An installation with its doors: `routes` for the bot, `gestures` for people.

    `base_url` is where the server that carries `routes` is reached.
    """

    @cached_property
    def web_api(self) -> WebApi:
        """Answers the bot."""
        return WebApi(self, METHODS)

    @cached_property
    def gestures(self) -> Gestures:
        """What people do."""
        return Gestures(self)

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that make whybot speak to this workspace."""
        return {
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
            "WHYBOT_SLACK_MODE": self.mode,
            "WHYBOT_SLACK_API_URL": self.api_url,
        }

    @property
    def api_url(self) -> str:
        """Base URL of the Web API, for `AsyncWebClient(base_url=…)`."""
        return f"{self.base_url}/api/"

    @property
    def routes(self) -> list[BaseRoute]:
        """Routes for a Starlette application."""
        return [
            Route("/api/{method}", self.web_api.endpoint, methods=["GET", "POST"]),
            Route("/response/{id}", self._response, methods=["POST"]),
            *self.files.routes,
            WebSocketRoute("/socket/{ticket}", self._socket),
        ]

    def app(self) -> Starlette:
        """This Slack alone as an application; the sandbox's server adds the page and the control API."""
        return Starlette(routes=self.routes)

    async def reached(self, within_s: float) -> bool:
        """True when the bot is there: a socket is open, or the request URL answers Slack's challenge."""
        if self.mode == "socket":
            return await self.sockets.wait_connected(within_s)
        if await self.delivery.verify_request_url():
            return True
        await asyncio.sleep(within_s)
        return False

    async def close(self) -> None:
        """Ends connections and background deliveries."""
        await self.sockets.cut()
        await self.delivery.close()

    async def _socket(self, websocket: WebSocket) -> None:
        await self.sockets.serve(websocket, websocket.path_params["ticket"])

    async def _response(self, request: Request) -> Response:
        started = time.monotonic()
        body: Any = {}
        error: SlackError | None = None
        try:
            body = await request.json()
            self.response_urls.use(request.path_params["id"], body)
        except ValueError:
            error = SlackError("invalid_payload", status=400)
        except SlackError as refused:
            error = refused
        answer, status = ("ok", 200) if error is None else (error.answer(), error.status)
        self.calls.add("bot→slack", "response_url", body, answer, status, time.monotonic() - started)
        return PlainTextResponse("ok") if error is None else JSONResponse(answer, status)
