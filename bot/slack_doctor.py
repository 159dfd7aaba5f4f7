"""Whether Slack gives whybot what it needs: token, scopes of the manifest, channels of the environments."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import SCOPES
from bot.settings import Settings
from bot.slack_errors import FOREIGN, TOKEN, Next, refusal
from checks.doctor import Answer, Finding, Group
from checks.environment import Environment

APPS = "api.slack.com/apps, your app"
REINSTALL = f"at {APPS}, OAuth & Permissions: Install to Workspace, then set SLACK_BOT_TOKEN anew"
APP_TOKEN = f"at {APPS}, Basic Information, App-Level Tokens: one with the scope connections:write"
ADD_SCOPE = f"at {APPS}, OAuth & Permissions, Bot Token Scopes: add it, then Reinstall to Workspace"


def not_set() -> Finding:
    """Without a token there is nothing to ask."""
    message = "SLACK_BOT_TOKEN is not set here, so Slack was not asked; the command line does without"
    return Finding(Group.SLACK, "tokens", Answer.SKIPPED, message)


async def examine(slack: AsyncWebClient, settings: Settings, environment: Environment) -> list[Finding]:
    """Tries the bot's token, its scopes, the app's token in Socket Mode, and the environment's channel."""
    try:
        answer = await slack.auth_test()
    except FOREIGN as error:
        return [_refused("bot token", error, REINSTALL)]
    findings = [Finding(Group.SLACK, "bot token", Answer.OK, _who(answer.data))]
    findings += scopes_found(answer.headers)
    if settings.slack_mode == "socket":
        findings.append(await _socket(slack, settings))
    elif settings.slack_signing_secret is None:
        message = f"SLACK_SIGNING_SECRET is not set: see {APPS}, Basic Information"
        findings.append(Finding(Group.SLACK, "signing secret", Answer.MISSING, message))
    if environment.slack is not None:
        findings.append(await _channel(slack, environment.slack.channel))
    return findings


def scopes_found(headers: Mapping[str, str]) -> list[Finding]:
    """Compares the scopes that Slack says the token has (X-OAuth-Scopes) with those of the manifest."""
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if said is None:
        unsaid = "Slack did not say which scopes the token has"
        return [Finding(Group.SLACK, "scopes", Answer.UNKNOWN, unsaid)]
    granted = {scope.strip() for scope in said.split(",")}
    lacking = [scope for scope in SCOPES if scope not in granted]
    if not lacking:
        return [Finding(Group.SLACK, "scopes", Answer.OK, f"all {len(SCOPES)} granted")]
    return [
        Finding(Group.SLACK, f"scope {each}", Answer.MISSING, f"needed: {SCOPES[each]}; {ADD_SCOPE}", each)
        for each in lacking
    ]


async def _socket(slack: AsyncWebClient, settings: Settings) -> Finding:
    token = settings.slack_app_token
    if token is None:
        return Finding(Group.SLACK, "app token", Answer.MISSING, f"SLACK_APP_TOKEN is not set: {APP_TOKEN}")
    value = token.get_secret_value()
    return await _tried("app token", lambda: slack.apps_connections_open(app_token=value), APP_TOKEN)


async def _channel(slack: AsyncWebClient, channel: str) -> Finding:
    """Whether whybot is in the channel: its history can be read by members only."""
    invite = "invite whybot there: /invite @whybot"
    return await _tried(
        f"channel {channel}", lambda: slack.conversations_history(channel=channel, limit=1), invite
    )


async def _tried(what: str, call: Callable[[], Awaitable[Any]], remedy: str) -> Finding:
    try:
        await call()
    except FOREIGN as error:
        return _refused(what, error, remedy)
    return Finding(Group.SLACK, what, Answer.OK)


def _refused(what: str, error: Exception, remedy: str) -> Finding:
    refused = refusal(error)
    if refused.next is not Next.STOP:
        return Finding(Group.SLACK, what, Answer.UNKNOWN, f"Slack did not answer ({refused.code}); ask again")
    if refused.code == "missing_scope":
        return Finding(Group.SLACK, what, Answer.UNKNOWN, "could not be told: a scope is missing")
    mend = REINSTALL if refused.code in TOKEN and what != "app token" else remedy
    return Finding(Group.SLACK, what, Answer.MISSING, f"Slack says {refused.code}; {mend}")


def _who(answer: Any) -> str:
    data = answer if isinstance(answer, dict) else {}
    return f"{data.get('user', 'the bot')} in {data.get('team', 'the workspace')}"
