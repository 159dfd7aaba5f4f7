import shlex
from dataclasses import replace
from typing import Any

import pytest

from checks.doctor import Answer, Finding, Group, worst
from checks.environment import Environment
from checks.names import Ref
from checks.observations import Egress, Interface, VpcAccess
from checks.observe.doctor import KEY, access_flags, examine
from checks.observe.permissions import JOB, NEEDS, OBJECT, RUN_JOB, RUN_JOB_WITH
from tests.checks.observe.place import BACKEND, PROJECT, REGION, Staging, staging

CACHE = {"kind": "redis", "host": "10.166.204.83", "password": {"env": "CACHE_PASSWORD"}}
CONNECTOR = VpcAccess(Ref("c"), Egress.ALL)
DIRECT = VpcAccess(None, None, (Interface(Ref("n"), Ref("s"), ("t",)),))


def environment(*, job: bool = True) -> Environment:
    """Staging with one dependency, and a Cloud Run job as its vantage."""
    vantages: dict[str, Any] = {"job": {"name": "whybot-probe", "service": "backend"}} if job else {}
    return Environment.model_validate(
        {
            "schema": "whybot/environment/1",
            "name": "staging",
            "project": PROJECT,
            "region": REGION,
            "services": {"backend": {"cloud_run": BACKEND}},
            "vantages": vantages,
            "checks": {"cache": CACHE},
        }
    )


async def found(at: Staging, **options: Any) -> list[Finding]:
    return await examine(at.cloud, environment(**options))


def complete_job(at: Staging) -> None:
    """Gives the job the variables that it needs."""
    job = next(iter(at.fake.resources.jobs.values()))
    for name in (KEY, "CACHE_PASSWORD"):
        job.template.template.containers[0].env.append({"name": name})


async def test_all_is_there() -> None:
    """Every call that whybot makes was tried or asked for, and no command is printed."""
    async with staging() as at:
        complete_job(at)
        findings = await found(at)
        assert worst(findings) is Answer.OK
        assert {each.permission for each in findings} >= {
            need.permission for need in NEEDS if need is not OBJECT
        }
        assert not [each for each in findings if each.command]


async def test_each_permission_that_is_missing_is_told_with_its_command() -> None:
    """One missing permission is one missing finding with role and command; the rest is ok or unknown."""
    async with staging() as at:
        complete_job(at)
        for permission in sorted(need.permission for need in NEEDS if need not in (OBJECT, JOB)):
            at.fake.deny(permission)
            lacking = [each for each in await found(at) if each.answer is not Answer.OK]
            at.fake.allow(permission)
            named = [each for each in lacking if each.permission == permission]
            assert named, permission
            assert named[0].answer is Answer.MISSING
            assert f"--role={named[0].role}" in named[0].command
            assert all(each in named or each.answer is Answer.UNKNOWN for each in lacking), permission


async def test_the_role_for_the_job_is_granted_on_the_job() -> None:
    """Running the job needs no role on the whole project."""
    async with staging() as at:
        at.fake.deny(RUN_JOB.permission, RUN_JOB_WITH.permission)
        commands = {each.command for each in await found(at) if each.permission.startswith("run.jobs.run")}
        assert len(commands) == 1
        assert next(iter(commands)).startswith("gcloud run jobs add-iam-policy-binding whybot-probe ")


async def test_a_missing_job_is_told_with_the_command_that_makes_it() -> None:
    """With the VPC access of what serves, the key and the secrets of dependencies."""
    async with staging() as at:
        at.fake.resources.jobs.clear()
        job = next(each for each in await found(at) if each.what == "job whybot-probe")
        assert job.answer is Answer.MISSING
        words = shlex.split(job.command)
        assert words[:5] == ["gcloud", "run", "jobs", "create", "whybot-probe"]
        assert {"--vpc-connector=staging-connector", "--vpc-egress=all-traffic", "--args=answer"} <= {*words}
        assert any(word.startswith(f"--set-secrets={KEY}=") and "CACHE_PASSWORD=" in word for word in words)


async def test_a_job_with_other_vpc_access_is_told_with_the_command_that_mends_it() -> None:
    """It would speak for another network than the service's."""
    async with staging() as at:
        job = next(iter(at.fake.resources.jobs.values()))
        job.template.template.vpc_access.connector = "legacy-connector"
        finding = next(each for each in await found(at) if each.what == "job whybot-probe")
        assert finding.answer is Answer.MISSING
        assert "legacy-connector" in finding.message
        assert "--vpc-connector=staging-connector --vpc-egress=all-traffic" in finding.command


async def test_without_a_job_in_the_file_none_is_looked_for() -> None:
    """The permission to run one is then not missed either."""
    async with staging() as at:
        at.fake.deny(RUN_JOB.permission)
        findings = await found(at, job=False)
        assert worst(findings) is Answer.OK
        assert [each.answer for each in findings if each.group is Group.VANTAGE] == [Answer.SKIPPED]


async def test_what_nobody_could_tell_is_unknown() -> None:
    """An API that is away leaves open whether the permission is there."""
    async with staging() as at:
        complete_job(at)
        at.fake.trouble("unavailable", "redis.instances.list")
        findings = await found(at)
        assert worst(findings) is Answer.UNKNOWN
        assert [each.what for each in findings if each.answer is Answer.UNKNOWN] == ["Memorystore instances"]


@pytest.mark.parametrize(
    ("wanted", "present", "flags"),
    [
        (CONNECTOR, None, "--vpc-connector=c --vpc-egress=all-traffic"),
        (CONNECTOR, DIRECT, "--clear-network --vpc-connector=c --vpc-egress=all-traffic"),
        (DIRECT, None, "--network=n --subnet=s --network-tags=t --vpc-egress=private-ranges-only"),
        (replace(DIRECT, egress=Egress.ALL), CONNECTOR,
         "--clear-vpc-connector --network=n --subnet=s --network-tags=t --vpc-egress=all-traffic"),
        (None, CONNECTOR, "--clear-vpc-connector"),
        (None, DIRECT, "--clear-network"),
        (None, None, ""),
    ],
)  # fmt: skip
def test_flags_that_give_a_job_its_vpc_access(
    wanted: VpcAccess | None, present: VpcAccess | None, flags: str
) -> None:
    """What it has is taken away first where it is of the other kind."""
    assert access_flags(wanted, present) == flags
