"""What an environment file names of Terraform, read as a whole."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.environment import Terraform, load_environment
from checks.observations import Blind
from checks.observe.cloud import ObjectLost
from checks.reasons import Reason
from checks.terraform.reader import read_terraform
from sandbox import baseline
from sandbox.cloud.resources import Resources
from sandbox.terraform_state import state_document
from tests.checks.terraform.place import (
    BUCKET,
    connector,
    infrastructure,
    instance,
    managed,
    network,
    parts,
    read,
    said,
    stored,
    text,
    write,
)

ENVIRONMENTS = Path(__file__).parents[3] / "environments"
DENIED = Blind(
    Reason.CLOUD_PERMISSION,
    "may not read it",
    "storage.objects.get",
    "roles/storage.objectViewer",
    "gcloud …",
)
STATE = text(stored(managed("google_vpc_access_connector", "c", instance(connector()))))


async def test_nothing_named_is_nothing_known(tmp_path: Path) -> None:
    """Neither a state nor a configuration: no side has a value."""
    found = infrastructure(await read(tmp_path))
    assert (found.configured, found.recorded, found.planned, found.resources) == (None, None, None, ())


async def test_paths_start_from_the_environment_files_folder(tmp_path: Path) -> None:
    """A state and a configuration beside the file."""
    write(tmp_path / "infra", network('  name = "staging-vpc"'))
    (tmp_path / "state.json").write_bytes(STATE)
    found = infrastructure(await read(tmp_path, configuration="infra", state="state.json"))
    assert [each.address for each in found.configured or ()] == ["google_compute_network.vpc"]
    assert [each.address for each in found.recorded or ()] == ["google_vpc_access_connector.c"]
    assert {what: each.resource for what, each in found.sources.items()} == {
        "state": "state.json",
        "configuration": "infra",
    }


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"state": "gone.json"}, "Terraform's state gone.json does not exist (looked at "),
        ({"state": "."}, "Terraform's state . is a folder; name a file."),
        ({"plan": "gone.json"}, "Terraform's plan gone.json does not exist"),
        ({"configuration": "gone"}, "Terraform's configuration gone does not exist (looked for "),
        ({"configuration": "file.txt"}, "Terraform's configuration file.txt is a file; name its folder."),
        ({"configuration": "gs://b/o"}, "Terraform's configuration gs://b/o is in a bucket; name a folder."),
        ({"state": "gs://bucket"}, "Terraform's state gs://bucket is no address of an object; write gs://BUCKET/OBJECT."),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_told(tmp_path: Path, named: dict[str, str], sentence: str) -> None:
    """What was named, and where it was looked for."""
    (tmp_path / "file.txt").write_text("x")
    assert said(await read(tmp_path, **named)).startswith(sentence)


async def test_missing_permission_is_handed_on(tmp_path: Path) -> None:
    """The state cannot be read, so nothing stands for it: the configuration says less."""
    write(tmp_path, network('  name = "staging-vpc"'))
    assert await read(tmp_path, configuration=".", state=BUCKET, bucket=DENIED) == DENIED


async def test_an_object_that_is_not_there_names_the_field_of_the_environment_file(tmp_path: Path) -> None:
    """Whoever mistyped the address finds it."""
    gone = Blind(Reason.CLOUD_NOT_FOUND, "There is no bucket gs://netra-terraform.")
    message = said(await read(tmp_path, state=BUCKET, bucket=gone))
    assert message.startswith("There is no bucket gs://netra-terraform. ")
    assert f"names {BUCKET} as `terraform.state`" in message


async def test_wrong_configuration_beside_a_good_state_is_told_with_it(tmp_path: Path) -> None:
    """The state is what counts; the mistake in the configuration is not swallowed."""
    write(tmp_path, {"main.tf": "a {\n"})
    found = infrastructure(await read(tmp_path, configuration=".", state=BUCKET, bucket=STATE))
    assert len(found.recorded or ()) == 1
    assert found.configured is None
    assert [blind.message for blind in found.blind] == [
        "./main.tf:2: the file ends inside of a block or an expression; a closing bracket is missing."
    ]


async def test_object_that_is_lost_on_the_way_is_told(tmp_path: Path) -> None:
    """A connection that breaks in the middle of the state is no empty state."""
    lost = Blind(Reason.CLOUD_UNREACHABLE, "the connection broke")

    async def fetch(_bucket: str, _name: str) -> AsyncIterator[bytes]:
        return breaking()

    async def breaking() -> AsyncIterator[bytes]:
        yield STATE[:100]
        raise ObjectLost(lost)

    assert await read_terraform(tmp_path, Terraform(state=BUCKET), fetch) == lost


async def test_files_of_another_project_are_refused(tmp_path: Path) -> None:
    """A state, a plan or a configuration of production says nothing of staging."""
    message = said(await read(tmp_path, state=BUCKET, bucket=STATE, project="netra-production"))
    assert message == f"Terraform's state {BUCKET} is of project netra-staging, not of netra-production."
    write(tmp_path, network('  name = "x"\n  project = "netra-staging"'))
    message = said(await read(tmp_path, configuration=".", project="netra-production"))
    assert message == "Terraform's configuration . is of project netra-staging, not of netra-production."


async def test_resources_of_a_host_project_are_ordinary(tmp_path: Path) -> None:
    """A shared VPC is in another project; a project number is no other project."""
    state = stored(
        managed("google_vpc_access_connector", "a", instance(connector())),
        managed("google_vpc_access_connector", "b", instance(connector(project="netra-host"))),
    )
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(state), project="netra-staging"))
    assert found.projects == ("netra-host", "netra-staging")
    numbered = stored(
        managed("google_vpc_access_connector", "a", instance(connector(project="481516234200")))
    )
    assert infrastructure(await read(tmp_path, state=BUCKET, bucket=text(numbered), project="netra-staging"))


async def test_staging_of_the_sandbox_is_what_its_configuration_declares() -> None:
    """The state in the sandbox's bucket and the sample configuration agree on every address and connector."""
    resources = Resources()
    baseline.fill(resources, datetime.now(UTC))
    environment = load_environment(ENVIRONMENTS / "staging.yaml")
    assert environment.terraform is not None
    bucket = state_document(resources)

    async def fetch(_bucket: str, _name: str) -> AsyncIterator[bytes]:
        return parts(bucket, 1000)

    found = infrastructure(
        await read_terraform(environment.folder, environment.terraform, fetch, project=environment.project)
    )
    assert not found.incomplete
    assert not found.blind
    recorded = {each.address: each.values for each in found.recorded or ()}
    configured = {each.address: each.values for each in found.configured or ()}
    assert recorded.keys() == configured.keys()
    service = 'google_cloud_run_v2_service.service["backend"]'
    for side in (recorded, configured):
        access = side[service]["template"][0]["vpc_access"][0]
        assert (access["connector"].rpartition("/")[2], access["egress"]) == (
            "staging-connector",
            "ALL_TRAFFIC",
        )


