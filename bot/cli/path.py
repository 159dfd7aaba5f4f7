"""`whybot path ENV`: can the services of an environment reach what they depend on, by their configuration?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.check import Format
from bot.cli.exits import INTERRUPTED, NOT_TOLD, explained, leave

if TYPE_CHECKING:
    from bot.settings import Settings
    from checks.environment import Environment
    from checks.survey import Asked, Survey


def path(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment, e.g. staging.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DEPENDENCY]...", help="Where to; by default all that a service uses."),
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Where from; by default every service on Cloud Run.")
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="Text for people, json and junit for programs.")
    ] = Format.TEXT,
    environments: Annotated[
        Path | None, typer.Option(help="Folder of environment files. Default: $WHYBOT_ENVIRONMENTS.")
    ] = None,
) -> None:
    """Explains the network path from each serving revision to each dependency, step by step.

    Reads the configuration only; nothing is connected to, nothing changed.

    Exit code: 0 every path is open · 1 one is closed · 2 could not be told · 64 the command line is wrong ·
    78 an environment file or a setting is wrong.
    """
    from bot.settings import load_settings
    from checks.environment import find_environment
    from checks.survey import choose

    with explained():
        settings = load_settings()
        found = find_environment(environments or settings.environments, environment)
        asked = choose(found, [name for each in names or [] for name in each.split(",") if name], service)
        survey = _run(settings, found, asked)
    if survey is None:
        said = f"{found.name} names no project and region, so there is no configuration to read."
        raise leave(said, NOT_TOLD, "it could not be told whether every path is open")
    raise typer.Exit(_write(survey, output, plain=settings.plain))


def _run(settings: "Settings", environment: "Environment", asked: "Asked") -> "Survey | None":
    import asyncio

    try:
        return asyncio.run(_survey(settings, environment, asked))
    except KeyboardInterrupt:
        raise leave("Stopped.", INTERRUPTED, "stopped by Ctrl-C before the configuration was read") from None


async def _survey(settings: "Settings", environment: "Environment", asked: "Asked") -> "Survey | None":
    from bot.eyes import open_eyes
    from checks.survey import survey

    async with open_eyes(settings, environment) as eyes:
        return None if eyes is None else await survey(eyes, asked)


def _write(survey: "Survey", output: Format, *, plain: bool) -> int:
    """Writes what was found to standard output; returns the exit code."""
    import json

    from checks.output import path as output_path

    if output is Format.TEXT:
        output_path.write(survey, sys.stdout, colours=not plain and sys.stdout.isatty())
    elif output is Format.JUNIT:
        typer.echo(output_path.junit(survey), nl=False)
    else:
        typer.echo(json.dumps(output_path.document(survey), ensure_ascii=False, indent=2))
    return output_path.exit_code(survey)
