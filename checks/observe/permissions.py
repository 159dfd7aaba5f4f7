"""Every permission that whybot needs in Google Cloud: for what, and the least predefined role that holds it.

Permissions of methods: the reference of each API. Roles: https://cloud.google.com/iam/docs/roles-permissions
"""

import shlex
from dataclasses import dataclass

from checks.observations import Blind
from checks.reasons import Reason

UNKNOWN_ACCOUNT = "WHYBOT_SERVICE_ACCOUNT"
UNKNOWN_MEMBER = f"serviceAccount:{UNKNOWN_ACCOUNT}"
"""Stands in commands where whybot's own account could not be told."""
PUT_ACCOUNT = f"Put whybot's service account in place of {UNKNOWN_ACCOUNT}."
"""Said once where such a command is shown."""


@dataclass(frozen=True, slots=True)
class Need:
    """One call that whybot makes.

    `permission` is what Google checks for it, `role` the least predefined role that holds that, `api` the
    host name of the API, `reads` what the call gives (a noun for sentences), `steps` the steps of a path that
    need it. `on` is where the role is granted: `project`, `bucket` or `job`. `does` is what the call does,
    where it does more than to read.
    """

    permission: str
    role: str
    api: str
    reads: str
    steps: tuple[str, ...] = ()
    on: str = "project"
    does: str = ""

    @property
    def act(self) -> str:
        """What whybot wants, after "may not" and "could not": `read routes`."""
        return self.does or f"read {self.reads}"


RUN_VIEWER = "roles/run.viewer"
NETWORK_VIEWER = "roles/compute.networkViewer"
RUN, COMPUTE, LOGGING = "run.googleapis.com", "compute.googleapis.com", "logging.googleapis.com"

# What a step waits for counts as needed by it: without the connector, its network cannot be told either.
ROUTING = ("route", "more_specific")
AFTER_CONNECTOR = ("connector", "network", *ROUTING, "firewall")
FROM_REVISION = ("serving", "vpc_access", "egress", *AFTER_CONNECTOR)

SERVICES = Need("run.services.list", RUN_VIEWER, RUN, "Cloud Run services", FROM_REVISION)
REVISIONS = Need("run.revisions.list", RUN_VIEWER, RUN, "revisions of a Cloud Run service", FROM_REVISION)
REVISION = Need("run.revisions.get", RUN_VIEWER, RUN, "a serving revision of a service", FROM_REVISION)
JOBS = Need("run.jobs.list", RUN_VIEWER, RUN, "Cloud Run jobs")
CONNECTORS = Need(
    "vpcaccess.connectors.list",
    "roles/vpcaccess.viewer",
    "vpcaccess.googleapis.com",
    "VPC access connectors",
    AFTER_CONNECTOR,
)
NETWORKS = Need(
    "compute.networks.list",
    NETWORK_VIEWER,
    COMPUTE,
    "VPC networks and their peerings",
    ("network", *ROUTING, "firewall"),
)
PEERING_ROUTES = Need(
    "compute.networks.listPeeringRoutes",
    NETWORK_VIEWER,
    COMPUTE,
    "routes that a network imports over a peering",
    ROUTING,
)
FIREWALLS = Need(
    "compute.networks.getEffectiveFirewalls",
    NETWORK_VIEWER,
    COMPUTE,
    "firewall rules and policies of a network",
    ("firewall",),
)
SUBNETS = Need("compute.subnetworks.list", NETWORK_VIEWER, COMPUTE, "subnets", ("network", "route"))
ROUTES = Need("compute.routes.list", NETWORK_VIEWER, COMPUTE, "routes", ("network", *ROUTING))
ROUTERS = Need("compute.routers.list", NETWORK_VIEWER, COMPUTE, "Cloud Routers", ("network", *ROUTING))
ROUTER_STATUS = Need(
    "compute.routers.get",
    NETWORK_VIEWER,
    COMPUTE,
    "routes that a Cloud Router has learned",
    ("network", *ROUTING),
)
REDIS = Need(
    "redis.instances.list",
    "roles/redis.viewer",
    "redis.googleapis.com",
    "Memorystore instances",
    ("network", "target", "protocol"),
)
SQL = Need(
    "cloudsql.instances.list",
    "roles/cloudsql.viewer",
    "sqladmin.googleapis.com",
    "Cloud SQL instances",
    ("network", "route", "target"),
)
LOGS = Need("logging.logEntries.list", "roles/logging.viewer", LOGGING, "log entries")
OBJECT = Need(
    "storage.objects.get",
    "roles/storage.objectViewer",
    "storage.googleapis.com",
    "the bucket's objects",
    on="bucket",
)
PROJECT = Need(
    "resourcemanager.projects.get",
    "roles/browser",
    "cloudresourcemanager.googleapis.com",
    "the project's number",
)
JOB = Need("run.jobs.get", RUN_VIEWER, RUN, "the Cloud Run job of the vantage")
RUN_JOB = Need(
    "run.jobs.run",
    "roles/run.jobsExecutorWithOverrides",
    RUN,
    "answers of the Cloud Run job",
    on="job",
    does="start the Cloud Run job",
)
RUN_JOB_WITH = Need(
    "run.jobs.runWithOverrides",
    "roles/run.jobsExecutorWithOverrides",
    RUN,
    "answers of the Cloud Run job to the checks that are wanted",
    on="job",
    does="start the Cloud Run job with the checks that are wanted",
)
EXECUTION = Need("run.executions.get", RUN_VIEWER, RUN, "how far an execution of the job is")
METRICS = Need(
    "monitoring.timeSeries.list",
    "roles/monitoring.viewer",
    "monitoring.googleapis.com",
    "metrics of Cloud Run and connectors",
)
SECRETS = Need(
    "secretmanager.versions.get",
    "roles/secretmanager.viewer",
    "secretmanager.googleapis.com",
    "whether versions of secrets are enabled",
)

