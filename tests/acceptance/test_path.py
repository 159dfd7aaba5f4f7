"""Network paths of the sandbox's staging: on the command line, and with each permission taken away."""

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

from bot.eyes import open_eyes
from bot.settings import load_settings
from checks.environment import find_environment
from checks.observe.permissions import NEEDS
from checks.path.model import Path as NetworkPath
from checks.path.model import StepKey
from checks.result import Status
from docs.generate import path_schema
from sandbox.scenario import load_scenario
from sandbox.staging_cloud import StagingCloud

ENVIRONMENTS = Path(__file__).parents[2] / "environments"


@dataclass
class Place:
    """The incident in the fake Google Cloud, and the variables that lead there."""

    cloud: StagingCloud
    variables: dict[str, str]

    async def whybot(self, *arguments: str) -> tuple[int, str, str]:
        """Runs a command; returns exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from bot.cli import main; main()", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **self.variables},
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def paths(self) -> tuple[NetworkPath, ...]:
        """The paths of the backend, read anew."""
        environment = find_environment(ENVIRONMENTS, "staging")
        async with open_eyes(load_settings(self.variables), environment) as eyes:
            assert eyes is not None
            return await eyes.paths("backend")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with StagingCloud() as cloud:
        await cloud.change(load_scenario("seed-503").changes())
        overlay = tmp_path / "overlay.json"
        overlay.write_text(json.dumps({"addresses": {}, "google": cloud.addresses}))
        yield Place(cloud, {"WHYBOT_OVERLAY": str(overlay), "WHYBOT_ENVIRONMENTS": str(ENVIRONMENTS)})


async def test_the_seed_on_the_command_line(place: Place) -> None:
    """`whybot path staging redis` names step and field, rules others out, and does not blame the subnet."""
    code, out, _ = await place.whybot("path", "staging", "redis")
    assert code == 1
    assert "✖ Network: " in out
    assert "Redis can be reached from staging-vpc only." in out
    assert "with connector staging-connector, which is on staging-vpc, would have to serve" in out
    assert out.count("✔") >= 5
    assert "subnet" not in out
    code, out, _ = await place.whybot("path", "staging", "--format", "json")
    document = json.loads(out)
    jsonschema.validate(document, path_schema())
    assert (code, document["deciding_step"]) == (1, "network")
    assert (
        next(step for step in document["steps"] if step["key"] == "network")["field"] == "Connector.network"
    )
    assert {each["dependency"]: each["verdict"] for each in document["paths"]} == {
        "redis": "fail",
        "postgres": "pass",
        "clickhouse": "pass",
    }


async def test_other_ends_of_the_command(place: Place, tmp_path: Path) -> None:
    """An open path is 0, what may not be read 2, a wrong name 64 with the nearest, no project 2."""
    open_, (code, _, err) = await asyncio.gather(
        place.whybot("path", "staging", "postgres", "--service", "backend"),
        place.whybot("path", "staging", "reddis"),
    )
    assert open_[0] == 0
    assert (code, "Did you mean redis?" in err) == (64, True)
    code, _, err = await place.whybot("path", "staging", "--service", "backnd")
    assert (code, 'No service on Cloud Run "backnd" in staging. Did you mean backend?' in err) == (64, True)
    place.cloud.fake.deny("run.services.list")
    code, out, _ = await place.whybot("path", "staging", "redis", "--format", "junit")
    assert (code, "run.services.list" in out) == (2, True)
    bare = {
        "schema": "whybot/environment/1",
        "name": "bare",
        "checks": {"a": {"kind": "redis", "host": "a.b"}},
    }
    (tmp_path / "bare.yaml").write_text(json.dumps(bare))
    code, _, err = await place.whybot("path", "bare", "--environments", str(tmp_path))
    assert (code, "names no project and region" in err) == (2, True)


async def test_each_permission_taken_away_makes_exactly_its_steps_unknown(place: Place) -> None:
    """Well and in the incident: the steps that a permission is for, no others; the step names the permission,
    the role and the command that grants it. Permissions without steps are for other things than paths.
    """
    found: defaultdict[str, set[StepKey]] = defaultdict(set)
    for scenario in ("seed-503", "healthy"):
        if scenario == "healthy":
            await place.cloud.reset()
        for need in (each for each in NEEDS if each.steps):
            place.cloud.fake.deny(need.permission)
            doubtful = [
                step for path in await place.paths() for step in path.steps if step.status is Status.UNKNOWN
            ]
            place.cloud.fake.allow()
            found[need.permission] |= {step.key for step in doubtful}
            for step in doubtful:
                told = (
                    need.permission in step.message and need.role in step.message and need.role in step.change
                )
                assert told or "which could not be told (step " in step.message, step
            assert not doubtful or any(need.permission in step.message for step in doubtful)
    # Asked only for a revision that serves and is too old for the list.
    spare = {"run.revisions.get"}
    expected = {need.permission: set(need.steps) for need in NEEDS}
    for permission, steps in found.items():
        assert steps == (set() if permission in spare else expected[permission]), permission