LARGE = """
import asyncio, json, resource, sys
from pathlib import Path
from checks.environment import Terraform
from checks.terraform.reader import read_terraform

one = json.dumps({"mode": "managed", "type": "google_storage_bucket_object", "name": "n", "instances": [
    {"attributes": {f"a{n}": "v" * 40 for n in range(200)}, "sensitive_attributes": []}] * 50}).encode()
connector = json.dumps({"mode": "managed", "type": "google_vpc_access_connector", "name": "c", "instances": [
    {"attributes": {"name": "c"}, "sensitive_attributes": []}]}).encode()

async def large():
    yield b'{"version": 4, "serial": 1, "resources": [' + connector
    for _ in range(int(sys.argv[1])):
        yield b"," + one
    yield b"]}"

async def main():
    async def fetch(bucket, name):
        return large()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await read_terraform(Path(), Terraform(state="gs://b/o"), fetch)
    assert len(found.recorded) == 1, found
    print(len(one) * int(sys.argv[1]), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)

asyncio.run(main())
"""


async def test_large_state_is_read_within_bounded_memory() -> None:
    """50 MB go through within a fifth of that."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", LARGE, "100", stdout=subprocess.PIPE)
    output, _ = await child.communicate()
    size, grown = map(int, output.split())
    assert size > 50_000_000
    assert grown < size / 5, f"grew by {grown:,} bytes for {size:,}"
