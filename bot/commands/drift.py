"""`/staging-drift` and `/triage drift`: wants a message with what differs, and says so at once."""

import asyncio

import structlog

from bot.commands.health import STORE_SECONDS
from bot.commands.registry import DriftRequest
from bot.drifts import Wish, no_project
from bot.services import Asker, Services
from bot.store.embedded import StoreUnavailable
from bot.views.ephemeral import known_problem
from bot.views.message import Message

log = structlog.get_logger(__name__)


async def answer(services: Services, request: DriftRequest, asker: Asker) -> Message:
    """Makes the wish durable and says what happens next. Without a store it is answered all the same."""
    name = request.environment
    if not services.drift.knows(name):
        return known_problem(no_project(name))
    wish = Wish(name, asker.delivery, asker.workspace, asker.channel, asker.person, asker.response_url)
    try:
        async with asyncio.timeout(STORE_SECONDS):
            await services.drift.ask(wish)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("drift is told without the store", environment=name, error=repr(error))
        services.drift.begin_unkept(wish)
        return known_problem(
            f"Comparing {name} without a message to keep, since whybot's store does not answer. "
            f"The result comes here in a moment, for you only. In a terminal, whybot drift {name} works too."
        )
    return known_problem(
        f"Comparing {name}: declared, Terraform and live. The answer comes into this channel."
    )
