"""`GoogleCloud`: one project and region, read with the official clients."""

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar, cast

from checks.names import Home
from checks.observations import (
    Blind,
    Change,
    CloudState,
    ErrorGroup,
    Firewall,
    RequestLog,
    Route,
    SecretUse,
    SecretVersion,
    Seen,
    Usage,
)
from checks.observe import (
    cloud_run,
    cloud_sql,
    compute,
    firewalls,
    logging,
    memorystore,
    monitoring,
    projects,
    secret_versions,
    storage,
    vpc_access,
)
from checks.observe.calls import AT_ONCE, Calls, seen, understood
from checks.observe.clients import Clients, Login
from checks.observe.cloud import ObjectLost
from checks.observe.errors import Unseen, not_understood, too_slow
from checks.observe.permissions import (
    CONNECTORS,
    FIREWALLS,
    JOBS,
    LOGS,
    METRICS,
    NETWORKS,
    OBJECT,
    PEERING_ROUTES,
    PROJECT,
    REDIS,
    REVISIONS,
    ROUTER_STATUS,
    ROUTERS,
    ROUTES,
    SECRETS,
    SERVICES,
    SQL,
    SUBNETS,
    Need,
    Place,
)
from checks.observe.values import Context, project_numbers
from checks.overlay import Overlay

T = TypeVar("T")
FRESH = 2.0
"""Seconds for which a reading is used again, so that a sweep's checks ask once."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What one reading got, as messages; `peering_routes` and `firewalls` in the order of the networks."""

    number: Seen[str]
    services: Seen[list[Any]]
    revisions: Sequence[Seen[list[Any]]]
    jobs: Seen[list[Any]]
    connectors: Seen[list[Any]]
    networks: Seen[list[Any]]
    subnets: Seen[list[Any]]
    routes: Seen[list[Any]]
    routers: Seen[list[Any]]
    learned: Sequence[Seen[list[Any]]]
    peering_routes: Mapping[tuple[str, str], Seen[list[Any]]]
    firewalls: Sequence[Seen[Any]]
    redis: Seen[list[Any]]
    sql: Seen[list[Any]]


