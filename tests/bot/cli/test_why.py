"""`whybot why`, `replay` and `report`, as processes, on the incident in the sandbox."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.why import progress
from bot.store.database import Database
from bot.store.whys import Whys, WhyWish, spoken
from checks.environment import load_environment
from runbooks.bundle import Bundle, document, write
from runbooks.evidence.environment import part_of
from runbooks.evidence.source import Section
from sandbox.world import World
from tests.runbooks.report.cases import AT

COMMAND = (sys.executable, "-c", "from bot.cli import main; main()")
RUNNER = CliRunner()
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}


async def run(variables: dict[str, str], *arguments: object) -> tuple[int, str, str]:
    """Runs `whybot` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | variables,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def called(*arguments: object, **variables: str) -> tuple[int, str, str]:
    """Runs `whybot` in this process."""
    ended = RUNNER.invoke(app, list(map(str, arguments)), env=variables)
    return ended.exit_code, ended.stdout, ended.stderr


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The file of a bundle in which nothing was read, of an environment with one check."""
    kept = tmp_path / "kept.json"
    write(kept, document(empty()))
    return kept


def empty() -> Bundle:
    """A bundle in which nothing was read."""
    environment = load_environment(Path(__file__).parents[3] / "environments/staging.yaml")
    return Bundle(part_of(environment), AT, "0.4.0", {})


async def test_the_incident_from_live_evidence_to_its_report(tmp_path: Path) -> None:
    """Why gives the chain; its bundle replays to the same bytes elsewhere; the report can be filed."""
    kept = tmp_path / "seed.json"
    async with World("seed-503") as world:
        code, out, err = await run(
            world.variables, "why", "staging", "--format", "json", "--save-bundle", kept
        )
    assert code == 1, err
    said = json.loads(out)
    assert said["status"] == "confirmed"
    assert len(said["chain"]) == 5
    assert all(why["evidence"] for why in said["chain"])
    assert kept.stat().st_mode & 0o077 == 0
    await offline(kept, said)
    await reported(kept)


async def offline(kept: Path, said: dict[str, Any]) -> None:
    """What the same evidence says without a world."""
    code, out, _ = called("why", "--bundle", kept, "--format", "json")
    assert (code, json.loads(out)) == (1, said)
    code, out, _ = called("why", "staging", "--bundle", kept, "--explain")
    assert code == 1
    assert "Considered:" in out
    code, out, _ = called("replay", kept)
    assert (code, "The diagnosis is the same." in out) == (0, True)
    here = called("replay", kept, "--format", "json")
    assert await run(ELSEWHERE, "replay", kept, "--format", "json") == here
    assert json.loads(here[1])["why"] == said
    code, _, err = called("why", "production", "--bundle", kept)
    assert (code, "is evidence of staging, not of production" in err) == (64, True)


async def reported(kept: Path) -> None:
    """The report of the same evidence, the same everywhere, in three forms."""
    here = called("report", kept)
    assert await run(ELSEWHERE, "report", kept) == here
    page = here[1]
    assert page.startswith("# P0 staging: backend HTTP 503")
    assert "--vpc-connector staging-connector --vpc-egress all-traffic" in page
    assert "| `legacy-connector` | critical |" in page
    _, out, _ = called("report", kept, "--format", "json")
    assert json.loads(out)["schema"] == "whybot/report/1"
    file = kept.with_name("issue.md")
    code, out, _ = called("report", kept, "--format", "issue", "--output", file)
    assert (code, out) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("Labels: `P0`")


def test_a_bundle_that_was_edited_is_refused(bundle: Path) -> None:
    """By all that read one, with a sentence that says how to get another."""
    bundle.write_text(bundle.read_text().replace("us-central1", "us-central2"))
    for arguments in (("why", "--bundle"), ("replay",), ("report",)):
        code, out, err = called(*arguments, bundle)
        assert (code, out) == (65, "")
        assert "the bundle was edited" in err
        assert "--save-bundle FILE" in err


def test_a_bundle_without_a_diagnosis_has_nothing_to_compare_with(bundle: Path) -> None:
    """It is diagnosed all the same."""
    code, out, _ = called("replay", bundle)
    assert code == 2
    assert "It keeps no diagnosis to compare with." in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.json", "no such file"),
        (".", "no file"),
        ("pipe", "no file"),
        ("noise.json", "not valid JSON"),
        ("list.json", "no evidence bundle"),
        ("newer.json", "upgrade whybot"),
    ],
)
def test_what_is_no_bundle_is_told_in_a_sentence(tmp_path: Path, name: str, said: str) -> None:
    """A directory, a pipe, noise: without a stack."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "noise.json").write_bytes(b"\x00\xff" * 99)
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "newer.json").write_text('{"schema": "whybot/bundle/99"}')
    code, _, err = called("replay", tmp_path / name)
    assert code == 65
    assert said in err
    assert "Traceback" not in err


