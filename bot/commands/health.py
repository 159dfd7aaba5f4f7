"""`/staging-health` and `/triage health`: posts a card, or joins the one whose checks are under way."""

import asyncio

import structlog

from bot.commands.registry import HealthRequest
from bot.services import Asker, Services
from bot.store.embedded import StoreUnavailable
from bot.store.sweeps import Asked
from bot.views import blocks as kit
from bot.views.ephemeral import known_problem, store_down
from bot.views.message import Message

log = structlog.get_logger(__name__)

STORE_SECONDS = 2.2
"""How long the store may take: Slack shows its own error where nothing is acknowledged within 3 s."""


async def answer(services: Services, request: HealthRequest, asker: Asker) -> Message:
    """Makes the request durable and says what happens next. Without a store the checks run all the same."""
    try:
        async with asyncio.timeout(STORE_SECONDS):
            asked = await services.ask(request.environment, request.names, asker)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("checks run without the store", environment=request.environment, error=repr(error))
        services.unkept.begin(request.environment, request.names, asker.person, asker.response_url)
        return store_down(request.environment)
    number = len(request.names) or len(services.environments[request.environment].checks)
    return said(request.environment, number, asked)


def said(environment: str, number: int, asked: Asked) -> Message:
    """What the person who asked is told. `number` is how many checks were asked for."""
    if asked.repeated or asked.begun:
        checks = "1 check" if number == 1 else f"{number} checks"
        return known_problem(f"Checking {environment}: {checks}. The card comes into this channel.")
    by = f" that <@{asked.first_person}> started" if asked.first_person else ", begun"
    text = f"Joined the check of {kit.escape(environment)}{by} {asked.age:.0f} s ago."
    return Message(text, blocks := [kit.section(text)], blocks)
