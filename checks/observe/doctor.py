"""Tries every call that whybot makes to Google Cloud, and says what is missing and what grants it."""

import asyncio
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.doctor import KEY, Answer, Finding, Group, of_blind, references
from checks.environment import Environment, JobVantage
from checks.names import Home
from checks.observations import Blind, CloudState, Egress, Job, Seen, VpcAccess
from checks.observe import logging, monitoring, projects, secret_versions
from checks.observe.calls import Calls, seen
from checks.observe.google import GoogleCloud, Raw
from checks.observe.permissions import (
    CONNECTORS,
    EXECUTION,
    FIREWALLS,
    JOB,
    JOBS,
    LOGS,
    METRICS,
    NETWORKS,
    PEERING_ROUTES,
    PROJECT,
    REDIS,
    REVISION,
    REVISIONS,
    ROUTER_STATUS,
    ROUTERS,
    ROUTES,
    RUN_JOB,
    RUN_JOB_WITH,
    SECRETS,
    SERVICES,
    SQL,
    SUBNETS,
    Need,
    Place,
    missing,
)
from checks.observe.values import Context
from checks.vantage.access import said, standing

IMAGE = "WHYBOT_IMAGE"
"""Stands in commands for the address of whybot's own image."""
NEWEST = 1
MINUTES = timedelta(minutes=5)


async def examine(cloud: GoogleCloud, environment: Environment, *, seconds: float = 30.0) -> list[Finding]:
    """What whybot needs in Google Cloud for this environment, each tried as whybot itself uses it."""
    state, raw = await cloud.read(seconds)
    if raw is None:
        return [
            of_blind(Group.GOOGLE, "login", blind) for blind in (state.services,) if isinstance(blind, Blind)
        ]
    calls = cloud.calls(seconds)
    await seen(calls.login(PROJECT))
    read = asyncio.gather(seen(_read_log(calls)), seen(_read_metrics(calls)), _read_secrets(calls, state))
    log, metrics, secrets = await read
    tried = {**answers(raw), LOGS: log, METRICS: metrics, SECRETS: secrets}
    untried = [need for need, answer in tried.items() if answer is None]
    vantage = environment.vantages.job
    asked = [*untried, *([JOB, RUN_JOB, RUN_JOB_WITH, EXECUTION] if vantage else [])]
    granted = await seen(granted_of(calls, asked, vantage.name if vantage else ""))
    google = [_tried(need, answer) for need, answer in tried.items() if answer is not None]
    google += [_asked(need, granted, calls.place) for need in untried]
    return google + (
        _of_vantage(vantage, environment, state, granted, calls.place) if vantage else [_without()]
    )


def answers(raw: Raw) -> dict[Need, Blind | bool | None]:
    """What each call gave: True, why not, or None where there was nothing to try it on."""
    routers = () if isinstance(raw.routers, Blind) else raw.learned
    found: dict[Need, Blind | bool | None] = {
        PROJECT: _one(raw.number),
        SERVICES: _one(raw.services),
        REVISIONS: _many(raw.revisions),
        REVISION: None,
        JOBS: _one(raw.jobs),
        CONNECTORS: _one(raw.connectors),
        NETWORKS: _one(raw.networks),
        PEERING_ROUTES: _many(raw.peering_routes.values()),
        FIREWALLS: _many(raw.firewalls),
        SUBNETS: _one(raw.subnets),
        ROUTES: _one(raw.routes),
        ROUTERS: _one(raw.routers),
        ROUTER_STATUS: _many(routers),
        REDIS: _one(raw.redis),
        SQL: _one(raw.sql),
    }
    return found


def _one(read: Seen[Any]) -> Blind | bool:
    return read if isinstance(read, Blind) else True


def _many(reads: Iterable[Seen[Any]]) -> Blind | bool | None:
    found = list(reads)
    return next((each for each in found if isinstance(each, Blind)), bool(found) or None)


async def _read_log(calls: Calls) -> bool:
    """Reads the newest entry of the request log, if there is one."""
    log = logging.log_of(calls.place.project, "run.googleapis.com%2Frequests")
    await logging.read_entries(calls, [f"logName={log}"], NEWEST, size=NEWEST)
    return True


async def _read_metrics(calls: Calls) -> bool:
    """Reads what connectors used in the last minutes, if there are any."""
    now = datetime.now(UTC)
    await monitoring.read_points(calls, monitoring.CPU, now - MINUTES, now)
    return True


