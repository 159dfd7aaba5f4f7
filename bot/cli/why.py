"""`whybot why ENV`: why is an environment as it is? Five whys from evidence, live or kept in a bundle."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.check import Place
from bot.cli.exits import INTERRUPTED, WRONG_USAGE, explained, leave

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.settings import Settings
    from checks.environment import Environment
    from runbooks.bundle import Bundle
    from runbooks.engine import Explained
    from runbooks.runbook import Library

LEAST_SECONDS = 30.0
SPARE_SECONDS = 10.0
"""What the reading of logs and of configuration may take beyond a sweep."""


class Form(StrEnum):
    """How the diagnosis is written."""

    TEXT = "text"
    JSON = "json"


def why(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="Name of the environment; a bundle says it itself.")
    ] = None,
    runbook: Annotated[
        str | None, typer.Option(metavar="NAME", help="Ask this runbook alone, whether it applies or not.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Diagnose this evidence offline; gather none."),
    ] = None,
    save_bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the evidence, for `replay` and `report`.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show every cause that was considered, and how it came out.")
    ] = False,
    output: Annotated[Form, typer.Option("--format", help="Text for people, json for programs.")] = Form.TEXT,
    environments: Annotated[
        Path | None, typer.Option(help="Folder of environment files. Default: $WHYBOT_ENVIRONMENTS.")
    ] = None,
    runbooks: Annotated[
        Path | None, typer.Option(help="Folder of your own runbooks. Default: $WHYBOT_RUNBOOKS.")
    ] = None,
    vantage: Annotated[
        Place,
        typer.Option(help="Ask from here, from the Cloud Run job, or dependencies from there if it can."),
    ] = Place.BEST,
) -> None:
    """Says why an environment is as it is: whys with their evidence, what was ruled out, what would help.

    Changes nothing. Exit code: 0 nothing is wrong · 1 a cause was found or something fails · 2 could not be
    told · 64 the command line is wrong · 65 the bundle cannot be used · 78 a file or a setting is wrong.
    """
    from bot.settings import load_settings
    from checks.environment import find_environment
    from runbooks.engine import explain as reason
    from runbooks.reader import load_library

    if bundle is not None and save_bundle is not None:
        raise typer.BadParameter("a bundle that is read need not be kept again", param_hint="--save-bundle")
    if bundle is None and environment is None:
        raise typer.BadParameter("name an environment, or a --bundle FILE", param_hint="ENV")
    with explained():
        settings = load_settings()
        library = load_library(runbooks or settings.runbooks)
        _demand(library, runbook)
        if bundle is not None:
            evidence = _of_file(bundle, environment)
        else:
            _demand_folder(save_bundle)
            found = find_environment(environments or settings.environments, environment or "")
            asked = runbook if save_bundle is None else None  # a bundle answers all runbooks
            evidence = _live(settings, found, library, asked, vantage)
        explained_ = reason(library, evidence, runbook=runbook)
        if save_bundle is not None:
            _save(save_bundle, evidence, library)
        code = _write(explained_, output, explain=explain, plain=settings.plain)
    raise typer.Exit(code)


def _demand(library: "Library", runbook: str | None) -> None:
    """Ends with the nearest names where there is no such runbook."""
    from checks.validation import did_you_mean

    if runbook is not None and not library.knows(runbook):
        known = [each.id for each in library.runbooks]
        hint = did_you_mean(runbook, known) or f". There are: {', '.join(known)}."
        raise leave(f'No runbook "{runbook}"{hint}', WRONG_USAGE, "the command line is wrong")


def _demand_folder(file: Path | None) -> None:
    """Ends before evidence is gathered that could then not be kept."""
    from runbooks.bundle import BundleError

    if file is not None and not file.parent.is_dir():
        raise BundleError(f"{file}: cannot be written (there is no folder {file.parent})")
    if file is not None and file.is_dir():
        raise BundleError(f"{file}: cannot be written (it is a folder)")


def _of_file(file: Path, environment: str | None) -> "Bundle":
    from runbooks.kept import open_kept

    kept = open_kept(file)
    if environment not in (None, kept.environment):
        why = f"{file} is evidence of {kept.environment}, not of {environment}."
        raise leave(why, WRONG_USAGE, "the command line is wrong")
    return kept.bundle


def _live(
    settings: "Settings", environment: "Environment", library: "Library", runbook: str | None, place: Place
) -> "Bundle":
    import asyncio

    try:
        return asyncio.run(_gathered(settings, environment, library, runbook, place))
    except KeyboardInterrupt:
        raise leave("Stopped.", INTERRUPTED, "stopped by Ctrl-C before the evidence was there") from None


async def _gathered(
    settings: "Settings", environment: "Environment", library: "Library", runbook: str | None, place: Place
) -> "Bundle":
    from bot.eyes import open_eyes
    from bot.settings import load_secrets
    from bot.vantages import open_vantages
    from checks.environment import load_overlay
    from checks.vantage.mixed import Choice
    from runbooks.gather import gather, scope_of

    overlay = load_overlay(settings.overlay) if settings.overlay else None
    secrets = load_secrets()
    async with (
        open_eyes(settings, environment) as eyes,
        open_vantages(settings, environment, overlay, eyes, Choice(place), secrets) as vantages,
    ):
        seconds = max(LEAST_SECONDS, vantages.seconds(environment.select()) + SPARE_SECONDS)
        scope = scope_of(environment, eyes, vantages, secrets=secrets)
        bundles = gather(library, scope, runbook=runbook, seconds=seconds)
        shown = not settings.plain and sys.stderr.isatty()
        return await (_with_progress(environment.name, bundles) if shown else _last(bundles))


async def _last(bundles: "AsyncGenerator[Bundle, None]") -> "Bundle":
    from contextlib import aclosing

    async with aclosing(bundles) as states:
        return [bundle async for bundle in states][-1]


async def _with_progress(name: str, bundles: "AsyncGenerator[Bundle, None]") -> "Bundle":
    """The same with one line of progress, which is gone when the evidence is there."""
    from contextlib import aclosing

    from rich.console import Console

    with Console(stderr=True).status(f"{name}: gathering evidence") as line:
        async with aclosing(bundles) as states:
            async for bundle in states:
                line.update(progress(bundle))
    return bundle


def progress(bundle: "Bundle") -> str:
    """`staging: gathering evidence, 8 of 13 checks answered; waiting for the request log`."""
    from runbooks.gather import awaited

    section = bundle.sections.get("checks")
    said = f"{bundle.environment['name']}: gathering evidence"
    if section is not None and section.data is not None:
        answered, pending = len(section.data["checks"]), len(section.data["pending"])
        said += f", {answered} of {answered + pending} checks answered"
    waiting = awaited(bundle)
    return f"{said}; waiting for {', '.join(waiting)}" if waiting else said


def _save(file: Path, evidence: "Bundle", library: "Library") -> None:
    """Keeps the evidence with what all runbooks say of it, which is what a replay compares with."""
    from runbooks import bundle
    from runbooks.engine import diagnose
    from runbooks.output.why import document

    bundle.write(file, bundle.document(evidence, document(diagnose(library, evidence))))


def _write(explained: "Explained", output: Form, *, explain: bool, plain: bool) -> int:
    """Writes the diagnosis to standard output; returns the exit code."""
    import json

    from runbooks.output import text
    from runbooks.output.why import document, exit_code, explained_document

    said = explained_document(explained) if explain else document(explained.diagnosis)
    if output is Form.TEXT:
        text.write(said, sys.stdout, colours=not plain and sys.stdout.isatty(), evidence=explain)
    else:
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    return exit_code(said)
