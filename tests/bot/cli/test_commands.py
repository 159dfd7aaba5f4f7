"""The command line as a whole."""

import json
import subprocess
import sys
from pathlib import Path

import bot.cli
from bot.cli import COMMANDS

# Of these a help text needs none: clients, servers, the store. (Typer itself reads pydantic.)
HEAVY = (
    "aiohttp",
    "asyncpg",
    "dns",
    "httpx",
    "redis",
    "slack_bolt",
    "sqlalchemy",
    "starlette",
    "websockets",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `whybot` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_every_file_of_the_command_line_is_a_listed_command() -> None:
    """A command that is in no tuple could not be called."""
    files = {path.stem for path in Path(bot.cli.__file__).parent.glob("*.py")} - {"__init__", "exits"}
    assert files == set(COMMANDS)


def test_help_lists_every_command() -> None:
    """Each with its line."""
    shown = run("--help")
    assert shown.returncode == 0
    assert [name for name in COMMANDS if name not in shown.stdout] == []


def test_help_of_check_imports_no_client() -> None:
    """Help is there at once, since nothing is read that only a run needs."""
    program = (
        "import sys, json\n"
        "from bot.cli import main\n"
        "sys.argv = ['whybot', 'check', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=True
    )
    assert "could not be told" in ran.stdout
    assert sorted(set(HEAVY) & set(json.loads(ran.stderr.splitlines()[-1]))) == []


def test_wrong_command_line_does_not_look_like_an_answer() -> None:
    """A mistyped command or option ends with 64, not with 2 for "could not be told"."""
    assert run("chekc").returncode == 64
    assert run("check", "--format", "xml", "staging").returncode == 64
    assert run("check", "staging", "--timeout", "soon").returncode == 64
    assert run("check").returncode == 64


def test_version_is_printed() -> None:
    """One line."""
    assert run("--version").stdout == f"whybot {bot.__version__}\n"
