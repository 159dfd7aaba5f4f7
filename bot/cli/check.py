"""`whybot check ENV`: asks everything that an environment depends on, once."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exits import INTERRUPTED, explained, leave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.settings import Settings
    from checks.environment import Environment
    from checks.result import Sweep
    from checks.spec import CheckSpec
    from checks.vantage.mixed import Vantages

LONGEST = 600_000.0


class Format(StrEnum):
    """How the results are written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class Place(StrEnum):
    """Where checks are asked from, as `checks.vantage.mixed.Choice` has it."""

    BEST = "best"
    HERE = "here"
    JOB = "job"


def _milliseconds(text: str) -> float:
    from checks.spec import parse_milliseconds

    try:
        milliseconds = parse_milliseconds(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} {error}") from None
    if not isinstance(milliseconds, float) or not 0 < milliseconds <= LONGEST:
        raise typer.BadParameter(f"{text} is not between 1ms and 10m")
    return milliseconds


def check(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment, e.g. staging.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Checks to run, apart by spaces or commas; by default all."),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="Text for people, json and junit for programs.")
    ] = Format.TEXT,
    environments: Annotated[
        Path | None, typer.Option(help="Folder of environment files. Default: $WHYBOT_ENVIRONMENTS.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(parser=_milliseconds, metavar="DURATION", help="No check may take longer, e.g. 3s."),
    ] = None,
    vantage: Annotated[
        Place,
        typer.Option(help="Ask from here, from the Cloud Run job, or dependencies from there if it can."),
    ] = Place.BEST,
) -> None:
    """Checks an environment once and says what is broken.

    Exit code: 0 healthy · 1 not healthy · 2 could not be told · 64 the command line is wrong ·
    78 an environment file or a setting is wrong.
    """
    from bot.settings import load_settings
    from checks.environment import find_environment

    with explained():
        settings = load_settings()
        found = find_environment(environments or settings.environments, environment)
        specs = [_limited(spec, timeout) for spec in found.select(_apart(names or []))]
        sweep = _run(settings, found, specs, vantage)
    raise typer.Exit(_write(sweep, output, plain=settings.plain))


def _apart(names: list[str]) -> list[str]:
    """Names may be separated by commas, as in Slack."""
    return [name for each in names for name in each.split(",") if name]


def _limited(spec: "CheckSpec", timeout: float | None) -> "CheckSpec":
    return spec if timeout is None else spec.model_copy(update={"timeout": min(spec.timeout, timeout)})


def _run(
    settings: "Settings", environment: "Environment", specs: "Sequence[CheckSpec]", vantage: Place
) -> "Sweep":
    import asyncio

    try:
        return asyncio.run(_sweep(settings, environment, specs, vantage))
    except KeyboardInterrupt:
        raise leave("Stopped.", INTERRUPTED, "stopped by Ctrl-C before every check had answered") from None


async def _sweep(
    settings: "Settings", environment: "Environment", specs: "Sequence[CheckSpec]", vantage: Place
) -> "Sweep":
    from bot.eyes import open_eyes
    from bot.vantages import open_vantages
    from checks.environment import load_overlay
    from checks.vantage.mixed import Choice

    overlay = load_overlay(settings.overlay) if settings.overlay else None
    async with (
        open_eyes(settings, environment) as eyes,
        open_vantages(settings, environment, overlay, eyes, Choice(vantage)) as vantages,
    ):
        if settings.plain or not sys.stderr.isatty():
            return await vantages.run(specs)
        return await _shown(vantages, specs)


async def _shown(vantages: "Vantages", specs: "Sequence[CheckSpec]") -> "Sweep":
    """Runs them with one line of progress, which is gone when the result is there."""
    from contextlib import aclosing

    from rich.console import Console

    from checks.output.headline import sentence

    sweep = vantages.begin(specs)
    with Console(stderr=True).status(sentence(sweep)) as line:
        async with aclosing(vantages.progress(specs)) as states:
            async for sweep in states:
                line.update(sentence(sweep))
    return sweep


def _write(sweep: "Sweep", output: Format, *, plain: bool) -> int:
    """Writes the results to standard output; returns the exit code."""
    from checks.output import text

    if output is Format.TEXT:
        text.write(sweep, sys.stdout, colours=not plain and sys.stdout.isatty())
    else:
        typer.echo(_document(sweep, output), nl=False)
    return text.exit_code(sweep)


def _document(sweep: "Sweep", output: Format) -> str:
    import json

    from checks.output import json as json_output
    from checks.output.junit import junit

    if output is Format.JUNIT:
        return junit(sweep)
    return json.dumps(json_output.document(sweep), ensure_ascii=False, indent=2) + "\n"
