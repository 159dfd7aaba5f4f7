import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot import manifest
from bot.commands.registry import commands
from checks.environment import load_environments

ROOT = Path(__file__).parents[2]
HISTORY = ("channels:history", "groups:history", "im:history", "metadata.message:read")
NEEDED = {
    "chat_postMessage": ("chat:write",),
    "chat_update": ("chat:write",),
    "conversations_history": HISTORY,
    "conversations_open": ("im:write",),
    "conversations_replies": HISTORY,
    "files_completeUploadExternal": ("files:write",),
    "files_getUploadURLExternal": ("files:write",),
}
"""What docs.slack.dev/reference/methods says of each method; views.* and auth.test need no scope."""
ENVIRONMENTS = list(load_environments(ROOT / "environments"))


def test_committed_manifest_is_the_one_that_the_code_builds() -> None:
    """`app-manifest.yaml` is what `whybot manifest` prints here; `make schemas` writes it anew."""
    assert (ROOT / "app-manifest.yaml").read_text() == manifest.to_yaml(manifest.build(ENVIRONMENTS))


def test_manifest_names_every_command_of_the_registry() -> None:
    """Slack is told of each command with its description and hint."""
    told = manifest.build(ENVIRONMENTS)["features"]["slash_commands"]
    assert [(each["command"], each["description"], each["usage_hint"]) for each in told] == [
        (each.name, each.description, each.usage_hint) for each in commands(ENVIRONMENTS)
    ]


def test_socket_mode_needs_no_address() -> None:
    """By default the app connects out, and no request URL appears."""
    built = manifest.build(["staging"])
    assert built["settings"]["socket_mode_enabled"] is True
    assert "url" not in manifest.to_yaml(built)


def test_http_mode_has_the_address_wherever_slack_calls() -> None:
    """With `--http` commands, buttons and events all go to one address, and Socket Mode is off."""
    built = manifest.build(["staging"], "https://whybot.example/")
    address = "https://whybot.example/slack/events"
    assert built["settings"]["socket_mode_enabled"] is False
    assert built["settings"]["interactivity"]["request_url"] == address
    assert built["settings"]["event_subscriptions"]["request_url"] == address
    assert {each["url"] for each in built["features"]["slash_commands"]} == {address}


def test_scopes_are_those_that_the_calls_of_the_bot_need() -> None:
    """Every Web API method that the bot calls is allowed by the manifest; no scope is for nothing."""
    source = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    called = set(re.findall(r"\.((?:chat|conversations|reactions|usergroups|users|files)_\w+)\(", source))
    assert called <= set(NEEDED)
    needed = {scope for method in called for scope in NEEDED[method]}
    assert set(manifest.SCOPES) == needed | {"commands"}


def test_scopes_are_explained_on_the_page_that_asks_for_them() -> None:
    """Whoever installs the app reads there what each scope is for."""
    page = (ROOT / "docs/connect-slack.md").read_text()
    assert [scope for scope in manifest.SCOPES if f"`{scope}`" not in page] == []


@pytest.mark.parametrize("http", [None, "https://whybot.example"])
def test_manifest_keeps_slacks_limits(http: str | None) -> None:
    """Lengths are those of docs.slack.dev/reference/app-manifest, and the YAML reads back as it was."""
    built = manifest.build(ENVIRONMENTS, http)
    display = built["display_information"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert len(built["features"]["bot_user"]["display_name"]) <= 80
    assert len(built["features"]["slash_commands"]) <= 50
    assert len(built["settings"]["event_subscriptions"]["bot_events"]) <= 100
    for each in built["features"]["slash_commands"]:
        assert 1 <= len(each["description"]) <= 2_000
        assert len(each["usage_hint"]) <= 1_000
    assert YAML(typ="safe").load(manifest.to_yaml(built)) == built
