"""The sandbox's control API, `/sandbox/api/*`: acts as any person, and reads what Slack and the world hold.

The page uses it, and so do tests and other programs. It answers JSON; a failure is
`{"ok": false, "error": code, "message": sentence}` with a 4xx status.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.errors import WorldError
from sandbox.slack.delivery import Ack
from sandbox.slack.errors import JSON, GestureRefused
from sandbox.slack.local_slack import LocalSlack
from sandbox.slack.socket_mode import DISCONNECT_REASONS
from sandbox.slack.web_api import Failure
from sandbox.slack.workspace import (
    BOT_USER,
    SLACKBOT,
    TEAM,
    TEAM_NAME,
    Channel,
    Message,
    User,
    Workspace,
    message_document,
)

Endpoint = Callable[[Request], Awaitable[Response]]
KEEP_ALIVE_SECONDS = 15.0
VALUE_FIELDS = ("value", "rich_text_value")
LISTS_OF_THE_WORLD = ("scenarios", "faults", "fault_kinds", "services", "links", "alert_receivers")
TIMED_OUT = "whybot did not acknowledge within 3 seconds."
NOBODY_THERE = "whybot is not connected, or its answer was not understood."


class ControlledWorld(Protocol):
    """What the control API needs of `sandbox.world.World`."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each change; gives what ends that."""
        ...

    def describe(self) -> JSON:
        """Services, links, faults, scenarios."""
        ...

    async def apply_scenario(self, name: str) -> None:
        """Replaces the faults in force by those of a scenario."""
        ...

    async def apply_fault(self, fault: str, target: str, **options: Any) -> str:
        """Breaks something; gives the fault's id."""
        ...

    async def mend(self, fault_id: str | None = None, /) -> None:
        """Mends one fault, or all."""
        ...

    async def change(self, wish: JSON) -> str:
        """Changes the configuration of Google Cloud; gives what was changed, in words."""
        ...


class ControlledBot(Protocol):
    """What the control API needs of the bot's process."""

    @property
    def changed(self) -> list[Callable[[], None]]:
        """Callbacks that hear of every start and end."""
        ...

    def describe(self) -> JSON:
        """`running`, `pid`, `starts`, `log`."""
        ...

    async def act(self, action: str, *, restart: bool = True) -> None:
        """`start`, `stop` or `kill`; raises `ValueError` for anything else."""
        ...


