"""The Web API's door: arguments, token, scopes, rate limits, injected failures, log. The methods
are in `methods/`."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.installation import Installation

STRUCTURED = ("blocks", "attachments", "view", "metadata", "unfurls")
"""Arguments that are JSON, and come as a string within a form."""


@dataclass(frozen=True)
class Invocation:
    """One call of a method by the bot."""

    slack: Installation
    arguments: JSON

    def need(self, name: str, error: str = "invalid_arguments") -> Any:
        """A required argument."""
        value = self.arguments.get(name)
        if value in (None, ""):
            missing = [f"[ERROR] missing required field: {name}"]
            raise SlackError(error, response_metadata={"messages": missing})
        return value

    def flag(self, name: str) -> bool:
        """A boolean argument, in any of the forms that Slack takes."""
        return self.arguments.get(name) in (True, "true", "1", 1)

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.arguments.get(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None


Handler = Callable[[Invocation], Awaitable[JSON]]


@dataclass(frozen=True)
class Method:
    """One method: who handles it, which scopes open it (any one of them), its rate-limit tier, and
    whose token."""

    name: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    tier: int | None = 3
    token: str = "bot"


def table(methods: Iterable[Method]) -> dict[str, Method]:
    """Methods by name."""
    return {method.name: method for method in methods}


@dataclass
class Failure:
    """An answer that tests ask for: `method` (or `*`) fails `times` times.

    `status` 429 is a rate limit, 5xx an outage, 200 with `error` a Slack error. `applied` lets the
    call take effect before its answer is lost; `delay_s` makes the answer late (with `status` 0 that is all).
    """

    method: str
    status: int = 500
    times: int = 1
    retry_after: int = 1
    error: str | None = None
    applied: bool = False
    delay_s: float = 0.0


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, slack: Installation, methods: dict[str, Method]) -> None:
        self._slack = slack
        self._methods = methods
        self.failures: list[Failure] = []

    async def endpoint(self, request: Request) -> Response:
        """Handles one HTTP request; every one is logged."""
        started = time.monotonic()
        name = request.path_params["method"]
        arguments: JSON = {}
        headers: dict[str, str] = {}
        status = 200
        try:
            arguments, token = await _read(request)
            answer = await self._answer(name, arguments, token, headers)
        except SlackError as error:
            answer, status = error.answer(), error.status
            headers |= error.headers
        self._slack.log_call(name, arguments, answer, status, time.monotonic() - started)
        if status >= 500:
            return PlainTextResponse("upstream connect error", status, headers)
        return JSONResponse(answer, status, headers)

    async def _answer(self, name: str, arguments: JSON, token: str | None, headers: dict[str, str]) -> JSON:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authenticate(method, token)
        headers["X-OAuth-Scopes"] = ",".join(sorted(self._slack.scopes))
        if method.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        failure = self._failure(name)
        if failure is not None:
            await asyncio.sleep(failure.delay_s)
            if not failure.applied and failure.status != 0:
                raise _fails(failure)
        self._limit(method, arguments)
        self._authorize(method)
        answer = {"ok": True, **await method.handler(Invocation(self._slack, arguments))}
        if failure is not None and failure.applied:
            raise _fails(failure)
        return answer

    def _failure(self, name: str) -> Failure | None:
        for failure in self.failures:
            if failure.method in (name, "*"):
                failure.times -= 1
                if failure.times <= 0:
                    self.failures.remove(failure)
                return failure
        return None

    def _authenticate(self, method: Method, token: str | None) -> None:
        if method.token == "none":
            return
        if not token:
            raise SlackError("not_authed")
        if token in self._slack.revoked:
            raise SlackError("token_revoked")
        expected = self._slack.app_token if method.token == "app" else self._slack.bot_token
        if token != expected:
            known = token in (self._slack.app_token, self._slack.bot_token)
            raise SlackError("not_allowed_token_type" if known else "invalid_auth")

    def _authorize(self, method: Method) -> None:
        provided = self._slack.scopes
        if method.scopes and method.token == "bot" and not provided.intersection(method.scopes):
            raise SlackError(
                "missing_scope", needed=",".join(method.scopes), provided=",".join(sorted(provided))
            )

    def _limit(self, method: Method, arguments: JSON) -> None:
        channel = arguments.get("channel")
        found = self._slack.workspace.channel_named(str(channel)) if channel else None
        wait = self._slack.limits.check(method.name, method.tier, found.id if found else str(channel))
        if wait is not None:
            raise SlackError("ratelimited", status=429, headers={"Retry-After": str(wait)})


def _fails(failure: Failure) -> SlackError:
    if failure.status == 429:
        return SlackError("ratelimited", status=429, headers={"Retry-After": str(failure.retry_after)})
    return SlackError(failure.error or "internal_error", status=failure.status)


async def _read(request: Request) -> tuple[JSON, str | None]:
    """Arguments from the query and the body, and the token from wherever it is."""
    arguments: JSON = dict(request.query_params)
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type == "application/json":
        arguments |= _json_body(await request.body())
    elif content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form() as form:
            arguments |= {key: value for key, value in form.items() if isinstance(value, str)}
    token = arguments.pop("token", None)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        token = credentials.strip()
    for name in STRUCTURED:
        if isinstance(arguments.get(name), str) and arguments[name]:
            arguments[name] = _structured(name, arguments[name])
    return arguments, token


def _json_body(body: bytes) -> JSON:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _structured(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        error = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(error.get(name, "invalid_arguments")) from None
