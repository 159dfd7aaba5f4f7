"""`/staging-why` and `/triage why`: wants a message that says why, and says so at once."""

import asyncio

import structlog

from bot.commands.health import STORE_SECONDS
from bot.commands.registry import WhyRequest
from bot.services import Asker, Services
from bot.store.embedded import StoreUnavailable
from bot.store.whys import WhyAsked, WhyWish
from bot.views import blocks as kit
from bot.views.ephemeral import known_problem
from bot.views.message import Message

log = structlog.get_logger(__name__)


async def answer(services: Services, request: WhyRequest, asker: Asker) -> Message:
    """Makes the wish durable and says what happens next. Without a store it is answered all the same."""
    wish = wished(request.environment, request.runbook, asker)
    try:
        async with asyncio.timeout(STORE_SECONDS):
            asked = await services.whys.ask(wish)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("why is told without the store", environment=wish.environment, error=repr(error))
        services.whys.begin_unkept(wish)
        return known_problem(
            f"Asking why of {wish.environment} without a message to keep, since whybot's store does not "
            "answer. The result comes here in a moment, for you only. In a terminal, whybot why "
            f"{wish.environment} works too."
        )
    return said(wish, asked)


def wished(environment: str, runbook: str, asker: Asker, *, sweep_id: str = "", thread: str = "") -> WhyWish:
    """A wish of this person, for an answer where they asked."""
    return WhyWish(
        delivery=asker.delivery,
        environment=environment,
        runbook=runbook,
        workspace=asker.workspace,
        channel=asker.channel,
        person=asker.person,
        response_url=asker.response_url,
        sweep_id=sweep_id,
        thread=thread,
    )


def said(wish: WhyWish, asked: WhyAsked) -> Message:
    """What the person who asked is told."""
    where = "into the thread" if wish.thread else "into this channel"
    if asked.told:
        return known_problem(
            "The whys of this card are in its thread already. Ask again there reads everything anew."
        )
    if asked.begun or asked.repeated:
        of = f" ({wish.runbook})" if wish.runbook else ""
        return known_problem(f"Asking why of {wish.environment}{of}. The answer comes {where}.")
    by = f" that {kit.user(asked.first_person)} asked" if asked.first_person else ""
    text = f"Joined the why of {kit.escape(wish.environment)}{by} {asked.age:.0f} s ago. It comes {where}."
    return Message(text, blocks := [kit.section(text)], blocks)
