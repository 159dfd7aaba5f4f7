"""`whybot manifest`: the Slack app manifest for the environment files that are there."""

from typing import Annotated

import typer


def manifest(
    http: Annotated[
        str | None,
        typer.Option("--http", metavar="URL", help="Public https URL of whybot; without it, Socket Mode."),
    ] = None,
) -> None:
    """Prints the app manifest to paste at api.slack.com/apps."""
    # Imported here so that other commands, and --help, start without them.
    from bot.cli.exits import explained
    from bot.manifest import build, to_yaml
    from bot.settings import load_settings
    from checks.environment import load_environments

    if http is not None and not http.startswith("https://"):
        raise typer.BadParameter("Slack calls https URLs only", param_hint="--http")
    with explained():
        environments = load_environments(load_settings().environments)
    typer.echo(to_yaml(build(list(environments), http)), nl=False)
