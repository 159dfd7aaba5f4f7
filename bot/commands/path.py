"""`/triage path`: explains the network path from the serving revisions to a dependency."""

import asyncio

import structlog

from bot.commands.health import STORE_SECONDS
from bot.commands.registry import PathRequest
from bot.services import Asker, Services
from bot.store.embedded import StoreUnavailable
from bot.views import path as view
from bot.views.ephemeral import known_problem
from bot.views.message import Message
from checks.environment import UnknownCheck
from checks.survey import choose

log = structlog.get_logger(__name__)


async def answer(services: Services, request: PathRequest, asker: Asker) -> Message:
    """Makes the wish durable and says what comes. Without a store the answer is for the asker alone."""
    environment = services.environments[request.environment]
    if request.environment not in services.eyes:
        return view.no_project(request.environment)
    try:
        choose(environment, request.names)
    except UnknownCheck as error:
        return known_problem(str(error))
    try:
        async with asyncio.timeout(STORE_SECONDS):
            place = (asker.workspace, asker.channel)
            await services.paths.ask(asker.delivery, environment.name, request.names, place, asker.person)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("a path is told without the store", environment=environment.name, error=repr(error))
        services.paths.tell(environment.name, request.names, asker.person, asker.response_url)
        return view.looking_without_store(environment.name)
    services.changed()
    return view.looking(environment.name, request.names)
