from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.exits import WRONG_FILE

ROOT = Path(__file__).parents[3]


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of environment files."""
    monkeypatch.setenv("WHYBOT_ENVIRONMENTS", str(tmp_path))
    return tmp_path


def test_manifest_is_printed_for_the_environment_files_that_are_there(environments: Path) -> None:
    """Each file in the folder gets its commands, and the output can be pasted as it is."""
    text = (ROOT / "environments/staging.yaml").read_text()
    (environments / "canary.yaml").write_text(text.replace("name: staging\n", "name: canary\n"))
    done = CliRunner().invoke(app, ["manifest"])
    assert done.exit_code == 0, done.output
    commands = YAML(typ="safe").load(done.stdout)["features"]["slash_commands"]
    assert [each["command"] for each in commands] == [
        "/canary-health",
        "/canary-why",
        "/canary-drift",
        "/triage",
    ]


def test_wrong_environment_file_is_told_and_exits_with_78(environments: Path) -> None:
    """A manifest for files that do not load would lack commands without a word."""
    (environments / "canary.yaml").write_text("schema: whybot/environment/1\nname: canary\nchekcs: {}\n")
    done = CliRunner().invoke(app, ["manifest"])
    assert done.exit_code == WRONG_FILE
    assert "chekcs" in done.stderr
    assert done.stdout == ""


def test_address_that_slack_would_not_call_is_refused() -> None:
    """Slack calls https only."""
    done = CliRunner().invoke(app, ["manifest", "--http", "http://whybot.example"])
    assert done.exit_code != 0
    assert "https" in done.stderr