async def _read_secrets(calls: Calls, state: CloudState) -> Blind | bool | None:
    """Asks for one secret that a revision uses; None where none uses any."""
    known = (found for found in state.revisions.values() if not isinstance(found, Blind))
    use = next((use for found in known for revision in found for use in revision.secrets), None)
    if use is None:
        return None
    context = Context(Home(calls.place.project, calls.place.region), state.read_at)
    found = await secret_versions.read_version(calls, use, context)
    return found if isinstance(found, Blind) else True


async def granted_of(calls: Calls, needs: Sequence[Need], job: str) -> frozenset[str]:
    """Which of these permissions whybot has, on the job or on the project. Raises `Unseen`.

    Both are asked: a role may be granted on either. Neither call needs a permission of its own.
    """
    wanted = sorted({need.permission for need in needs})
    on_project = await _granted_on_project(calls, wanted)
    if not job or on_project.issuperset(wanted):
        return on_project
    on_job = await seen(
        _granted_on_job(calls, job, [each for each in wanted if each.startswith("run.jobs.")])
    )
    return on_project if isinstance(on_job, Blind) else on_project | on_job


async def _granted_on_project(calls: Calls, wanted: Sequence[str]) -> frozenset[str]:
    session = await calls.clients.session()
    url = f"{projects.url(calls)}:testIamPermissions"

    def attempt(seconds: float) -> frozenset[str]:
        answer = projects.document(session.post(url, json={"permissions": list(wanted)}, timeout=seconds))
        found = answer.get("permissions", []) if isinstance(answer, dict) else []
        return frozenset(map(str, found))

    return await calls.blocking(PROJECT, attempt)


async def _granted_on_job(calls: Calls, job: str, wanted: Sequence[str]) -> frozenset[str]:
    client = await calls.clients.grpc("jobs")
    name = f"projects/{calls.place.project}/locations/{calls.place.region}/jobs/{job}"
    request = {"resource": name, "permissions": list(wanted)}

    async def attempt(seconds: float) -> frozenset[str]:
        answer = await client.test_iam_permissions(request=request, retry=None, timeout=seconds)
        return frozenset(answer.permissions)

    return await calls.ask(RUN_JOB, attempt)


def _tried(need: Need, answer: Blind | bool) -> Finding:
    if isinstance(answer, Blind):
        found = of_blind(Group.GOOGLE, need.reads, answer)
        return found if found.permission else _naming(found, need)
    return Finding(Group.GOOGLE, need.reads, Answer.OK, "", need.permission, need.role)


def _naming(found: Finding, need: Need) -> Finding:
    return Finding(
        found.group, found.what, found.answer, found.message, need.permission, need.role, found.command
    )


def _asked(need: Need, granted: Seen[frozenset[str]], place: Place, group: Group = Group.GOOGLE) -> Finding:
    """A permission that was asked for, since there was nothing to try it on."""
    if isinstance(granted, Blind):
        message = f"could not be told: {granted.message}"
        return Finding(group, need.reads, Answer.UNKNOWN, message, need.permission, need.role)
    if need.permission in granted:
        return Finding(
            group, need.reads, Answer.OK, f"{need.permission} granted, not tried", need.permission, need.role
        )
    return of_blind(group, need.reads, missing(need, place))


def _without() -> Finding:
    message = (
        "the environment file names none (vantages.job), so dependencies are asked from this machine only"
    )
    return Finding(Group.VANTAGE, "job", Answer.SKIPPED, message)


def _of_vantage(
    vantage: JobVantage,
    environment: Environment,
    state: CloudState,
    granted: Seen[frozenset[str]],
    place: Place,
) -> list[Finding]:
    on_job = Place(place.project, place.region, place.member, vantage.name)
    permissions = [
        _asked(need, granted, on_job, Group.VANTAGE) for need in (JOB, RUN_JOB, RUN_JOB_WITH, EXECUTION)
    ]
    if isinstance(state.jobs, Blind):
        return [of_blind(Group.VANTAGE, f"job {vantage.name}", state.jobs), *permissions]
    named = environment.services.get(vantage.service)
    service = (named.cloud_run if named else None) or ""
    wanted = serving_access(state, service)
    job = next((each for each in state.jobs if each.name == vantage.name), None)
    if job is None:
        command = creating(vantage.name, environment, wanted, place)
        message = f"there is no job {vantage.name} in {place.region}"
        return [
            Finding(Group.VANTAGE, f"job {vantage.name}", Answer.MISSING, message, command=command),
            *permissions,
        ]
    return [_access(job, service, state, wanted, place), *_variables(job, environment, place), *permissions]


