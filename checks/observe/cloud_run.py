"""Reads Cloud Run: services, what serves, revisions, jobs.

Fields: https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.observations import (
    Blind,
    Condition,
    Egress,
    Interface,
    Job,
    Revision,
    SecretUse,
    Seen,
    Service,
    TrafficShare,
    VpcAccess,
)
from checks.observe import console
from checks.observe.calls import PAGE, Calls, listing, plain, seen
from checks.observe.errors import NotUnderstood, Unseen, not_understood
from checks.observe.permissions import JOBS, REVISION, REVISIONS, SERVICES
from checks.observe.values import Context, enum_name, short_name, time_of
from checks.reasons import Reason

SYSTEM = "cloud_run"
HISTORY = 50
"""Revisions that are read of each service besides those that serve; Cloud Run lists the newest first."""
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
EGRESS = {"": None, "ALL_TRAFFIC": Egress.ALL, "PRIVATE_RANGES_ONLY": Egress.PRIVATE_RANGES}


def parent(calls: Calls) -> str:
    """The name of the project's region."""
    return f"projects/{calls.place.project}/locations/{calls.place.region}"


async def read_services(calls: Calls) -> list[Any]:
    """Every service of the region, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("services")
    from google.cloud.run_v2 import ListServicesRequest  # there by now: the client needs it

    page = listing(client.list_services, ListServicesRequest, parent=parent(calls), page_size=PAGE)
    pages = await calls.all_pages(SERVICES, page)
    if any(place for each in pages for place in each.unreachable):
        raise Unseen(not_understood(SERVICES, "the region could not be reached by Cloud Run itself"))
    return [service for each in pages for service in each.services]


async def read_jobs(calls: Calls) -> list[Any]:
    """Every job of the region, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("jobs")
    from google.cloud.run_v2 import ListJobsRequest  # there by now: the client needs it

    page = listing(client.list_jobs, ListJobsRequest, parent=parent(calls), page_size=PAGE)
    return [job for each in await calls.all_pages(JOBS, page) for job in each.jobs]


async def read_revisions(calls: Calls, service: Any) -> list[Any]:
    """The newest revisions of a service and every one that serves, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("revisions")
    from google.cloud.run_v2 import ListRevisionsRequest  # there by now: the client needs it

    name = f"{parent(calls)}/services/{short_name(service.name)}"
    page = listing(client.list_revisions, ListRevisionsRequest, parent=name, page_size=HISTORY)
    pages, _ = await calls.pages(REVISIONS, page, most=1)
    found = list(pages[0].revisions)
    known = {short_name(each.name) for each in found}
    older = [share.revision for share in _serving(service) if share.revision not in known]
    rest = await asyncio.gather(
        *(_read_revision(calls, f"{name}/revisions/{each}") for each in older if each)
    )
    return found + [each for each in rest if each is not None]


async def _read_revision(calls: Calls, name: str) -> Any | None:
    """One revision; None where it is no longer there."""
    client = await calls.clients.grpc("revisions")
    from google.cloud.run_v2 import GetRevisionRequest  # there by now: the client needs it

    async def attempt(seconds: float) -> Any:
        return plain(
            await client.get_revision(request=GetRevisionRequest(name=name), retry=None, timeout=seconds)
        )

    answer = await seen(calls.ask(REVISION, attempt))
    if isinstance(answer, Blind):
        if answer.reason is Reason.CLOUD_NOT_FOUND:
            return None
        raise Unseen(answer)
    return answer


def service_of(message: Any, context: Context) -> Service:
    """A service as an observation. Raises `NotUnderstood`."""
    name = short_name(message.name)
    conditions = list(message.conditions)
    if message.HasField("terminal_condition"):
        conditions.insert(0, message.terminal_condition)
    return Service(
        name=name,
        source=context.source(SYSTEM, message.name, console.service(context.project, context.region, name)),
        template_vpc=vpc_access(message.template, context, f"the template of service {name}"),
        template_image=_image(message.template.containers),
        traffic=tuple(_share(each) for each in message.traffic),
        serving=tuple(_serving(message)),
        latest_ready=short_name(message.latest_ready_revision),
        latest_created=short_name(message.latest_created_revision),
        conditions=tuple(map(condition, conditions)),
        generation=message.generation,
        observed_generation=message.observed_generation,
        reconciling=message.reconciling,
        uid=message.uid,
        etag=message.etag,
        uri=message.uri,
        ingress=enum_name(message, "ingress"),
        creator=message.creator,
        last_modifier=message.last_modifier,
        client=message.client,
        updated_at=time_of(message, "update_time"),
        labels=dict(message.labels),
    )


def revisions_of(messages: Iterable[Any], service: Any, context: Context) -> Seen[tuple[Revision, ...]]:
    """Revisions as observations, newest first.

    One that is not understood is left out, unless it serves: then nothing can be said of the service.
    """
    serving = {share.revision for share in _serving(service)}
    found: list[Revision] = []
    for message in messages:
        try:
            found.append(revision_of(message, context))
        except NotUnderstood as error:
            if short_name(message.name) in serving:
                return not_understood(REVISIONS, str(error))
    return tuple(sorted(found, key=_age, reverse=True))


def _age(revision: Revision) -> tuple[float, str]:
    return revision.created_at.timestamp() if revision.created_at else 0.0, revision.name


def revision_of(message: Any, context: Context) -> Revision:
    """A revision as an observation. Raises `NotUnderstood`."""
    name, service = short_name(message.name), short_name(message.service)
    conditions = tuple(map(condition, message.conditions))
    return Revision(
        name=name,
        service=service,
        vpc=vpc_access(message, context, f"revision {name}"),
        source=context.source(
            SYSTEM, message.name, console.revisions(context.project, context.region, service)
        ),
        ready=_ready(conditions),
        conditions=conditions,
        image=_image(message.containers),
        service_account=message.service_account,
        creator=message.creator,
        created_at=time_of(message, "create_time"),
        reconciling=message.reconciling,
        deleted=message.HasField("delete_time"),
        labels=dict(message.labels),
        min_instances=message.scaling.min_instance_count,
        max_instances=message.scaling.max_instance_count,
        concurrency=message.max_instance_request_concurrency,
        secrets=tuple(_secrets(message, context)),
    )


def _secrets(message: Any, context: Context) -> Iterable[SecretUse]:
    """Secrets that a revision asks for, as variables and as files; never what is in them."""
    for container in message.containers:
        for variable in container.env:
            asked = variable.value_source.secret_key_ref
            if asked.secret:
                yield SecretUse(
                    _own(asked.secret, context), asked.version or "latest", f"variable {variable.name}"
                )
    for volume in message.volumes:
        for item in volume.secret.items:
            asked = volume.secret.secret
            yield SecretUse(
                _own(asked, context), item.version or "latest", f"volume {volume.name}/{item.path}"
            )


def _own(secret: str, context: Context) -> str:
    """The short name of a secret of this project; the full one of another's."""
    parts = secret.split("/")
    if (
        len(parts) < 4
        or parts[1] == context.project
        or (context.home.numbers or {}).get(parts[1]) == context.project
    ):
        return parts[-1]
    return secret