class GoogleCloud:
    """Reads one project and region; see `checks.observe.cloud.Cloud`. Close it.

    Nothing is imported and nobody logs in before the first question. `calls_made` counts requests to Google.
    """

    def __init__(
        self,
        project: str,
        region: str,
        *,
        overlay: Overlay | None = None,
        login: Login | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.place = Place(project, region)
        self.clients = Clients(project, overlay, login)
        self.calls_made = 0
        self._now = now
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._reading: asyncio.Task[CloudState] | None = None
        self._waiting = 0
        self._last: tuple[float, CloudState] | None = None

    async def state(self, *, seconds: float = 20.0) -> CloudState:
        """Everything that path and drift need. Concurrent callers share one reading; it is used for 2 s."""
        if self._last is not None and time.monotonic() - self._last[0] < FRESH:
            return self._last[1]
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(seconds), name="read Google Cloud")
        reading = self._reading
        self._waiting += 1
        try:
            done, _ = await asyncio.wait([reading], timeout=seconds + 1)
            return reading.result() if done else self._too_late(seconds)
        finally:
            self._waiting -= 1
            if not self._waiting and not reading.done():
                reading.cancel()
                self._reading = None  # whoever comes next reads anew

    async def requests(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[RequestLog]:
        """The request log of one Cloud Run service."""
        return await self._ask(
            LOGS,
            seconds,
            lambda calls: logging.read_requests(calls, self._context(), service, since, until),
        )

    async def errors(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What the service logged with severity ERROR or worse, grouped, the most frequent first."""
        return await self._ask(
            LOGS, seconds, lambda calls: logging.read_errors(calls, self._context(), service, since, until)
        )

    async def platform(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What Cloud Run itself logged of a service, whatever its severity, grouped."""
        return await self._ask(
            LOGS, seconds, lambda calls: logging.read_platform(calls, self._context(), service, since, until)
        )

    async def metrics(self, since: datetime, until: datetime, *, seconds: float = 20.0) -> Seen[Usage]:
        """What Cloud Run services and connectors used (Cloud Monitoring)."""
        return await self._ask(
            METRICS, seconds, lambda calls: monitoring.read_usage(calls, self._context(), since, until)
        )

    async def secrets(
        self, uses: Collection[SecretUse], *, seconds: float = 20.0
    ) -> Mapping[tuple[str, str], Seen[SecretVersion]]:
        """Whether these versions are there and enabled, each asked for once."""
        asked = {use.key: use for use in uses}

        async def read(calls: Calls) -> list[Seen[SecretVersion]]:
            context = self._context()
            return await asyncio.gather(
                *(secret_versions.read_version(calls, use, context) for use in asked.values())
            )

        found = await self._ask(SECRETS, seconds, read) if asked else []
        if isinstance(found, Blind):
            return dict.fromkeys(asked, found)
        return dict(zip(asked, found, strict=True))

    async def changes(self, since: datetime, *, seconds: float = 20.0) -> Seen[tuple[Change, ...]]:
        """Who changed Cloud Run services, connectors and network resources, newest first (audit log)."""
        return await self._ask(
            LOGS, seconds, lambda calls: logging.read_changes(calls, self._context(), since)
        )

    async def object_bytes(self, bucket: str, name: str, *, seconds: float = 60.0) -> Seen[bytes]:
        """An object of at most 16 MB; see `open_object` for larger ones."""

        async def read(calls: Calls) -> bytes:
            blob = await storage.find(calls, bucket, name)
            if int(blob.size or 0) > storage.LARGEST_WHOLE:
                raise Unseen(not_understood(OBJECT, f"gs://{bucket}/{name} has {blob.size} bytes"))
            try:
                return b"".join([part async for part in storage.parts(calls, blob)])
            except ObjectLost as lost:
                raise Unseen(lost.blind) from lost

        return await self._ask(OBJECT, seconds, read)

    async def open_object(
        self, bucket: str, name: str, *, seconds: float = 120.0
    ) -> Seen[AsyncIterator[bytes]]:
        """An object of any size, in parts of 1 MB that are read as they are asked for."""

        async def opened(calls: Calls) -> AsyncIterator[bytes]:
            return storage.parts(calls, await storage.find(calls, bucket, name))

        return await self._ask(OBJECT, seconds, opened)

    async def prepare(self) -> None:
        """Imports Google's libraries, once in a process: 1 to 2 s of work in a thread."""
        with suppress(ImportError):  # the first question will say so
            await self.clients.prepare()

    async def close(self) -> None:
        """Closes all channels."""
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        await self.clients.close()

    def calls(self, seconds: float) -> Calls:
        """Calls of one question, for readers beside this one."""
        return Calls(self.clients, self.place, seconds, self._at_once)

    def _context(self, numbers: Mapping[str, str] | None = None) -> Context:
        return Context(Home(self.place.project, self.place.region, numbers), self._now())

    async def _ask(self, need: Need, seconds: float, read: Callable[[Calls], Awaitable[T]]) -> Seen[T]:
        calls = self.calls(seconds)
        try:
            return await seen(self._logged_in(calls, need, read))
        finally:
            self.calls_made += calls.made

    async def _logged_in(self, calls: Calls, need: Need, read: Callable[[Calls], Awaitable[T]]) -> T:
        """One deadline around all of it: building the clients and converting take time as well."""
        try:
            async with asyncio.timeout(calls.seconds):
                await calls.login(need)
                return await read(calls)
        except TimeoutError:
            raise Unseen(too_slow(need, calls.seconds)) from None

    async def _read(self, seconds: float) -> CloudState:
        state, _ = await self.read(seconds)
        return state

    async def read(self, seconds: float) -> tuple[CloudState, Raw | None]:
        """A reading of now, with the messages that it is made of (None: nobody could log in)."""
        calls = self.calls(seconds)
        blind: Seen[None] = await seen(calls.login(PROJECT))
        if isinstance(blind, Blind):
            return self._blind(blind), None
        try:
            raw = await _raw(calls)
        finally:
            self.calls_made += calls.made
        state = await self.clients.thread(lambda: self._converted(raw))
        self._last = (time.monotonic(), state)
        return state, raw

    def _converted(self, raw: Raw) -> CloudState:
        numbers = _numbers(raw, self.place.project)
        return converted(raw, self._context(numbers), next(iter(numbers), ""))

    def _too_late(self, seconds: float) -> CloudState:
        return self._blind(too_slow(SERVICES, seconds))

    def _blind(self, blind: Blind) -> CloudState:
        """A state of which nothing could be read, for one reason."""
        return CloudState(
            self.place.project,
            self.place.region,
            self._now(),
            services=blind,
            jobs=blind,
            connectors=blind,
            networks=blind,
            subnets=blind,
            routes=blind,
            firewalls=blind,
            redis=blind,
            sql=blind,
        )


async def _raw(calls: Calls) -> Raw:
    """Reads everything at once; what depends on a list follows it. Four round trips one after the other."""
    async with asyncio.TaskGroup() as group:

        def start(need: Need, reading: Awaitable[T]) -> asyncio.Task[Seen[T]]:
            return group.create_task(_bounded(calls, need, reading))

        number = start(PROJECT, projects.read_number(calls))
        services = start(SERVICES, cloud_run.read_services(calls))
        jobs = start(JOBS, cloud_run.read_jobs(calls))
        connectors = start(CONNECTORS, vpc_access.read_connectors(calls))
        networks = start(NETWORKS, compute.read_networks(calls))
        subnets = start(SUBNETS, compute.read_subnets(calls))
        routes = start(ROUTES, compute.read_routes(calls))
        routers = start(ROUTERS, compute.read_routers(calls))
        redis = start(REDIS, memorystore.read_redis(calls))
        sql = start(SQL, cloud_sql.read_sql(calls))
        revisions = group.create_task(_revisions(calls, services))
        learned = group.create_task(_learned(calls, routers))
        peering_routes = group.create_task(_peering_routes(calls, networks))
        rules = group.create_task(_rules(calls, networks))
    return Raw(
        number.result(),
        services.result(),
        revisions.result(),
        jobs.result(),
        connectors.result(),
        networks.result(),
        subnets.result(),
        routes.result(),
        routers.result(),
        learned.result(),
        peering_routes.result(),
        rules.result(),
        redis.result(),
        sql.result(),
    )


async def _bounded(calls: Calls, need: Need, reading: Awaitable[T]) -> Seen[T]:
    """A reading within the time that is left, building its client included."""
    try:
        async with asyncio.timeout(calls.remaining()):
            return await seen(reading)
    except TimeoutError:
        return too_slow(need, calls.seconds)


async def _items(listed: asyncio.Task[Seen[list[Any]]]) -> list[Any]:
    found = await listed
    return [] if isinstance(found, Blind) else found


async def _revisions(calls: Calls, services: asyncio.Task[Seen[list[Any]]]) -> list[Seen[list[Any]]]:
    found = await _items(services)
    return await asyncio.gather(
        *(_bounded(calls, REVISIONS, cloud_run.read_revisions(calls, each)) for each in found)
    )


async def _learned(calls: Calls, routers: asyncio.Task[Seen[list[Any]]]) -> list[Seen[list[Any]]]:
    found = await _items(routers)
    return await asyncio.gather(
        *(_bounded(calls, ROUTER_STATUS, compute.read_learned(calls, each)) for each in found)
    )


async def _rules(calls: Calls, networks: asyncio.Task[Seen[list[Any]]]) -> list[Seen[Any]]:
    found = await _items(networks)
    return await asyncio.gather(
        *(_bounded(calls, FIREWALLS, firewalls.read_firewalls(calls, each.name)) for each in found)
    )


async def _peering_routes(
    calls: Calls, networks: asyncio.Task[Seen[list[Any]]]
) -> dict[tuple[str, str], Seen[list[Any]]]:
    """Routes over each peering, keyed by network and peering; Google knows none of one that is not active."""
    found = await _items(networks)
    keys = [
        (network.name, peering.name)
        for network in found
        for peering in network.peerings
        if peering.state == "ACTIVE"
    ]
    read = await asyncio.gather(
        *(_bounded(calls, PEERING_ROUTES, compute.read_peering_routes(calls, *key)) for key in keys)
    )
    return dict(zip(keys, read, strict=True))


def _numbers(raw: Raw, project: str) -> Mapping[str, str]:
    """The project's number: as it was asked for, else as the project's own resources are named."""
    if isinstance(raw.number, str):
        return {raw.number: project}
    listed = (raw.services, raw.jobs, raw.connectors, raw.redis)
    names = [each.name for some in listed if not isinstance(some, Blind) for each in some]
    found = project_numbers(project, names)
    return found if len(found) == 1 else {}


def converted(raw: Raw, context: Context, number: str) -> CloudState:
    """The messages of one reading as observations."""
    networks = [] if isinstance(raw.networks, Blind) else raw.networks
    services = [] if isinstance(raw.services, Blind) else raw.services
    return CloudState(
        project=context.project,
        region=context.region,
        read_at=context.read_at,
        project_number=number,
        services=_all(SERVICES, raw.services, cloud_run.service_of, context),
        revisions=cloud_run.by_service(services, raw.revisions, context),
        jobs=_all(JOBS, raw.jobs, cloud_run.job_of, context),
        connectors=_all(CONNECTORS, raw.connectors, vpc_access.connector_of, context),
        networks=_all(NETWORKS, raw.networks, compute.network_of, context),
        subnets=_all(SUBNETS, raw.subnets, compute.subnet_of, context),
        routes=_routes(raw, context),
        peering_routes={
            key: read if isinstance(read, Blind) else _imported(read, *key, context)
            for key, read in raw.peering_routes.items()
        },
        unlisted_routes=_unlisted(raw, networks, context),
        firewalls=_firewalls(raw, networks, context),
        redis=_all(REDIS, raw.redis, memorystore.redis_of, context),
        sql=_all(SQL, raw.sql, cloud_sql.sql_of, context),
    )


def _all(
    need: Need, read: Seen[list[Any]], convert: Callable[[Any, Context], T], context: Context
) -> Seen[tuple[T, ...]]:
    if isinstance(read, Blind):
        return read
    return understood(need, lambda: tuple(convert(message, context) for message in read))


def _imported(found: Iterable[Any], network: str, peering: str, context: Context) -> tuple[Route, ...]:
    return tuple(compute.peering_route_of(each, network, peering, context) for each in found)


def _routes(raw: Raw, context: Context) -> Seen[tuple[Route, ...]]:
    """Listed routes and those that routers have learned."""

    def learned() -> list[Route]:
        return [
            compute.learned_route_of(message, router, context)
            for router, read in _learned_by(raw)
            if not isinstance(read, Blind)
            for message in read
        ]

    listed = _all(ROUTES, raw.routes, compute.route_of, context)
    dynamic = understood(ROUTER_STATUS, learned)
    if isinstance(listed, Blind) or isinstance(dynamic, Blind):
        return listed if isinstance(listed, Blind) else cast(Blind, dynamic)
    return (*listed, *compute.once_each(dynamic))


def _learned_by(raw: Raw) -> Iterable[tuple[Any, Seen[list[Any]]]]:
    return () if isinstance(raw.routers, Blind) else zip(raw.routers, raw.learned, strict=True)


def _unlisted(raw: Raw, networks: Sequence[Any], context: Context) -> dict[str, Blind]:
    """Networks of which a router's routes could not be read; all of them where the routers could not."""
    if isinstance(raw.routers, Blind):
        return dict.fromkeys((network.name for network in networks), raw.routers)
    return {
        context.home.ref(router.network, "networks").name: read
        for router, read in _learned_by(raw)
        if isinstance(read, Blind)
    }


def _firewalls(raw: Raw, networks: Sequence[Any], context: Context) -> Seen[tuple[Firewall, ...]]:
    """The firewalls of every network; where one cannot be read, none is known to be harmless."""
    if isinstance(raw.networks, Blind):
        return raw.networks
    found: list[Firewall] = []
    for network, read in zip(networks, raw.firewalls, strict=True):
        if isinstance(read, Blind):
            return read
        rules = understood(FIREWALLS, partial(firewalls.firewalls_of, read, network, context))
        if isinstance(rules, Blind):
            return rules
        found += rules
    return tuple(found)
