"""`whybot runbooks`: what could be the cause of what, as runbooks have it; and what is wrong with yours."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exits import WRONG_USAGE, explained, leave
from bot.cli.why import Form

if TYPE_CHECKING:
    from typing import Any

    from runbooks.runbook import Library, Runbook

runbooks = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The runbooks: whybot's own, and those of your folder. Asks nothing and changes nothing.",
)
FOLDER = typer.Argument(metavar="FOLDER", help="Folder of your own runbooks. Default: $WHYBOT_RUNBOOKS.")
FORM = typer.Option("--format", help="Text for people, json for programs.")


@runbooks.command()
def lint(folder: Annotated[Path | None, FOLDER] = None, output: Annotated[Form, FORM] = Form.TEXT) -> None:
    """Says what cannot be right in the runbooks of a folder: file, line, what was found and what was meant.

    Without a folder whybot's own are looked at. Exit code: 0 nothing is wrong · 1 something is · 64 the
    command line is wrong · 78 a file cannot be used, or a setting is wrong.
    """
    from runbooks.output import lint as form
    from runbooks.reader import RunbookError, read_library

    with explained():
        mine = _folder(folder)
        read = read_library(mine)
        if read.problems and output is Form.TEXT:
            raise RunbookError(read.problems)
        found = form.document(read, mine)
    _write(found, form.text(found), output)
    raise typer.Exit(form.exit_code(found))


@runbooks.command(name="list")
def list_(folder: Annotated[Path | None, FOLDER] = None, output: Annotated[Form, FORM] = Form.TEXT) -> None:
    """Lists the runbooks in the order in which they are asked.

    Exit code: 0 · 64 the command line is wrong · 78 a runbook or a setting is wrong.
    """
    from runbooks.output import books as form

    with explained():
        library = _library(folder)
        found = form.document(library, library.runbooks)
    _write(found, form.listed(found), output)


@runbooks.command()
def show(
    runbook: Annotated[str, typer.Argument(metavar="ID", help="Name of the runbook, e.g. http-503.")],
    folder: Annotated[Path | None, FOLDER] = None,
    output: Annotated[Form, FORM] = Form.TEXT,
) -> None:
    """Shows a runbook as a tree: its causes, when each is so, and where it leads.

    Exit code: 0 · 64 there is no such runbook, or the command line is wrong · 78 a runbook or a setting is
    wrong.
    """
    from runbooks.output import books as form

    with explained():
        library = _library(folder)
        found = form.document(library, [_known(library, runbook)])
    _write(found, form.tree(found["runbooks"][0]), output)


def _folder(folder: Path | None) -> Path | None:
    from bot.settings import load_settings

    return folder or load_settings().runbooks


def _library(folder: Path | None) -> "Library":
    from runbooks.reader import load_library

    return load_library(_folder(folder))


def _known(library: "Library", name: str) -> "Runbook":
    from checks.validation import did_you_mean

    if library.knows(name):
        return library[name]
    known = [each.id for each in library.runbooks]
    hint = did_you_mean(name, known) or f". There are: {', '.join(known)}."
    raise leave(f'No runbook "{name}"{hint}', WRONG_USAGE, "the command line is wrong")


def _write(document: "Any", text: str, output: Form) -> None:
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=2) if output is Form.JSON else text)
