"""Reads whether versions of secrets are there and enabled: Secret Manager's metadata, never a payload.

Method `versions.get`: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions
Read over REST: no client of it is among our dependencies.
"""

from typing import Any
from urllib.parse import quote

from checks.observations import Blind, SecretUse, SecretVersion, Seen
from checks.observe import console
from checks.observe.calls import Calls, seen
from checks.observe.errors import NotUnderstood, not_understood
from checks.observe.permissions import SECRETS
from checks.observe.projects import document
from checks.observe.values import Context
from checks.reasons import Reason

HOST = "secretmanager.googleapis.com"
SYSTEM = "secret_manager"
STATES = ("ENABLED", "DISABLED", "DESTROYED")
MISSING = "MISSING"


async def read_version(calls: Calls, use: SecretUse, context: Context) -> Seen[SecretVersion]:
    """What there is of one version; one that there is not is MISSING, not blind."""
    name = full_name(use, context.project)
    session = await calls.clients.session()
    url = f"{calls.clients.url(HOST)}/v1/{quote(name)}"

    def attempt(seconds: float) -> Any:
        return document(session.get(url, timeout=seconds))

    answer = await seen(calls.blocking(SECRETS, attempt))
    if isinstance(answer, Blind):
        return version_of(use, MISSING, name, context) if answer.reason is Reason.CLOUD_NOT_FOUND else answer
    try:
        return version_of(use, _state(answer), name, context)
    except NotUnderstood as error:
        return not_understood(SECRETS, str(error))


def full_name(use: SecretUse, project: str) -> str:
    """The version's name as the API has it."""
    secret = use.secret if use.secret.startswith("projects/") else f"projects/{project}/secrets/{use.secret}"
    return f"{secret}/versions/{use.version}"


def _state(answer: Any) -> str:
    state = str(answer.get("state", "")) if isinstance(answer, dict) else ""
    if state not in STATES:
        raise NotUnderstood(f"a version of a secret is {state or 'in no state'}")
    return state


def version_of(use: SecretUse, state: str, name: str, context: Context) -> SecretVersion:
    """The observation."""
    page = console.secret(context.project, use.secret.rpartition("/")[2])
    return SecretVersion(use.secret, use.version, state, context.source(SYSTEM, name, page))
