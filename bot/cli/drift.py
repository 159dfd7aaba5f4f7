"""`whybot drift ENV`: where the environment file, Terraform and Google Cloud disagree."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.check import Format
from bot.cli.exits import INTERRUPTED, WRONG_FILE, explained, leave

if TYPE_CHECKING:
    from bot.settings import Settings
    from checks.drift.model import Drift
    from checks.environment import Environment


def drift(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment, e.g. staging.")],
    output: Annotated[
        Format, typer.Option("--format", help="Text for people, json and junit for programs.")
    ] = Format.TEXT,
    environments: Annotated[
        Path | None, typer.Option(help="Folder of environment files. Default: $WHYBOT_ENVIRONMENTS.")
    ] = None,
) -> None:
    """Compares what is declared, what Terraform has and what is live, field by field.

    Exit code: 0 no difference but cosmetic and accepted ones · 1 differences · 2 could not be told ·
    64 the command line is wrong · 78 an environment file or a setting is wrong.
    """
    from bot.settings import load_settings
    from checks.environment import find_environment

    with explained():
        settings = load_settings()
        found = find_environment(environments or settings.environments, environment)
        seen = _look(settings, found)
    if seen is None:
        why = f"{found.name} names no project and region, so there is nothing live to compare with."
        hint = "Add project: and region: to its environment file."
        raise leave(f"{why} {hint}", WRONG_FILE, "the file is wrong")
    raise typer.Exit(_write(seen, output, plain=settings.plain))


def _look(settings: "Settings", environment: "Environment") -> "Drift | None":
    import asyncio

    try:
        return asyncio.run(_drift(settings, environment))
    except KeyboardInterrupt:
        raise leave("Stopped.", INTERRUPTED, "stopped by Ctrl-C before all was compared") from None


async def _drift(settings: "Settings", environment: "Environment") -> "Drift | None":
    from bot.eyes import open_eyes

    async with open_eyes(settings, environment) as eyes:
        if eyes is None:
            return None
        if settings.plain or not sys.stderr.isatty():
            return await eyes.drift()
        from rich.console import Console

        with Console(stderr=True).status(f"{environment.name}: reading Google Cloud and Terraform"):
            return await eyes.drift()


def _write(drift: "Drift", output: Format, *, plain: bool) -> int:
    """Writes the result to standard output; returns the exit code."""
    import json

    from checks.output import drift as form

    if output is Format.TEXT:
        form.write(drift, sys.stdout, colours=not plain and sys.stdout.isatty())
    elif output is Format.JUNIT:
        typer.echo(form.junit(drift), nl=False)
    else:
        typer.echo(json.dumps(form.document(drift), ensure_ascii=False, indent=2))
    return form.exit_code(drift)
