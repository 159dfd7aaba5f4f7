"""Faults of Google Cloud's interfaces, and of the Cloud Run job that asks from the backend's network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.faults.kind import Enter, FaultKind, Option, Order
from sandbox.staging import Staging
from sandbox.targets import CLOUD

TARGET = (CLOUD,)
METHODS = Option("methods", "pattern", "*")
"""Which methods are concerned: `run.services.list`, `compute.*`, or all."""


@asynccontextmanager
async def _permission(staging: Staging, order: Order) -> AsyncIterator[None]:
    fake, permission = staging.cloud.fake, order.options["permission"]
    fake.deny(permission)
    try:
        yield
    finally:
        fake.allow(permission)


def _trouble(kind: str) -> Enter:
    @asynccontextmanager
    async def enter(staging: Staging, order: Order) -> AsyncIterator[None]:
        seconds = order.options.get("ms", 1000.0) / 1000
        end = staging.cloud.fake.trouble(kind, order.options["methods"], seconds=seconds)
        try:
            yield
        finally:
            end()

    return enter


@asynccontextmanager
async def _job_missing(staging: Staging, order: Order) -> AsyncIterator[None]:
    resources = staging.cloud.fake.resources
    taken = dict(resources.jobs)
    resources.jobs.clear()
    resources.changed()
    try:
        yield
    finally:
        resources.jobs.update({name: job for name, job in taken.items() if name not in resources.jobs})
        resources.changed()


def _job(trouble: str) -> Enter:
    @asynccontextmanager
    async def enter(staging: Staging, order: Order) -> AsyncIterator[None]:
        jobs = staging.cloud.fake.jobs
        jobs.trouble = trouble
        try:
            yield
        finally:
            jobs.trouble = None
            jobs.release()

    return enter


FAULTS = (
    FaultKind(
        "cloud_permission",
        "A permission is missing",
        "Google Cloud denies whybot whatever needs this permission.",
        TARGET,
        _permission,
        (Option("permission", "name", "run.services.list"),),
    ),
    FaultKind(
        "cloud_unavailable",
        "Google Cloud is unavailable",
        "These methods answer 503.",
        TARGET,
        _trouble("unavailable"),
        (METHODS,),
    ),
    FaultKind(
        "cloud_slow",
        "Google Cloud is slow",
        "These methods take so much longer.",
        TARGET,
        _trouble("slow"),
        (METHODS, Option("ms", "ms", 3000.0)),
    ),
    FaultKind(
        "cloud_quota",
        "The quota is used up",
        "These methods answer 429.",
        TARGET,
        _trouble("quota"),
        (METHODS,),
    ),
    FaultKind(
        "cloud_garbage",
        "Google Cloud answers garbage",
        "These methods answer with something that is no message.",
        TARGET,
        _trouble("garbage"),
        (METHODS,),
    ),
    FaultKind(
        "job_missing",
        "The job is missing",
        "Nobody made the Cloud Run job whybot-probe.",
        TARGET,
        _job_missing,
    ),
    FaultKind(
        "job_hangs",
        "The job hangs",
        "An execution of the job starts and never does anything.",
        TARGET,
        _job("hang"),
        slot="job",
    ),
    FaultKind(
        "job_dies",
        "The job dies",
        "An execution of the job ends with exit code 1 and no output.",
        TARGET,
        _job("die"),
        slot="job",
    ),
    FaultKind(
        "job_late",
        "The job answers late",
        "What the job prints reaches the log when nobody waits any more.",
        TARGET,
        _job("late"),
        slot="job",
    ),
    FaultKind(
        "job_forged",
        "The job's answers are forged",
        "Answers are signed with another key.",
        TARGET,
        _job("forge"),
        slot="job",
    ),
)
