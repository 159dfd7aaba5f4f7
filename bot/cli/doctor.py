"""`whybot doctor ENV`: tries all that whybot needs, and prints the commands that grant what is missing."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exits import INTERRUPTED, explained, leave

if TYPE_CHECKING:
    from bot.settings import Settings
    from checks.doctor import Finding
    from checks.environment import Environment
    from checks.overlay import Overlay


class Form(StrEnum):
    """How the findings are written."""

    TEXT = "text"
    JSON = "json"


def doctor(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment, e.g. staging.")],
    output: Annotated[Form, typer.Option("--format", help="Text for people, json for programs.")] = Form.TEXT,
    environments: Annotated[
        Path | None, typer.Option(help="Folder of environment files. Default: $WHYBOT_ENVIRONMENTS.")
    ] = None,
) -> None:
    """Tries every permission, API, scope and token that whybot needs, and says how to get what is missing.

    Changes nothing. Exit code: 0 all there · 1 something is missing · 2 could not be told ·
    64 the command line is wrong · 78 an environment file or a setting is wrong.
    """
    from bot.settings import load_settings
    from checks.environment import find_environment, load_overlay
    from checks.output import doctor as form

    with explained():
        settings = load_settings()
        found = find_environment(environments or settings.environments, environment)
        overlay = load_overlay(settings.overlay) if settings.overlay else None
        findings = _examine(settings, found, overlay)
    if output is Form.TEXT:
        form.write(found.name, findings, sys.stdout, colours=not settings.plain and sys.stdout.isatty())
    else:
        _print_json(form.document(found.name, findings))
    raise typer.Exit(form.exit_code(findings))


def _print_json(document: object) -> None:
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _examine(settings: "Settings", environment: "Environment", overlay: "Overlay | None") -> "list[Finding]":
    import asyncio

    try:
        return asyncio.run(_findings(settings, environment, overlay))
    except KeyboardInterrupt:
        raise leave("Stopped.", INTERRUPTED, "stopped by Ctrl-C before all was tried") from None


async def _findings(
    settings: "Settings", environment: "Environment", overlay: "Overlay | None"
) -> "list[Finding]":
    import asyncio

    from bot.settings import load_secrets
    from checks.doctor import key_found, secrets_found

    cloud, slack = await asyncio.gather(_cloud(settings, environment, overlay), _slack(settings, environment))
    secrets = secrets_found(environment, load_secrets())
    return [*cloud, *secrets, *key_found(environment, settings.vantage_key is not None), *slack]


async def _cloud(
    settings: "Settings", environment: "Environment", overlay: "Overlay | None"
) -> "list[Finding]":
    from checks.doctor import Answer, Finding, Group, terraform_found
    from checks.observe.doctor import examine
    from checks.observe.google import GoogleCloud
    from checks.terraform.reader import read_terraform

    if not environment.project or not environment.region:
        message = "the environment file names no project and region, so Google Cloud is not looked at"
        return [Finding(Group.GOOGLE, "project", Answer.SKIPPED, message)]
    cloud = GoogleCloud(environment.project, environment.region, overlay=overlay)
    try:
        findings = await examine(cloud, environment)
        read = None
        if environment.terraform:
            project = environment.project
            read = await read_terraform(
                environment.folder, environment.terraform, cloud.open_object, project=project
            )
        return findings + terraform_found(environment, read)
    finally:
        await cloud.close()


async def _slack(settings: "Settings", environment: "Environment") -> "list[Finding]":
    import aiohttp

    from bot import slack_doctor

    if settings.slack_bot_token is None:
        return [slack_doctor.not_set()]
    from bot.outbox import Patience
    from bot.wiring import slack_client

    async with aiohttp.ClientSession() as session:
        client = slack_client(settings, session, Patience())
        return await slack_doctor.examine(client, settings, environment)
