"""A Slack Web API that agrees to everything, and signed requests as Slack sends them."""

import asyncio
import hashlib
import hmac
import itertools
import time
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN = "xoxb-benchmark"
SECRET = "benchmark-signing-secret"
CHANNEL = "C0BENCH"
_numbers = itertools.count(1)


async def answer(request: Request) -> JSONResponse:
    """What Slack answers to `auth.test` and to a message; enough for any bot that only posts and updates."""
    await request.body()
    identity = {
        "team_id": "T0BENCH",
        "user_id": "U0BOT",
        "bot_id": "B0BOT",
        "team": "bench",
        "user": "whybot",
    }
    ts = f"{int(time.time())}.{next(_numbers):06}"
    return JSONResponse({"ok": True, "channel": CHANNEL, "ts": ts, "messages": [], "url": "", **identity})


app = Starlette(routes=[Route("/api/{method}", answer, methods=["GET", "POST"])])


def command(name: str, number: int) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a slash command; `number` makes it one of its kind."""
    body = urlencode(
        {
            "command": name,
            "text": "",
            "user_id": f"U{number % 50:04}",
            "user_name": "alice",
            "team_id": "T0BENCH",
            "team_domain": "bench",
            "channel_id": CHANNEL,
            "channel_name": "incidents",
            "api_app_id": "A0BENCH",
            "trigger_id": f"{number}.{time.time_ns()}",
            "response_url": f"http://127.0.0.1:1/response/{number}",
        }
    ).encode()
    stamp = str(int(time.time()))
    signed = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return body, {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signed}",
        "Content-Type": kind,
    }


async def send(port: int, name: str, number: int) -> tuple[int, float]:
    """Sends a command on a connection of its own; gives the status and the seconds until the answer's end.

    By hand, since a client library would cost more than what is measured. The connection is open before the
    clock starts, as Slack's are.
    """
    body, headers = command(name, number)
    head = {"Host": "127.0.0.1", "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = ["POST /slack/events HTTP/1.1", *(f"{key}: {value}" for key, value in head.items()), "", ""]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        began = time.perf_counter()
        writer.write("\r\n".join(lines).encode() + body)
        told = await reader.read()
        took = time.perf_counter() - began
    finally:
        writer.close()
    return int(told.split(b" ", 2)[1]) if told else 0, took
