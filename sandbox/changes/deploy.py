"""Deployments of a Cloud Run service, as a person, a script or the pipeline makes them."""

from typing import Any, Literal

from google.cloud import run_v2
from pydantic import Field, model_validator

from sandbox import baseline
from sandbox.changes.change import Change, ChangeFailedError
from sandbox.changes.journal import caller, record
from sandbox.cloud.errors import CloudError
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.fabric import busiest, short

SERVICES = {site.image: site.service for site in baseline.SITES}
EGRESS = {
    "all-traffic": run_v2.VpcAccess.VpcEgress.ALL_TRAFFIC,
    "private-ranges-only": run_v2.VpcAccess.VpcEgress.PRIVATE_RANGES_ONLY,
    "unset": run_v2.VpcAccess.VpcEgress.VPC_EGRESS_UNSPECIFIED,
}
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
PINNED = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


class Deploy(Change):
    """A new revision with this VPC access.

    It has a `connector`, or the Direct VPC `network` or `subnetwork`, or none of them: no VPC access. It gets
    `percent` of the requests, the revision that served most so far the rest; 100 is traffic to the latest.
    `minutes_ago` lets it look older than it is.

    `code` gives it a new image: a good one, or one that answers every request with an error. `validated` says
    what the pipeline writes of its validation: passed, failed, or nothing. `secrets` maps variables to
    `SECRET:VERSION`, beside those that it has.
    """

    change: Literal["deploy"] = "deploy"
    service: Literal["backend", "auth", "frontend"] = "backend"
    connector: str | None = None
    region: str = baseline.REGION
    spelling: Literal["full", "bare", "number"] = "full"
    network: str | None = None
    subnetwork: str | None = None
    tags: tuple[str, ...] = ()
    egress: Literal["all-traffic", "private-ranges-only", "unset"] = "all-traffic"
    percent: int = 100
    tag: str = ""
    by: Literal["deploy-bot", "pipeline", "terraform"] = "pipeline"
    minutes_ago: float = 0
    code: Literal["", "good", "error", "unavailable"] = ""
    validated: bool | None = None
    secrets: dict[str, str] = Field(default_factory=dict)
    min_instances: int | None = None
    max_instances: int | None = None
    memory: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "Deploy":
        if self.connector and (self.network or self.subnetwork):
            raise ValueError("a revision has a connector or Direct VPC, not both")
        if not 0 <= self.percent <= 100:
            raise ValueError("percent is from 0 to 100")
        return self

    @property
    def title(self) -> str:
        """What is deployed."""
        way = self.connector or self.network or self.subnetwork or "no VPC access"
        share = "" if self.percent == 100 else f", {self.percent} % of requests"
        code = f", {self.code} code" if self.code else ""
        return f"{self.by} deploys {self.service} with {way}, {self.egress}{code}{share}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Updates the service as its API does, and waits until the change has settled."""
        name = f"{baseline.PARENT}/services/{SERVICES[self.service]}"
        current = cloud.resources.services[name]
        wanted = run_v2.Service(current)
        access: Any = self._vpc_access()
        wanted.template.vpc_access = access
        wanted.template.labels["deployment"] = str(current.generation + 1)  # each makes a revision
        self._write_template(wanted.template, cloud, current.generation + 1)
        wanted.template.revision = "" if self.percent == 100 else _next_name(cloud, current)
        wanted.traffic = self._traffic(cloud, current, wanted.template.revision)
        wanted.etag = ""
        request = run_v2.UpdateServiceRequest(service=wanted, update_mask={"paths": ["template", "traffic"]})
        try:
            begun = await cloud.services.update(request, caller(self.by, self.minutes_ago))
        except CloudError as error:
            raise ChangeFailedError(f"{self.title}: {error}") from error
        await cloud.operations.result(
            begun
        )  # a revision that does not become ready is a state, not a failure

    def _write_template(self, template: run_v2.RevisionTemplate, cloud: FakeCloud, number: int) -> None:
        """What differs from the last deployment besides the network."""
        template.labels.pop(baseline.GATE, None)  # each deployment is validated for itself
        if self.validated is not None:
            template.labels[baseline.GATE] = "passed" if self.validated else "failed"
        container = template.containers[0]
        if self.code:
            container.image = baseline.image(self.service, number)
            cloud.resources.programs[container.image] = self.code
        for variable, wanted in self.secrets.items():
            secret, _, version = wanted.partition(":")
            container.env.append(baseline.from_secret(variable, secret, version or "latest"))
        if self.min_instances is not None:
            template.scaling.min_instance_count = self.min_instances
        if self.max_instances is not None:
            template.scaling.max_instance_count = self.max_instances
        if self.memory:
            container.resources.limits["memory"] = self.memory

    def _vpc_access(self) -> run_v2.VpcAccess | None:
        if self.connector:
            spelled = _spelled(self.connector, self.region, self.spelling)
            return run_v2.VpcAccess(connector=spelled, egress=EGRESS[self.egress])
        if not (self.network or self.subnetwork):
            return None
        interface = run_v2.VpcAccess.NetworkInterface(
            network=self.network or "", subnetwork=self.subnetwork or "", tags=list(self.tags)
        )
        return run_v2.VpcAccess(network_interfaces=[interface], egress=EGRESS[self.egress])

    def _traffic(
        self, cloud: FakeCloud, service: run_v2.Service, revision: str
    ) -> list[run_v2.TrafficTarget]:
        if self.percent == 100:
            return [run_v2.TrafficTarget(type_=LATEST, percent=100)]
        before = busiest(service, cloud.resources)
        if before is None:
            raise ChangeFailedError(f"No revision of {self.service} gets traffic that could be shared.")
        kept = run_v2.TrafficTarget(type_=PINNED, revision=short(before.name), percent=100 - self.percent)
        new = run_v2.TrafficTarget(type_=PINNED, revision=revision, percent=self.percent, tag=self.tag)
        return [kept, new] if self.percent or self.tag else [kept]


