"""`whybot replay BUNDLE`: diagnoses kept evidence again, offline, and says what changed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exits import explained
from bot.cli.why import Form

if TYPE_CHECKING:
    from runbooks.kept import Kept
    from runbooks.replay import Replay


def replay(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A file that `why --save-bundle` kept.")],
    output: Annotated[Form, typer.Option("--format", help="Text for people, json for programs.")] = Form.TEXT,
    runbooks: Annotated[
        Path | None, typer.Option(help="Folder of your own runbooks. Default: $WHYBOT_RUNBOOKS.")
    ] = None,
) -> None:
    """Diagnoses a bundle with the runbooks of now, and says what is different from the diagnosis it keeps.

    Asks nothing and changes nothing. Exit code: 0 the same · 1 different · 2 no diagnosis was kept ·
    64 the command line is wrong · 65 the bundle cannot be used · 78 a runbook or a setting is wrong.
    """
    from bot.settings import load_settings
    from runbooks.kept import open_kept
    from runbooks.output.replay import exit_code
    from runbooks.reader import load_library
    from runbooks.replay import replay as again

    with explained():
        settings = load_settings()
        kept = open_kept(bundle)
        made = again(kept.document, load_library(runbooks or settings.runbooks))
        _write(kept, made, output, plain=settings.plain)
    raise typer.Exit(exit_code(made))


def _write(kept: "Kept", made: "Replay", output: Form, *, plain: bool) -> None:
    import json

    from runbooks.output import text
    from runbooks.output.replay import replay_document, sentences

    document = replay_document(kept, made)
    if output is Form.JSON:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    text.write(document["why"], sys.stdout, colours=not plain and sys.stdout.isatty(), ending=False)
    typer.echo("\n" + "\n".join(sentences(kept, made)))