NEEDS = (
    PROJECT, SERVICES, REVISIONS, REVISION, JOBS, CONNECTORS, NETWORKS, PEERING_ROUTES, FIREWALLS, SUBNETS,
    ROUTES, ROUTERS, ROUTER_STATUS, REDIS, SQL, LOGS, OBJECT, JOB, RUN_JOB, RUN_JOB_WITH, EXECUTION, METRICS,
    SECRETS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is made, for sentences and commands.

    `resource` is the bucket or job where a role is granted there; `member` who asks, as IAM writes it
    (`serviceAccount:NAME@…`), empty where it could not be told.
    """

    project: str
    region: str
    member: str = ""
    resource: str = ""


def grant(need: Need, place: Place, role: str = "") -> str:
    """The command that grants the role, exactly as it is typed. It needs no answer (`--condition=None`)."""
    binding = f"--member={shlex.quote(place.member or UNKNOWN_MEMBER)} --role={role or need.role}"
    if need.on == "bucket" and place.resource:
        bucket = shlex.quote(f"gs://{place.resource}")
        return f"gcloud storage buckets add-iam-policy-binding {bucket} {binding}"
    project = shlex.quote(place.project)
    if need.on == "job" and place.resource:
        job, region = shlex.quote(place.resource), shlex.quote(place.region)
        return f"gcloud run jobs add-iam-policy-binding {job} --region={region} --project={project} {binding}"
    return f"gcloud projects add-iam-policy-binding {project} {binding} --condition=None"


def with_account(text: str) -> str:
    """What to put into a command that leaves whybot's account open; empty for one that does not."""
    return PUT_ACCOUNT if UNKNOWN_ACCOUNT in text else ""


def enable(api: str, project: str) -> str:
    """The command that switches an API on."""
    return f"gcloud services enable {shlex.quote(api)} --project={shlex.quote(project)}"


def missing(need: Need, place: Place, permission: str = "") -> Blind:
    """What is said where Google refuses a call; `permission` is what it named, where it named one."""
    known = {each.permission: each for each in NEEDS}
    named = permission or need.permission
    role = known[named].role if named in known else need.role
    return Blind(
        Reason.CLOUD_PERMISSION,
        f"May not {need.act}: {_who(place)} lacks {named}; the role {role} holds it.",
        permission=named,
        role=role,
        command=grant(known.get(named, need), place, role),
    )


def _who(place: Place) -> str:
    return place.member.partition(":")[2] or "whybot's account"
