"""The command line: `whybot …`. Each command is a file of its own, read when it is asked for.

So a command starts as fast as what it needs, and `whybot check --help` needs no client library.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot import __version__
from bot.cli.exits import WRONG_USAGE

# A command is a file here with a function of the same name, or a Typer where it has commands of its own; a
# test fails on a file that is not listed.
COMMANDS = (
    *("answer", "check", "demo", "doctor", "drift", "manifest", "path"),
    *("replay", "report", "runbooks", "serve", "why"),
)


class Commands(TyperGroup):
    """The commands, each imported when it is called (or listed by `whybot --help`)."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"bot.cli.{cmd_name}"), cmd_name)
        if isinstance(found, typer.Typer):  # a command with commands of its own
            found.info.name = cmd_name
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)


# Rich's tracebacks would print local variables, and with them secrets.
app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"whybot {__version__}")
        raise typer.Exit


@app.callback()
def whybot(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Says what is broken in an environment, in words, in Slack and in the terminal."""


def main() -> None:
    """Runs the command line."""
    # Typer ends a wrong command line with 2, which means "could not be told" here; its class for that has
    # no public name, so it is reached over its one public subclass.
    usage_error: Any = typer.BadParameter.__mro__[1]
    usage_error.exit_code = WRONG_USAGE
    app(prog_name="whybot")
