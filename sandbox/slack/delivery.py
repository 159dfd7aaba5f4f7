"""Brings slash commands, interactions and events to the bot: over Socket Mode, or as signed HTTP
where a request URL is set. The bot has three seconds to acknowledge, as at Slack's."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from sandbox.slack.calls import CallLog
from sandbox.slack.errors import JSON
from sandbox.slack.signing import signature_headers
from sandbox.slack.socket_mode import SocketMode

Kind = Literal["slash_commands", "interactive", "events_api"]
ACK_SECONDS = 3.0
EVENT_RETRIES_SECONDS = (0.0, 60.0, 300.0)
"""Slack repeats an event almost at once, after one minute and after five (docs.slack.dev/apis/events-api)."""


@dataclass(frozen=True)
class Ack:
    """What the bot answered. `error` is `dispatch_failed` (nobody there, or a bad answer) or
    `operation_timeout`."""

    duration_s: float
    payload: Any = None
    error: str | None = None
    retry: bool = True

    @property
    def ok(self) -> bool:
        """True where the bot acknowledged in time."""
        return self.error is None


class Delivery:
    """Sends payloads to the bot and waits for what it answers; repeats events that nobody took."""

    def __init__(
        self,
        sockets: SocketMode,
        calls: CallLog,
        signing_secret: str,
        *,
        request_url: str | None = None,
        ack_seconds: float = ACK_SECONDS,
        event_retries: Sequence[float] = EVENT_RETRIES_SECONDS,
    ) -> None:
        self.request_url = request_url
        self.ack_seconds = ack_seconds
        self.event_retries = event_retries
        self._sockets = sockets
        self._calls = calls
        self._secret = signing_secret
        self._tasks: set[asyncio.Task[None]] = set()
        # trust_env: a proxy of the environment must not come between Slack and a bot on this machine
        self._http = httpx.AsyncClient(trust_env=False)

    async def send(self, kind: Kind, payload: JSON, *, retry_num: int = 0, retry_reason: str = "") -> Ack:
        """Delivers once and waits for the acknowledgement."""
        started = time.monotonic()
        if self.request_url is None:
            ack = await self._over_socket(kind, payload, retry_num, retry_reason)
        else:
            ack = await self._over_http(kind, payload, retry_num, retry_reason)
        duration = time.monotonic() - started
        status: int | str = (
            200 if ack.ok else {"operation_timeout": "timeout"}.get(str(ack.error), "unreachable")
        )
        self._calls.add("slack→bot", _name(kind, payload), payload, ack.payload, status, duration)
        return ack

    @property
    def pending(self) -> int:
        """Events that are on their way or wait to be repeated."""
        return len(self._tasks)

    def send_event(self, payload: JSON) -> None:
        """Delivers an event in the background, and again where it was not acknowledged."""
        task = asyncio.create_task(self._event(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _event(self, payload: JSON) -> None:
        ack = await self.send("events_api", payload)
        for number, delay in enumerate(self.event_retries, start=1):
            if ack.ok or not ack.retry:
                return
            reason = "http_timeout" if ack.error == "operation_timeout" else "http_error"
            await asyncio.sleep(delay)
            ack = await self.send("events_api", payload, retry_num=number, retry_reason=reason)

    async def _over_socket(self, kind: Kind, payload: JSON, retry_num: int, retry_reason: str) -> Ack:
        envelope: JSON = {"type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry_num, "retry_reason": retry_reason}
        started = time.monotonic()
        if not self._sockets.connected:
            return Ack(0.0, error="dispatch_failed")
        try:
            answer = await asyncio.wait_for(self._sockets.deliver(envelope), self.ack_seconds)
        except TimeoutError:
            return Ack(self.ack_seconds, error="operation_timeout")
        except ConnectionError:
            return Ack(time.monotonic() - started, error="dispatch_failed")
        return Ack(time.monotonic() - started, payload=answer.get("payload"))

    async def _over_http(self, kind: Kind, payload: JSON, retry_num: int, retry_reason: str) -> Ack:
        body, content_type = _http_body(kind, payload)
        headers = {"Content-Type": content_type, **signature_headers(self._secret, body, int(time.time()))}
        if retry_num:
            headers |= {"X-Slack-Retry-Num": str(retry_num), "X-Slack-Retry-Reason": retry_reason}
        started = time.monotonic()
        try:
            # wait_for as well: httpx bounds each phase, Slack bounds the whole
            response = await asyncio.wait_for(
                self._http.post(
                    str(self.request_url), content=body, headers=headers, timeout=self.ack_seconds
                ),
                self.ack_seconds,
            )
        except (TimeoutError, httpx.TimeoutException):
            return Ack(self.ack_seconds, error="operation_timeout")
        except httpx.HTTPError:
            return Ack(time.monotonic() - started, error="dispatch_failed")
        duration = time.monotonic() - started
        retry = response.headers.get("x-slack-no-retry") != "1"
        if response.status_code != 200:
            return Ack(duration, payload=response.text, error="dispatch_failed", retry=retry)
        return Ack(duration, payload=_http_answer(response))

    async def verify_request_url(self) -> bool:
        """Sends Slack's `url_verification` challenge to the request URL; true where the bot echoes it."""
        challenge: JSON = {
            "type": "url_verification",
            "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7",
        }
        ack = await self.send("events_api", challenge)
        answered = ack.payload.get("challenge") if isinstance(ack.payload, dict) else ack.payload
        return ack.ok and answered == challenge["challenge"]

    async def close(self) -> None:
        """Drops waiting repeats and closes connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()


def _name(kind: Kind, payload: JSON) -> str:
    if kind == "slash_commands":
        return str(payload["command"])
    if kind == "events_api":
        return str(payload.get("event", payload)["type"])
    return str(payload["type"])


def _http_body(kind: Kind, payload: JSON) -> tuple[bytes, str]:
    """Events are JSON, commands a form, interactions a form with one JSON field."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _http_answer(response: httpx.Response) -> Any:
    if not response.content:
        return None
    if response.headers.get("content-type", "").startswith("application/json"):
        return response.json()
    return {"text": response.text}
