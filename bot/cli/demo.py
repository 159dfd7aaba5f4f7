"""`whybot demo`: the whole world on this machine."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="For programs: say nothing on standard output.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of the page; 0 takes a free one. Default: 8503, or a free one."
        ),
    ] = None,
    scenario: Annotated[str, typer.Option(help="What is broken at the start.")] = "healthy",
    ready_file: Annotated[
        Path | None, typer.Option(help="Written when all is up: the address and the variables, as JSON.")
    ] = None,
    no_bot: Annotated[bool, typer.Option("--no-bot", help="Leave whybot itself out.")] = False,
    http: Annotated[
        bool, typer.Option("--http", help="Slack reaches whybot as signed HTTP, not over Socket Mode.")
    ] = False,
    no_restart: Annotated[bool, typer.Option("--no-restart", help="Leave whybot down when it dies.")] = False,
) -> None:
    """Runs whybot with a Slack and a staging environment of its own, on this machine only."""
    # Imported when asked for: the sandbox brings servers that no other command needs.
    try:
        from sandbox.demo import DemoOptions, run
    except ModuleNotFoundError as error:
        typer.echo(
            f"The demo needs {error.name}, which is not installed: pip install 'whybot[sandbox]'", err=True
        )
        raise typer.Exit(1) from None
    options = DemoOptions(
        port=port,
        scenario=scenario,
        ready_file=ready_file,
        headless=headless,
        bot=not no_bot,
        http=http,
        restart=not no_restart,
    )
    raise typer.Exit(run(options))
