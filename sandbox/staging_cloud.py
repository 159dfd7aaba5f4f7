"""Staging's Google Cloud project in the fake cloud, and the network that obeys its configuration.

Importing it costs what Google's libraries cost; the world does so in a thread while its servers start.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Self

from sandbox import baseline
from sandbox.behaviour import Behaviour, behaviour
from sandbox.changes import Change
from sandbox.changes.history import PastRequests
from sandbox.changes.tests import AddTests
from sandbox.cloud.calls import Caller
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import BucketObject, Resources
from sandbox.fabric import busiest, short
from sandbox.job_process import JobProcess
from sandbox.logs import SERVICES, error_entry, request_entry, system_entry
from sandbox.network import Link
from sandbox.samples import Samples
from sandbox.terraform_state import state_document
from sandbox.ways import Trail, Ways

Key = tuple[str, str]


class StagingCloud:
    """`async with StagingCloud() as cloud`: all is well until `change` or a client changes it.

    `fake` is what clients talk to. `samples` are the world's environment files, where it has any of its own.
    """

    def __init__(self) -> None:
        self.fake = FakeCloud(baseline.PROJECT, baseline.NUMBER, baseline.REGION)
        self.changes: list[str] = []
        self.samples: Samples | None = None
        self._stack = AsyncExitStack()
        self._ways: Ways | None = None
        self._healthy: Resources | None = None

    async def __aenter__(self) -> Self:
        resources = self.fake.resources
        baseline.fill(resources, datetime.now(UTC))
        resources.objects[baseline.BUCKET, baseline.STATE_OBJECT] = BucketObject(state_document(resources))
        self._healthy = self.fake.snapshot()
        await self._stack.enter_async_context(self.fake)
        await self._write_history()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def addresses(self) -> dict[str, str]:
        """What the overlay says of Google Cloud."""
        return {"grpc": self.fake.grpc_address, "rest": self.fake.rest_address}

    async def lead(self, links: Mapping[Key, Link]) -> None:
        """From now on these links obey the configuration."""
        self._ways = Ways(links, self.fake.resources)
        await self._ways.follow()

    def run_jobs_with(self, variables: Mapping[str, str]) -> None:
        """Jobs are whybot's own command line, under these variables."""
        self.fake.jobs.runner = JobProcess(variables)

    async def follow(self) -> bool:
        """Brings the links to what is configured now; says whether any has changed."""
        return self._ways is not None and await self._ways.follow()

    def way(self, key: Key) -> Trail | None:
        """The way of a link from a source to a target, None where no configuration decides over it."""
        return None if self._ways is None else self._ways[key]

    async def change(self, changes: Sequence[Change]) -> None:
        """Makes changes in order; raises `ChangeFailedError`."""
        for each in changes:
            await each.apply(self.fake)
            if isinstance(each, AddTests) and self.samples is not None:
                self.samples.write(each.file, each.content)
            self.changes.append(each.title)

    async def reset(self) -> None:
        """Makes everything as it was when all was well, whoever changed it; ends all its troubles."""
        assert self._healthy is not None, "the cloud is not running"
        self.changes.clear()
        self.fake.clear_troubles()
        resources = self.fake.resources
        resources.restore(self._healthy)
        # Only then: putting the network back is followed by the job, which is no change of the next scenario.
        resources.logs[:] = [each for each in resources.logs if each.resource.type == "cloud_run_job"]
        if self.samples is not None:
            self.samples.restore()
        await self._write_history()

    def behaviours(self) -> dict[str, Behaviour]:
        """What each site does as it is configured and loaded now."""
        return {name: behaviour(site, self.fake.resources) for name, site in SERVICES.items()}

    def heard(self, kind: str, told: Mapping[str, Any]) -> None:
        """Logs a request that a site has answered, or what it complained of."""
        site = told["site"]
        revision = self._serving(site)
        if kind == "error":
            self.fake.resources.log(error_entry(site, revision, told["text"]))
            return
        does = behaviour(SERVICES[site], self.fake.resources)
        said = does.said if told["status"] >= 400 else ""
        entry = request_entry(site, revision, told["path"], told["status"], told["seconds"], said=said)
        lines = (system_entry(site, revision, each.text, each.severity) for each in does.lines)
        self.fake.resources.log(*lines, entry)

    def _serving(self, site: str) -> str:
        service = self.fake.resources.services.get(f"{baseline.PARENT}/services/{SERVICES[site].service}")
        serving = None if service is None else busiest(service, self.fake.resources)
        return "" if serving is None else short(serving.name)

    async def _write_history(self) -> None:
        """Who deployed what in the last weeks, and requests that were answered well."""
        project = self.fake.project
        for revision in sorted(project.resources.revisions.values(), key=lambda each: each.create_time):
            monitored = project.monitored(
                "cloud_run_revision", service_name=revision.service, location=baseline.REGION
            )
            caller = Caller(
                revision.creator, "google-cloud-sdk gcloud.run.services.update", at=revision.create_time
            )
            name = revision.name.partition("/revisions/")[0]
            method = "google.cloud.run.v2.Services.UpdateService"
            project.audit(caller, "run.googleapis.com", method, name, monitored)
        await PastRequests(count=60, failed=0, minutes=14).apply(self.fake)

    # what the page shows

    def describe(self) -> dict[str, Any]:
        """The configuration in short JSON: services with what serves, connectors, networks, changes."""
        resources = self.fake.resources
        return {
            "project": baseline.PROJECT,
            "region": baseline.REGION,
            "changes": list(self.changes),
            "services": [self._service(each) for each in resources.services.values()],
            "connectors": [_connector(each) for each in resources.connectors.values()],
            "networks": [_network(each) for each in resources.networks.values()],
            "redis": [_redis(each) for each in resources.redis.values()],
            "sql": [{"name": each.name, "state": each.state.name} for each in resources.sql.values()],
        }

    def _service(self, service: Any) -> dict[str, Any]:
        resources = self.fake.resources
        names = [each for each in service.traffic_statuses if each.revision]
        return {
            "name": short(service.name),
            "key": next((site.image for site in baseline.SITES if site.service == short(service.name)), ""),
            "latest_created": short(service.latest_created_revision),
            "serving": [
                {
                    "revision": each.revision,
                    "percent": each.percent,
                    "tag": each.tag,
                    **_access(resources.revisions.get(f"{service.name}/revisions/{each.revision}")),
                }
                for each in names
            ],
        }


def _access(revision: Any) -> dict[str, Any]:
    """Who made a revision, and its VPC access in words."""
    if revision is None:
        return {}
    vpc = revision.vpc_access
    interface = next(iter(vpc.network_interfaces), None)
    return {
        "creator": revision.creator,
        "connector": short(vpc.connector) or None,
        "network": (short(interface.network or interface.subnetwork) if interface else None) or None,
        "egress": vpc.egress.name.lower().replace("_", "-") if vpc.egress else None,
    }


def _connector(each: Any) -> dict[str, Any]:
    return {
        "name": short(each.name),
        "region": each.name.split("/")[3],
        "state": each.state.name,
        "network": short(each.network),
        "range": each.ip_cidr_range,
    }


def _network(each: Any) -> dict[str, Any]:
    return {"name": each.name, "peerings": [{"name": p.name, "state": p.state} for p in each.peerings]}


def _redis(each: Any) -> dict[str, Any]:
    return {
        "name": short(each.name),
        "state": each.state.name,
        "address": f"{each.host}:{each.port}",
        "network": short(each.authorized_network),
    }
