"""The command line: `whybot …`. Each command is a file of its own that imports what it needs when it runs."""

import typer

app = typer.Typer(no_args_is_help=True)


def main() -> None:
    """Runs the command line."""
    app()