def _access(
    job: Job, service: str, state: CloudState, wanted: VpcAccess | Blind | None, place: Place
) -> Finding:
    """Whether the job speaks for the service."""
    what = f"job {job.name}"
    stands = standing(state, service, job.name)
    if stands.speaks:
        return Finding(Group.VANTAGE, what, Answer.OK, f"leaves {said(job.vpc)}, as {service} does")
    if isinstance(wanted, Blind):
        return Finding(Group.VANTAGE, what, Answer.UNKNOWN, stands.why)
    command = f"gcloud run jobs update {_place(job.name, place)} {access_flags(wanted, job.vpc)}"
    return Finding(Group.VANTAGE, what, Answer.MISSING, stands.why, command=command)


def _variables(job: Job, environment: Environment, place: Place) -> list[Finding]:
    """Variables that the job's command needs: the key of the vantage, and secrets of dependencies."""
    lacking = [name for name in needed_variables(environment) if name not in job.environment]
    if not lacking:
        return [Finding(Group.VANTAGE, "variables of the job", Answer.OK, "all set")]
    secrets = ",".join(f"{name}={name.lower().replace('_', '-')}:latest" for name in lacking)
    command = f"gcloud run jobs update {_place(job.name, place)} --update-secrets={secrets}"
    message = f"the job has no {', '.join(lacking)}; the names of secrets in the command are examples"
    return [Finding(Group.VANTAGE, "variables of the job", Answer.MISSING, message, command=command)]


def needed_variables(environment: Environment) -> list[str]:
    """Names of variables that the job needs to answer."""
    specs = [spec for spec in environment.checks.values() if spec.layer == "dependency"]
    return [KEY, *sorted({each.env for each in references(specs) if each.env})]


def serving_access(state: CloudState, service: str) -> VpcAccess | Blind | None:
    """The VPC access of the revision of a service that gets most of the traffic."""
    if isinstance(state.services, Blind):
        return state.services
    found = next((each for each in state.services if each.name == service), None)
    revisions = state.revisions.get(service, ())
    if isinstance(revisions, Blind):
        return revisions
    shares = sorted(found.serving, key=lambda share: -share.percent) if found else []
    known = {each.name: each for each in revisions}
    busiest = next((known[share.revision] for share in shares if share.revision in known), None)
    return busiest.vpc if busiest else None


def creating(name: str, environment: Environment, access: VpcAccess | Blind | None, place: Place) -> str:
    """The command that makes the job. Image and secrets are named by the people who keep them."""
    secrets = ",".join(
        f"{each}={each.lower().replace('_', '-')}:latest" for each in needed_variables(environment)
    )
    flags = "" if isinstance(access, Blind) else access_flags(access, None)
    parts = [
        f"gcloud run jobs create {_place(name, place)}",
        f"--image={IMAGE}",
        "--args=answer",
        "--max-retries=0",
        f"--set-secrets={secrets}",
        flags,
    ]
    return " ".join(part for part in parts if part)


def access_flags(wanted: VpcAccess | None, present: VpcAccess | None) -> str:
    """gcloud's flags that give a job this VPC access in place of what it has."""
    if wanted is None:
        return (
            "--clear-vpc-connector" if present and present.connector else "--clear-network" if present else ""
        )
    egress = f"--vpc-egress={wanted.egress or Egress.PRIVATE_RANGES}"
    if wanted.connector:
        clearing = "--clear-network " if present and present.interfaces else ""
        return f"{clearing}--vpc-connector={shlex.quote(wanted.connector.name)} {egress}"
    clearing = "--clear-vpc-connector " if present and present.connector else ""
    first = wanted.interfaces[0]
    flags = {"network": first.network, "subnet": first.subnetwork}
    named = [f"--{flag}={shlex.quote(ref.name)}" for flag, ref in flags.items() if ref]
    tags = [f"--network-tags={','.join(first.tags)}"] if first.tags else []
    return clearing + " ".join([*named, *tags, egress])


def _place(name: str, place: Place) -> str:
    return f"{shlex.quote(name)} --region={shlex.quote(place.region)} --project={shlex.quote(place.project)}"
