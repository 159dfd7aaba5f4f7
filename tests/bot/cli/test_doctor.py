"""`whybot doctor`, as a process, against the fake Google Cloud and the local Slack."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.generate import doctor_schema
from sandbox.cloud.resources import BucketObject
from tests.checks.observe.place import BACKEND, PROJECT, REGION, Staging, staging

FILE = f"""\
schema: whybot/environment/1
name: staging
project: {PROJECT}
region: {REGION}
services: {{backend: {{cloud_run: {BACKEND}}}}}
terraform: {{state: gs://states/staging.tfstate}}
checks:
  cache: {{kind: redis, host: 10.166.204.83, password: {{env: CACHE_PASSWORD}}}}
"""
LOCAL = """\
schema: whybot/environment/1
name: local
checks:
  cache: {kind: redis, host: 10.166.204.83}
"""
STATE = {
    "version": 4,
    "terraform_version": "1.9.0",
    "serial": 3,
    "lineage": "x",
    "outputs": {},
    "resources": [],
}
PASSWORD = "correct horse battery"


@dataclass
class Doctor:
    """A way to run `whybot doctor` in a world of the test."""

    at: Staging
    variables: dict[str, str]

    async def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from bot.cli import main; main()", "doctor", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **self.variables, **variables},
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def document(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """The JSON document, held to its schema."""
        _, out, _ = await self.run(*arguments, "--format", "json", **variables)
        document: dict[str, Any] = json.loads(out)
        jsonschema.validate(document, doctor_schema())
        return document


@pytest.fixture
async def doctor(tmp_path: Path) -> AsyncIterator[Doctor]:
    """Staging as it should be, its state of Terraform, and its one secret."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/staging.yaml").write_text(FILE)
    (tmp_path / "environments/local.yaml").write_text(LOCAL)
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(staging())
        at.fake.resources.objects["states", "staging.tfstate"] = BucketObject(json.dumps(STATE).encode())
        overlay = tmp_path / "overlay.json"
        google = {"grpc": at.fake.grpc_address, "rest": at.fake.rest_address}
        overlay.write_text(json.dumps({"google": google}))
        yield Doctor(
            at,
            {
                "WHYBOT_OVERLAY": str(overlay),
                "WHYBOT_ENVIRONMENTS": str(tmp_path / "environments"),
                "CACHE_PASSWORD": PASSWORD,
            },
        )


async def test_all_there_is_0(doctor: Doctor) -> None:
    """One headline, every part, nothing to type, no secret."""
    code, out, err = await doctor.run("staging")
    assert (code, err) == (0, "")
    assert out.startswith("staging: All that whybot needs is there.\n")
    for part in ("Google Cloud", "Cloud Run job", "Terraform", "Secrets", "Slack"):
        assert f"\n{part}\n" in out
    assert "To mend it" not in out
    assert PASSWORD not in out


async def test_missing_is_1_and_prints_each_command_once(doctor: Doctor) -> None:
    """Two permissions of one role are one command, whole on a line of its own."""
    doctor.at.fake.deny("compute.routes.list", "compute.networks.list", "storage.objects.get")
    code, out, _ = await doctor.run("staging")
    assert code == 1
    commands = [line.strip() for line in out.splitlines() if line.startswith("  gcloud ")]
    assert len(commands) == len({*commands}) == 2
    assert commands[0].endswith("--role=roles/compute.networkViewer --condition=None")
    assert commands[1].startswith("gcloud storage buckets add-iam-policy-binding gs://states ")
    assert out.count("Put whybot's service account in place of WHYBOT_SERVICE_ACCOUNT.") == (
        "WHYBOT_SERVICE_ACCOUNT" in commands[0]
    )
    assert out.splitlines()[-1] == "exit code 1: something that whybot needs is missing"


async def test_unknown_is_2(doctor: Doctor) -> None:
    """An API that is away is neither there nor missing."""
    doctor.at.fake.trouble("unavailable", "redis.instances.list")
    code, out, _ = await doctor.run("staging")
    assert code == 2
    assert out.splitlines()[-1] == "exit code 2: not everything could be told"


async def test_document_holds_to_its_schema(doctor: Doctor) -> None:
    """A secret that is not set is missing, by its name."""
    document = await doctor.document("staging", CACHE_PASSWORD="")
    assert (document["schema"], document["status"]) == ("whybot/doctor/1", "missing")
    lacking = [each for each in document["findings"] if each["answer"] == "missing"]
    assert [(each["group"], each["what"]) for each in lacking] == [("Secrets", "$CACHE_PASSWORD")]


async def test_wrong_file_is_78_and_unknown_environment_64(doctor: Doctor) -> None:
    """As of every command."""
    folder = Path(doctor.variables["WHYBOT_ENVIRONMENTS"])
    (folder / "broken.yaml").write_text("schema: whybot/environment/1\nname: broken\n")
    assert (await doctor.run("broken"))[0] == 78
    assert (await doctor.run("stagin"))[0] == 64


async def test_slack_is_asked_where_a_token_is_set(doctor: Doctor, local_slack: Any) -> None:
    """Scopes that the manifest has and the token lacks are missing, with where to click."""
    document = await doctor.document("local", **local_slack.slack.variables)
    slack = {each["what"]: each for each in document["findings"] if each["group"] == "Slack"}
    assert slack["bot token"]["answer"] == "ok"
    assert slack["app token"]["answer"] == "ok"
    assert slack["scope groups:history"]["answer"] == "missing"
    assert "OAuth & Permissions" in slack["scope groups:history"]["message"]


async def test_a_token_that_slack_refuses_is_missing(doctor: Doctor, local_slack: Any) -> None:
    """It says how to get a new one, and shows no token."""
    variables = {**local_slack.slack.variables, "SLACK_BOT_TOKEN": "xoxb-nobody-knows-this"}
    code, out, _ = await doctor.run("local", **variables)
    assert code == 1
    assert "Slack says invalid_auth" in out
    assert "xoxb-nobody" not in out
