"""`/staging-health help`, `/triage help`, and what is said when nothing else was understood."""

from bot.commands.registry import HelpRequest, UsageProblem, commands
from bot.services import Asker, Services
from bot.views import ephemeral
from bot.views.message import Message


async def answer(services: Services, request: HelpRequest, _asker: Asker) -> Message:
    """What can be typed."""
    known = services.known
    if request.environment is not None:
        known = {request.environment: known[request.environment]}
    return ephemeral.usage_help(commands(list(known)), dict(known), services.whys.runbooks)


async def correct(_services: Services, request: UsageProblem, _asker: Asker) -> Message:
    """Why what was typed means nothing, and what would."""
    return ephemeral.usage(request)
