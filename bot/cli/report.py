"""`whybot report INCIDENT|BUNDLE`: an incident as a document that one would file."""

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.exits import NOT_NOW, WRONG_USAGE, explained, leave

if TYPE_CHECKING:
    from bot.settings import Settings
    from runbooks.kept import Kept
    from runbooks.report.document import ReportDocument

NUMBER = re.compile(r"[Ww]-?([1-9][0-9]{0,15})")
"""The id of a diagnosis as Slack shows it: W-12."""
NEITHER = '"{said}" is neither a file nor an id such as W-12, which Slack shows below a diagnosis.'
NO_STORE = (
    "There is no store to read {said} from: no whybot runs on the data folder {folder}. Set "
    "WHYBOT_DATABASE_URL, or WHYBOT_DATA_DIR to the folder of the one that runs."
)
NOTHING = "The store keeps no evidence of {said}: it is not finished, was forgotten, or never was."


class Paper(StrEnum):
    """How the report is written."""

    MARKDOWN = "markdown"
    ISSUE = "issue"
    JSON = "json"


def report(
    incident: Annotated[
        str,
        typer.Argument(metavar="INCIDENT|BUNDLE", help="An id that Slack shows (W-12), or a bundle's file."),
    ],
    output: Annotated[
        Paper, typer.Option("--format", help="A page, the body of a GitHub issue, or JSON for programs.")
    ] = Paper.MARKDOWN,
    file: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write to this file instead of here.")
    ] = None,
    runbooks: Annotated[
        Path | None, typer.Option(help="Folder of your own runbooks. Default: $WHYBOT_RUNBOOKS.")
    ] = None,
) -> None:
    """Writes an incident down: summary, impact, five whys with evidence, plan with commands, criteria.

    All of it is made of the evidence alone. Exit code: 0 written · 64 the command line is wrong ·
    65 the bundle cannot be used · 75 the store does not answer · 78 a runbook or a setting is wrong.
    """
    from bot import __version__
    from bot.settings import load_settings
    from runbooks.engine import diagnose
    from runbooks.reader import load_library
    from runbooks.report.report import report as made

    with explained():
        settings = load_settings()
        library = load_library(runbooks or settings.runbooks)
        kept = _kept(settings, incident)
        document = made(kept.bundle, diagnose(library, kept.bundle), kept.digest, __version__)
        _write(_written(document, output), file)


def _kept(settings: "Settings", said: str) -> "Kept":
    from runbooks.bundle import BundleError
    from runbooks.kept import kept, open_kept

    path, numbered = Path(said), NUMBER.fullmatch(said)
    if numbered is None or path.exists():
        if not path.exists() and not path.suffix and len(path.parts) == 1:
            raise leave(NEITHER.format(said=said), WRONG_USAGE, "the command line is wrong")
        return open_kept(path)
    document = _stored(settings, said, int(numbered[1]))
    try:
        return kept(document)
    except BundleError as error:
        raise BundleError(f"{said}: {error}") from None


def _stored(settings: "Settings", said: str, number: int) -> Any:
    """The document of a diagnosis that the store keeps."""
    import asyncio

    from bot.store.embedded import EmbeddedPostgres, StoreUnavailable

    if settings.database_url is not None:
        address = settings.database_url.get_secret_value()
    else:
        embedded = EmbeddedPostgres(settings.data_dir)
        if not embedded.there:
            why = NO_STORE.format(said=said, folder=embedded.folder)
            raise leave(why, NOT_NOW, "the store cannot be read now")
        address = embedded.address
    try:
        document = asyncio.run(_read(address, number))
    except StoreUnavailable as error:
        raise leave(f"{error}", NOT_NOW, "the store cannot be read now") from None
    if document is None:
        raise leave(NOTHING.format(said=said), WRONG_USAGE, "the command line is wrong")
    return document


async def _read(address: str, number: int) -> Any:
    from bot.store.database import Database
    from bot.store.whys import Whys

    database = Database(address, pool_size=1)
    try:
        return await Whys(database).bundle(number)
    finally:
        await database.close()


def _written(document: "ReportDocument", output: Paper) -> str:
    import json

    from runbooks.report.pages import issue, page

    if output is Paper.JSON:
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return issue(document) if output is Paper.ISSUE else page(document)


def _write(said: str, file: Path | None) -> None:
    """To a file or to standard output, in UTF-8 whatever the locale: the same bytes everywhere."""
    if file is None:
        sys.stdout.buffer.write(said.encode())
        sys.stdout.flush()
        return
    try:
        file.write_bytes(said.encode())
    except OSError as error:
        why = f"{file}: cannot be written ({error.strerror})"
        raise leave(why, WRONG_USAGE, "the command line is wrong") from None