class BadRequest(Exception):  # noqa: N818 - the request's fault, answered with 400
    """A request that cannot be served; `code` is what the caller reads."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Control:
    """The endpoints of the control API."""

    def __init__(self, slack: LocalSlack, world: ControlledWorld | None = None) -> None:
        self._slack = slack
        self._world = world
        self.bot: ControlledBot | None = None
        self._streams: set[asyncio.Queue[JSON | None]] = set()
        slack.workspace.changed.append(self._tell)
        if world is not None:
            world.subscribe(self.tell_state)

    @property
    def routes(self) -> list[BaseRoute]:
        """Routes for a Starlette application."""
        gets: dict[str, Endpoint] = {
            "state": self._state,
            "messages": self._messages,
            "calls": self._calls,
            "views": self._views,
            "cloud": self._cloud,
        }
        posts: dict[str, Endpoint] = {
            "command": self._command,
            "action": self._action,
            "view": self._view,
            "message": self._message,
            "reaction": self._reaction,
            "home": self._home,
            "join": self._join,
            "faults": self._break,
            "cloud": self._change_cloud,
            "slack": self._trouble_slack,
            "bot": self._act_on_bot,
        }
        return [
            *(Route(f"/sandbox/api/{name}", guarded(get), methods=["GET"]) for name, get in gets.items()),
            *(Route(f"/sandbox/api/{name}", guarded(post), methods=["POST"]) for name, post in posts.items()),
            Route("/sandbox/api/faults", guarded(self._mend), methods=["DELETE"]),
            Route("/sandbox/api/{rest:path}", guarded(_not_found), methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/events", self._events, methods=["GET"]),
        ]

    # What the page hears

    def tell_state(self, *_: object) -> None:
        """Tells the page to read the state again."""
        self._tell({"kind": "state"})

    def _tell(self, event: JSON) -> None:
        for stream in self._streams:
            stream.put_nowait(event)

    def end_streams(self) -> None:
        """Ends every event stream, so that a server can stop."""
        for stream in self._streams:
            stream.put_nowait(None)

    async def _events(self, _request: Request) -> Response:
        queue: asyncio.Queue[JSON | None] = asyncio.Queue()
        self._streams.add(queue)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(queue), media_type="text/event-stream", headers=headers)

    async def _stream(self, queue: asyncio.Queue[JSON | None]) -> AsyncIterator[str]:
        try:
            yield ": connected\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield f"data: {json.dumps(event)}\n\n"
        finally:
            self._streams.discard(queue)

    # Reading

    async def _state(self, _request: Request) -> Response:
        slack = self._slack
        own: JSON = {
            "workspace": {"id": TEAM, "name": TEAM_NAME, "newer_blocks": slack.newer_blocks},
            "bot": self._describe_bot(),
            **_people_and_places(slack.workspace),
            "commands": [_command_document(command) for command in slack.commands.values()],
            "rate_limits": {"breaches": [vars(breach) for breach in slack.limits.breaches]},
        }
        world = self._world.describe() if self._world is not None else {"scenario": None}
        lists: JSON = {name: [] for name in LISTS_OF_THE_WORLD}
        return JSONResponse({**lists, **own, **world})

    def _describe_bot(self) -> JSON:
        bot = self._slack.workspace.users[BOT_USER]
        process = self.bot.describe() if self.bot is not None else {}
        connected = self._bot_connected()
        return {
            "user_id": bot.id,
            "name": bot.name,
            "connected": connected,
            "mode": self._slack.mode,
            **process,
        }

    def _bot_connected(self) -> bool:
        if self._slack.mode == "socket":
            return self._slack.sockets.connected
        return bool(self.bot is None or self.bot.describe()["running"])

    async def _messages(self, request: Request) -> Response:
        channel = self._slack.workspace.channels.get(_query(request, "channel"))
        if channel is None:
            raise BadRequest("channel_not_found", "There is no such channel.")
        thread, user = request.query_params.get("thread_ts"), request.query_params.get("user")

        def shown(message: Message) -> bool:
            if message.ephemeral_to not in (None, user):
                return False
            if thread:
                return thread in (message.ts, message.thread_ts)
            return message.thread_ts in (None, message.ts)

        messages = sorted(filter(shown, channel.messages.values()), key=lambda m: m.ts)
        return JSONResponse({"ok": True, "messages": [self._message_document(m) for m in messages]})

    def _message_document(self, message: Message) -> JSON:
        document = message_document(self._slack.workspace, message)
        document.setdefault("blocks", [])
        document.setdefault("reply_count", 0)
        document.setdefault("reactions", [])
        if message.ephemeral_to is not None:
            document["ephemeral_to"] = message.ephemeral_to
        return document

    async def _calls(self, request: Request) -> Response:
        since = request.query_params.get("since") or "0"
        if not since.isdigit():
            raise BadRequest("invalid_arguments", "`since` is the number of a call.")
        calls = [call.document() for call in self._slack.calls.since(int(since))]
        return JSONResponse({"ok": True, "calls": calls})

    async def _views(self, request: Request) -> Response:
        user = _query(request, "user")
        modals = self._slack.modals
        stack = self._slack.workspace.modals.get(user, [])
        home = self._slack.workspace.homes.get(user)
        return JSONResponse(
            {
                "ok": True,
                "modals": [modals.document(view) for view in stack],
                "home": modals.document(home) if home else None,
            }
        )

    # Acting as a person

    async def _command(self, request: Request) -> Response:
        body = await _body(request, "user", "channel", "command")
        text = str(body.get("text") or "")
        ack = await self._slack.gestures.command(body["user"], body["channel"], body["command"], text)
        return _acknowledged(ack, ack=ack.payload)

    async def _action(self, request: Request) -> Response:
        body = await _body(request, "user", "action_id")
        block_id = body.get("block_id")
        value = _chosen(body)
        gestures = self._slack.gestures
        if body.get("view_id"):
            ack = await gestures.press_in_view(
                body["user"], body["view_id"], body["action_id"], block_id, value
            )
        elif body.get("channel") and body.get("ts"):
            where = (body["user"], body["channel"], body["ts"])
            ack = await gestures.press(*where, body["action_id"], block_id, value)
        else:
            raise BadRequest("invalid_arguments", "Name `channel` and `ts`, or `view_id`.")
        return _acknowledged(ack)

    async def _view(self, request: Request) -> Response:
        body = await _body(request, "user", "view_id")
        gestures = self._slack.gestures
        if body.get("close"):
            await gestures.close(body["user"], body["view_id"], everything=body["close"] == "all")
            return JSONResponse({"ok": True})
        errors = await gestures.submit(body["user"], body["view_id"], body.get("values") or {})
        trouble = errors.pop("", None)
        if trouble:
            return JSONResponse({"ok": False, "error": "operation_timeout", "message": trouble})
        return JSONResponse({"ok": True, **({"errors": errors} if errors else {})})

    async def _message(self, request: Request) -> Response:
        body = await _body(request, "user", "channel", "text")
        thread = body.get("thread_ts")
        message = self._slack.gestures.say(body["user"], body["channel"], str(body["text"]), thread)
        return JSONResponse({"ok": True, "ts": message.ts, "channel": message.channel})

    async def _reaction(self, request: Request) -> Response:
        body = await _body(request, "user", "channel", "ts", "name")
        self._slack.gestures.react(body["user"], body["channel"], body["ts"], body["name"])
        return JSONResponse({"ok": True})

    async def _home(self, request: Request) -> Response:
        body = await _body(request, "user")
        self._slack.gestures.open_home(body["user"])
        return JSONResponse({"ok": True})

    async def _join(self, request: Request) -> Response:
        body = await _body(request, "user", "channel")
        self._slack.gestures.join(body["user"], body["channel"])
        return JSONResponse({"ok": True})

    # Breaking and mending

    async def _break(self, request: Request) -> Response:
        body = await _body(request)
        world = self._need_world()
        try:
            if body.get("scenario"):
                await world.apply_scenario(body["scenario"])
            else:
                fault, target = _need(body, "fault"), _need(body, "target")
                extra = {k: v for k, v in body.items() if k not in ("fault", "target", "options", "scenario")}
                await world.apply_fault(fault, target, **{**extra, **(body.get("options") or {})})
        except WorldError as error:
            raise BadRequest(error.code, str(error)) from error
        return JSONResponse({"ok": True, "faults": world.describe().get("faults", [])})

    async def _mend(self, request: Request) -> Response:
        world = self._need_world()
        try:
            await world.mend(request.query_params.get("id"))
        except WorldError as error:
            raise BadRequest(error.code, str(error)) from error
        return JSONResponse({"ok": True, "faults": world.describe().get("faults", [])})

    async def _cloud(self, _request: Request) -> Response:
        return JSONResponse({"ok": True, "cloud": self._need_world().describe().get("cloud")})

    async def _change_cloud(self, request: Request) -> Response:
        body = await _body(request, "change")
        world = self._need_world()
        try:
            title = await world.change(body)
        except WorldError as error:
            raise BadRequest(error.code, str(error)) from error
        return JSONResponse({"ok": True, "title": title, "cloud": world.describe().get("cloud")})

    def _need_world(self) -> ControlledWorld:
        if self._world is None:
            raise BadRequest("no_world", "This sandbox has a Slack but no staging world.")
        return self._world

    async def _trouble_slack(self, request: Request) -> Response:
        """Troubles of Slack itself, for tests. Keys may be combined."""
        body = await _body(request)
        slack = self._slack
        unknown = set(body) - set(SLACK_TROUBLES)
        if unknown:
            raise BadRequest("invalid_arguments", f"Unknown: {', '.join(sorted(unknown))}.")
        for name, value in body.items():
            await SLACK_TROUBLES[name](slack, value)
        self.tell_state()
        return JSONResponse({"ok": True})

    async def _act_on_bot(self, request: Request) -> Response:
        body = await _body(request, "action")
        if self.bot is None:
            raise BadRequest("no_bot", "This sandbox did not start the bot.")
        try:
            await self.bot.act(body["action"], restart=body.get("restart", True) is not False)
        except ValueError as error:
            raise BadRequest("invalid_arguments", str(error)) from error
        return JSONResponse({"ok": True, "bot": self.bot.describe()})


# What Slack holds, as JSON


def _people_and_places(workspace: Workspace) -> JSON:
    return {
        "users": [_user_document(user) for user in workspace.users.values() if user.id != SLACKBOT],
        "channels": [_channel_document(channel) for channel in workspace.channels.values()],
        "usergroups": [vars(group) for group in workspace.usergroups.values()],
    }


def _user_document(user: User) -> JSON:
    names = ("id", "name", "real_name", "role", "tz", "team_id", "is_bot")
    return {name: getattr(user, name) for name in names}


def _channel_document(channel: Channel) -> JSON:
    names = ("id", "name", "topic", "members", "is_im", "is_ext_shared")
    return {name: getattr(channel, name) for name in names}


def _command_document(command: JSON) -> JSON:
    return {name: command.get(name, "") for name in ("command", "description", "usage_hint")}


# Troubles of Slack


async def _disconnect(slack: LocalSlack, reason: Any) -> None:
    if reason not in DISCONNECT_REASONS:
        raise BadRequest("invalid_arguments", f"`disconnect` is one of {', '.join(DISCONNECT_REASONS)}.")
    await slack.sockets.disconnect(reason)


async def _cut(slack: LocalSlack, _value: Any) -> None:
    await slack.sockets.cut()


async def _fail(slack: LocalSlack, value: Any) -> None:
    wanted = value if isinstance(value, list) else [value]
    known = {each.name for each in fields(Failure)}
    if not all(isinstance(each, dict) and "method" in each and known.issuperset(each) for each in wanted):
        raise BadRequest("invalid_arguments", f"`fail` takes `method` and any of {', '.join(sorted(known))}.")
    slack.web_api.failures.extend(Failure(**each) for each in wanted)


async def _newer_blocks(slack: LocalSlack, value: Any) -> None:
    slack.newer_blocks = bool(value)


async def _revoke_token(slack: LocalSlack, value: Any) -> None:
    """`"bot"`, `"app"` or true for the bot's; false restores both."""
    if value is False:
        slack.revoked.clear()
    else:
        slack.revoked.add(slack.app_token if value == "app" else slack.bot_token)


