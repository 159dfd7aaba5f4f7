"""Every slash command's way in: understood by the registry, answered by the file of its kind.

One listener takes them all, since an environment's own command (`/staging-health`) is the short form of
`/triage health staging`.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import metrics
from bot.commands import drift, health, path, why
from bot.commands.help import answer as say_what_there_is
from bot.commands.help import correct
from bot.commands.registry import (
    DriftRequest,
    HealthRequest,
    HelpRequest,
    PathRequest,
    UsageProblem,
    WhyRequest,
    commands,
    parse,
)
from bot.services import Asker, Services
from bot.views.message import Message

Answer = Callable[[Services, Any, Asker], Awaitable[Message]]

ANSWERS: tuple[tuple[type, Answer], ...] = (
    (HealthRequest, health.answer),
    (WhyRequest, why.answer),
    (DriftRequest, drift.answer),
    (PathRequest, path.answer),
    (HelpRequest, say_what_there_is),
    (UsageProblem, correct),
)
"""What was understood, and who answers it. A new kind of request is one line here and a file of its own."""


def register(app: AsyncApp, services: Services) -> None:
    """Takes every command of the registry."""
    known = services.known
    answers = dict(ANSWERS)

    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        began = time.perf_counter()
        request = parse(command["command"], command.get("text", ""), known, services.whys.runbooks)
        message = await answers[type(request)](services, request, asker(command))
        await ack(text=message.text, blocks=message.blocks, response_type="ephemeral")
        metrics.REQUESTS.labels("command").inc()
        metrics.ACKNOWLEDGED.observe(time.perf_counter() - began)

    for command in commands(list(known)):
        app.command(command.name)(on_command)


def asker(command: dict[str, Any]) -> Asker:
    """Who typed a command, and where."""
    return Asker(
        delivery=f"command/{command['trigger_id']}",
        workspace=command["team_id"],
        channel=command["channel_id"],
        person=command["user_id"],
        response_url=command.get("response_url"),
    )
