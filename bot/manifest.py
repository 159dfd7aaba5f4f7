"""The app manifest: what a Slack workspace is told about whybot, built from the command registry.

Fields and limits are those of docs.slack.dev/reference/app-manifest. `app-manifest.yaml` is this for the
environment files of the repository; a test keeps the two equal.
"""

import io
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML

from bot.commands.registry import Command, commands

NAME = "whybot"
DESCRIPTION = "Says what is broken on Cloud Run, why, and what would fix it."
EVENTS_PATH = "/slack/events"

SCOPES = {
    "commands": "the slash commands",
    "chat:write": "post cards and fill them in (chat.postMessage, chat.update, chat.postEphemeral)",
    "channels:history": "find a card again after a crash (conversations.history), in public channels",
    "groups:history": "the same in private channels that whybot was invited to",
    "im:history": "the same in direct messages",
    "im:write": "post to one person who presses Check now or Why? on the Home tab (conversations.open)",
    "files:write": "upload the picture of a network path (files.getUploadURLExternal)",
    "metadata.message:read": "know its own cards in that history by the metadata that they carry",
}
"""Every scope of the bot token and what it is for. No more than what whybot calls needs."""

EVENTS = ("app_home_opened",)

HEAD = """\
# Paste this at api.slack.com/apps, Create New App, From a manifest. docs/connect-slack.md goes step by step.
# Written by `make schemas` from bot/commands/registry.py; `whybot manifest` prints one for your environments.
"""


def build(environments: Sequence[str], http: str | None = None) -> dict[str, Any]:
    """The manifest for these environment names.

    `http` is the public https URL at which Slack reaches whybot; without it the app uses Socket Mode.
    """
    url = http.rstrip("/") + EVENTS_PATH if http else None
    request_url = {"request_url": url} if url else {}
    return {
        "display_information": {"name": NAME, "description": DESCRIPTION, "background_color": "#1f2a37"},
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "slash_commands": [_command(command, url) for command in commands(environments)],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _command(command: Command, url: str | None) -> dict[str, Any]:
    """One slash command. `should_escape` is off: names are read as typed, and no one is looked up."""
    told: dict[str, Any] = {
        "command": command.name,
        "description": command.description,
        "usage_hint": command.usage_hint,
        "should_escape": False,
    }
    return {**told, "url": url} if url else told


def to_yaml(manifest: dict[str, Any]) -> str:
    """The manifest as the text of `app-manifest.yaml`."""
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(manifest, text)
    return HEAD + text.getvalue()