async def _socket_mode(slack: LocalSlack, value: Any) -> None:
    slack.sockets.enabled = bool(value)


async def _rate_limits(slack: LocalSlack, value: Any) -> None:
    slack.limits.enabled = bool(value)


async def _clear_failures(slack: LocalSlack, _value: Any) -> None:
    slack.web_api.failures.clear()


SLACK_TROUBLES: dict[str, Callable[[LocalSlack, Any], Awaitable[None]]] = {
    "disconnect": _disconnect,
    "cut": _cut,
    "fail": _fail,
    "clear_failures": _clear_failures,
    "newer_blocks": _newer_blocks,
    "revoke_token": _revoke_token,
    "socket_mode": _socket_mode,
    "rate_limits": _rate_limits,
}


# Requests and answers


def guarded(endpoint: Endpoint) -> Endpoint:
    """Turns what a caller did wrong into an answer with a code and a sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (BadRequest, GestureRefused) as error:
            status = 404 if error.code.endswith("_not_found") else 400
            return JSONResponse({"ok": False, "error": error.code, "message": error.message}, status)

    return answer


async def _not_found(_request: Request) -> Response:
    raise BadRequest("endpoint_not_found", "There is no such call.")


def _query(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise BadRequest("invalid_arguments", f"`{name}` is missing.")
    return value


def _need(body: JSON, name: str) -> str:
    if body.get(name) in (None, ""):
        raise BadRequest("invalid_arguments", f"`{name}` is missing.")
    return str(body[name])


async def _body(request: Request, *required: str) -> JSON:
    try:
        body = await request.json()
        json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest("invalid_json", "The body must be a JSON object.")
    for name in required:
        _need(body, name)
    return body


def _chosen(body: JSON) -> JSON:
    """What an action carries beside its names: a value, or what was selected."""
    names = [name for name in body if name.startswith("selected_") or name in VALUE_FIELDS]
    return {name: body[name] for name in names if body[name] is not None}


def _acknowledged(ack: Ack, /, **extra: Any) -> Response:
    measured = {"ack_ms": round(ack.duration_s * 1000, 1), **extra}
    if ack.ok:
        return JSONResponse({"ok": True, **measured})
    message = TIMED_OUT if ack.error == "operation_timeout" else NOBODY_THERE
    return JSONResponse({"ok": False, "error": ack.error, "message": message, **measured})