def test_evidence_of_another_form_is_refused(tmp_path: Path) -> None:
    """A digest that fits says that nobody edited it, not that whybot made it."""
    odd = Bundle({"name": "staging"}, AT, "0.4.0", {"checks": Section("checks", data=7, gathered_at=AT)})
    write(tmp_path / "odd.json", document(odd))
    code, _, err = called("report", tmp_path / "odd.json")
    assert (code, "evidence in it has another form" in err) == (65, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("why", "stagin"), 64, "Did you mean staging?"),
        (("why", "staging", "--runbook", "redi"), 64, 'No runbook "redi". Did you mean redis?'),
        (("why", "staging", "--save-bundle", "/nowhere/x.json"), 65, "there is no folder /nowhere"),
        (("report", "w"), 64, "neither a file nor an id such as W-12"),
        (("report", "W-7"), 75, "no whybot runs on the data folder"),
        (("why", "staging", "--runbooks", "/nowhere"), 78, "/nowhere"),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """And with the exit code of its kind."""
    ended, _, err = called(*arguments, WHYBOT_DATA_DIR=str(tmp_path))
    assert ended == code
    assert said in err
    assert "Traceback" not in err


async def test_what_contradicts_itself_is_a_wrong_command_line() -> None:
    """No environment and no bundle; a bundle that is read and kept."""
    for arguments in (("why",), ("why", "--bundle", "a", "--save-bundle", "b")):
        code, _, err = await run({"COLUMNS": "200"}, *arguments)
        assert (code, "bundle" in err) == (64, True)


async def test_a_diagnosis_of_slack_is_reported_by_its_id(database: Database) -> None:
    """Its evidence is in the store; one that is not there is said so."""
    whys = Whys(database)
    asked = await whys.ask(WhyWish("delivery", "staging", "", "T1", "C1", "U1"), 60)
    claim = await whys.claim(asked.number, "test", 60)
    assert claim is not None
    await whys.record(claim, lease=0, phase="finished", bundle=document(empty()))
    variables = {"WHYBOT_DATABASE_URL": database.address}
    code, out, err = await asyncio.to_thread(called, "report", spoken(asked.number), **variables)
    assert (code, err) == (0, "")
    assert out.startswith("# P1 staging: ")
    code, _, err = await asyncio.to_thread(called, "report", "W-999", **variables)
    assert (code, "keeps no evidence of W-999" in err) == (64, True)


def test_progress_says_what_has_answered_and_what_is_awaited() -> None:
    """On a terminal, while evidence is gathered."""
    checks = Section("checks", {"checks": [1, 2], "pending": [3]}, finished=False)
    gathering = Bundle(
        {"name": "staging"}, AT, "0.4.0", {"checks": checks, "logs": Section("logs", finished=False)}
    )
    said = (
        "staging: gathering evidence, 2 of 3 checks answered; waiting for the health checks, the request log"
    )
    assert progress(gathering) == said
