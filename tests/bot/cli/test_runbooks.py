"""`whybot runbooks`: lint, list and show, with exit codes that a pipeline can rely on."""

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from docs.generate import lint_schema, runbooks_schema
from tests.runbooks.files import book, changed, write


def run(*arguments: str, **variables: str) -> Result:
    """`whybot runbooks …` in this process."""
    return CliRunner().invoke(app, ["runbooks", *arguments], env={"WHYBOT_RUNBOOKS": "", **variables})


def test_lint_of_ours_finds_nothing() -> None:
    """Without a folder whybot's own runbooks are looked at."""
    ran = run("lint")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.endswith("nothing is wrong.\n")


def test_lint_says_each_finding_with_its_place(tmp_path: Path) -> None:
    """A line each; the exit code tells a pipeline."""
    write(tmp_path, cache=book(changed(ruled_out=None)))
    ran = run("lint", str(tmp_path))
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[0].startswith(
        f"{tmp_path}/cache.yaml:7: causes[0].ruled_out: nothing is said"
    )
    assert ran.stdout.splitlines()[-1] == "1 runbook, 1 cause: 1 finding."


def test_lint_takes_the_folder_of_the_setting(tmp_path: Path) -> None:
    """As all that use runbooks do."""
    write(tmp_path, cache=book())
    assert run("lint", WHYBOT_RUNBOOKS=str(tmp_path)).stdout == "1 runbook, 1 cause: nothing is wrong.\n"


def test_a_file_that_cannot_be_used_ends_with_78(tmp_path: Path) -> None:
    """On standard error for people, as a document for programs."""
    write(tmp_path, cache="schema: whybot/runbook/1\n")
    for arguments in (["lint"], ["list"], ["show", "cache"]):
        ran = run(*arguments, str(tmp_path))
        assert ran.exit_code == 78
        assert ran.stderr.startswith(f"{tmp_path}/cache.yaml: 3 problems\n")
        assert ran.stdout == ""
    ran = run("lint", str(tmp_path), "--format", "json")
    assert ran.exit_code == 78
    assert [each["field"] for each in json.loads(ran.stdout)["findings"]] == ["runbook", "asks", "causes"]


def test_list_has_every_runbook_in_order(tmp_path: Path) -> None:
    """A line each; yours with its file."""
    write(tmp_path, cache=book())
    lines = run("list", str(tmp_path)).stdout.splitlines()
    assert lines[0].startswith("http-503 ")
    assert lines[-1] == f"cache              Cache: 1 cause, asked by itself  {tmp_path}/cache.yaml"


def test_show_draws_a_runbook_as_a_tree(tmp_path: Path) -> None:
    """With conditions, questions, links and remedies."""
    below = "- id: below\n  title: Below\n  when: 'true'\n  because: x\n"
    cause = changed(asks="Why?", link="[redis]", remedies="[wait]", root="true") + f"causes:\n{below}"
    write(tmp_path, cache=book(cause))
    assert run("show", "cache", str(tmp_path)).stdout.splitlines()[1:] == [
        "Why is the cache slow?",
        "applies: values(checks).exists(c, c.name == 'cache')",
        "└─ down: Cache down  (root)",
        "   │    when values(checks).exists(c, c.name == 'cache' && c.status == 'fail')",
        "   │    remedies: wait",
        "   │    Why?  → redis",
        "   └─ below: Below  (root)",
        "           when true",
    ]


def test_show_of_an_unknown_runbook_says_the_nearest() -> None:
    """A mistyped name is a wrong command line."""
    ran = run("show", "htp-503")
    assert (ran.exit_code, ran.stdout) == (64, "")
    assert ran.stderr.startswith('No runbook "htp-503". Did you mean http-503?\n')
    assert "There are: http-503, " in run("show", "xyzzy").stderr


@pytest.mark.parametrize("arguments", [["list"], ["show", "http-503"]])
def test_documents_fit_their_schemas(arguments: list[str]) -> None:
    """What is written is what was promised."""
    written = json.loads(run(*arguments, "--format", "json").stdout)
    jsonschema.validate(written, runbooks_schema())
    assert written["runbooks"][0]["runbook"] == "http-503"
    assert written["runbooks"][0]["ours"] is True


def test_document_of_lint_fits_its_schema(tmp_path: Path) -> None:
    """With findings as without."""
    write(tmp_path, cache=book(changed(ruled_out=None)))
    for arguments in (["lint"], ["lint", str(tmp_path)]):
        jsonschema.validate(json.loads(run(*arguments, "--format", "json").stdout), lint_schema())


def test_help_lists_the_commands() -> None:
    """Each with what it does and its exit codes."""
    shown = run("--help").stdout
    assert all(name in shown for name in ("lint", "list", "show"))
    assert "78" in run("lint", "--help").stdout