def job_of(message: Any, context: Context) -> Job:
    """A job as an observation. Raises `NotUnderstood`."""
    name, task = short_name(message.name), message.template.template
    containers = list(task.containers)
    return Job(
        name=name,
        source=context.source(SYSTEM, message.name, console.job(context.project, context.region, name)),
        vpc=vpc_access(task, context, f"job {name}"),
        image=_image(containers),
        service_account=task.service_account,
        environment=tuple(variable.name for container in containers for variable in container.env),
        labels=dict(message.labels),
    )


def vpc_access(owner: Any, context: Context, what: str) -> VpcAccess | None:
    """The VPC access of a template or revision; None where it has none. Raises `NotUnderstood`.

    An egress setting of a kind that is not known here must not pass for one that is not set.
    """
    if not owner.HasField("vpc_access"):
        return None
    access = owner.vpc_access
    egress = enum_name(access, "egress")
    if egress not in EGRESS:
        raise NotUnderstood(f"{what} has an egress setting that whybot does not know ({egress})")
    interfaces = tuple(_interface(each, context) for each in access.network_interfaces)
    if not access.connector and not interfaces:
        return None
    return VpcAccess(context.ref(access.connector, "connectors"), EGRESS[egress], interfaces)


def _interface(message: Any, context: Context) -> Interface:
    network = context.ref(message.network, "networks")
    return Interface(network, context.ref(message.subnetwork, "subnetworks"), tuple(message.tags))


def condition(message: Any) -> Condition:
    """A condition as an observation; a state that is not known here is `unknown`."""
    state = enum_name(message, "state").removeprefix("CONDITION_").lower()
    known = state in ("succeeded", "failed", "pending", "reconciling")
    reason = message.WhichOneof("reasons")
    return Condition(
        type=message.type_ if hasattr(message, "type_") else message.type,
        state=state if known else "unknown",
        reason=enum_name(message, reason) if reason else "",
        message=message.message,
        at=time_of(message, "last_transition_time"),
    )


def _ready(conditions: Sequence[Condition]) -> bool | None:
    state = next((each.state for each in conditions if each.type == "Ready"), "")
    return {"succeeded": True, "failed": False}.get(state)


def _serving(service: Any) -> list[TrafficShare]:
    """What gets traffic; "latest" is the latest ready revision where Cloud Run has not yet said which."""
    return [_share(each, short_name(service.latest_ready_revision)) for each in service.traffic_statuses]


def _share(message: Any, latest: str = "") -> TrafficShare:
    to_latest = enum_name(message, "type_") == LATEST
    revision = short_name(message.revision) or (latest if to_latest else "")
    url = getattr(message, "uri", "")
    return TrafficShare(revision, message.percent, message.tag, to_latest, url)


def _image(containers: Sequence[Any]) -> str:
    """The image of the container that takes requests: the one with a port, else the first."""
    chosen = next((each for each in containers if getattr(each, "ports", ())), None)
    first = chosen or next(iter(containers), None)
    return str(first.image) if first is not None else ""


def by_service(
    services: Sequence[Any], read: Sequence[Seen[list[Any]]], context: Context
) -> Mapping[str, Seen[tuple[Revision, ...]]]:
    """Revisions keyed by the short name of their service."""
    return {
        short_name(service.name): found if isinstance(found, Blind) else revisions_of(found, service, context)
        for service, found in zip(services, read, strict=True)
    }
