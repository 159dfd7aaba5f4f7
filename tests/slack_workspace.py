"""A local Slack for tests: a server on a free port, the official clients' settings, a person's hands.

    async def test_x(local_slack: SandboxServer) -> None: ...      # the fixture, in tests/conftest.py
    async with running_slack(manifest) as sandbox: ...              # with a manifest or options of one's own

`sandbox.url`, `sandbox.slack.bot_token`, `sandbox.slack.api_url`, `sandbox.slack.gestures.command(…)`,
`sandbox.slack.limits.breaches`, and `sandbox.slack.variables` for a child process.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sandbox.server import SandboxServer
from sandbox.slack.local_slack import LocalSlack

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "whybot"},
    "features": {
        "app_home": {"home_tab_enabled": True},
        "bot_user": {"display_name": "whybot", "always_online": True},
        "slash_commands": [
            {"command": "/staging-health", "description": "Checks staging", "usage_hint": "[NAME…]"},
            {"command": "/triage", "description": "Asks what is wrong", "usage_hint": "health [ENV] [NAME…]"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read",
                "channels:history",
                "channels:join",
                "channels:read",
                "chat:write",
                "commands",
                "im:history",
                "im:read",
                "im:write",
                "metadata.message:read",
                "reactions:read",
                "reactions:write",
                "team:read",
                "usergroups:read",
                "users:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_mention",
                "member_joined_channel",
                "message.channels",
                "message.im",
                "reaction_added",
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


@asynccontextmanager
async def running_slack(
    manifest: dict[str, Any] = MANIFEST, *, world: Any = None, bot: Any = None, **options: Any
) -> AsyncIterator[SandboxServer]:
    """A local Slack on a free port; `options` are those of `LocalSlack`."""
    async with SandboxServer(LocalSlack(manifest, **options), world, bot) as sandbox:
        yield sandbox