def _spelled(connector: str, region: str, spelling: str) -> str:
    """One connector as one or another tool writes it."""
    full = baseline.connector_name(connector, region)
    if spelling == "number":
        return full.replace(baseline.PROJECT, baseline.NUMBER, 1)
    return connector if spelling == "bare" else full


def _next_name(cloud: FakeCloud, service: run_v2.Service) -> str:
    """The name of the next revision, which traffic can be given to before it is made."""
    newest = short(service.latest_created_revision)
    number = int(newest.removeprefix(short(service.name)).split("-")[1])
    return f"{short(service.name)}-{number + 1:05d}-{baseline.SUFFIXES[number % len(baseline.SUFFIXES)]}"


class RemoveRevisions(Change):
    """Revisions that get no traffic are deleted, so that there is none to go back to."""

    change: Literal["remove_revisions"] = "remove_revisions"
    service: Literal["backend", "auth", "frontend"] = "backend"
    minutes_ago: float = 60

    @property
    def title(self) -> str:
        """Whose."""
        return f"revisions of {self.service} without traffic are deleted"

    async def apply(self, cloud: FakeCloud) -> None:
        """Deletes them, and writes who did it."""
        name = f"{baseline.PARENT}/services/{SERVICES[self.service]}"
        service, revisions = cloud.resources.services[name], cloud.resources.revisions
        kept = {each.revision for each in service.traffic_statuses} | {short(service.latest_created_revision)}
        who = caller("pipeline", self.minutes_ago)
        for each in [each for each in revisions if each.startswith(f"{name}/") and short(each) not in kept]:
            del revisions[each]
            method = "google.cloud.run.v2.Revisions.DeleteRevision"
            record(
                cloud, who, "run.googleapis.com", method, each, type="cloud_run_revision",
                service_name=short(name), revision_name=short(each), location=baseline.REGION,
            )  # fmt: skip
        cloud.resources.changed()
