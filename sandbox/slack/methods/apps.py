"""`api.test`, `auth.test`, `apps.connections.open`, `bots.info`, `team.info`."""

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.payloads import domain
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import APP_ID, BOT_ID, BOT_USER, TEAM, TEAM_NAME


async def api_test(call: Invocation) -> JSON:
    """Echoes the arguments; `error` makes it fail."""
    if call.arguments.get("error"):
        raise SlackError(str(call.arguments["error"]), args=call.arguments)
    return {"args": call.arguments}


async def auth_test(call: Invocation) -> JSON:
    """Says who the token is."""
    return {
        "url": f"https://{domain(TEAM)}.slack.com/",
        "team": TEAM_NAME,
        "team_id": TEAM,
        "user": call.slack.workspace.users[BOT_USER].name,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


async def connections_open(call: Invocation) -> JSON:
    """Gives the address of one Socket Mode connection."""
    if not call.slack.sockets.enabled:
        raise SlackError("socket_mode_disabled")
    return {"url": call.slack.socket_url()}


async def bots_info(call: Invocation) -> JSON:
    """Describes the bot."""
    if call.arguments.get("bot") not in (None, "", BOT_ID):
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": BOT_ID,
            "deleted": False,
            "name": call.slack.workspace.users[BOT_USER].name,
            "app_id": APP_ID,
            "user_id": BOT_USER,
            "icons": {},
        }
    }


async def team_info(_call: Invocation) -> JSON:
    """Describes the workspace."""
    return {"team": {"id": TEAM, "name": TEAM_NAME, "domain": domain(TEAM), "email_domain": "", "icon": {}}}


METHODS = (
    Method("api.test", api_test, tier=None, token="none"),
    Method("auth.test", auth_test, tier=None),
    Method("apps.connections.open", connections_open, tier=1, token="app"),
    Method("bots.info", bots_info, ("users:read",)),
    Method("team.info", team_info, ("team:read",)),
)
