"""The staging world: real servers, an application, names and certificates, behind breakable links."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from asyncpg import InterfaceError, PostgresError
from redis.exceptions import RedisError
from ruamel.yaml import YAML

from sandbox.application import Store
from sandbox.certificates import Certificates
from sandbox.dns import NameServer
from sandbox.errors import FaultFailedError, UnknownNameError
from sandbox.faults import FAULTS, fault_kind
from sandbox.faults.kind import FaultKind, Order
from sandbox.network import HOST, Link
from sandbox.samples import Samples
from sandbox.scenario import HEALTHY, SCENARIOS, Scenario, load_scenario
from sandbox.servers import ClickHouse, Postgres, Redis, ServerError
from sandbox.sites import Sites
from sandbox.staging import Staging
from sandbox.targets import BACKEND, CLOUD, DNS, HERE, JOB, SITES, SOURCES, STORES, TARGETS

if TYPE_CHECKING:
    from sandbox.staging_cloud import StagingCloud

ENVIRONMENTS = Path(__file__).resolve().parent.parent / "environments"
DATABASE = "netra"
USER = "whybot"


@dataclass(frozen=True, slots=True)
class FaultInForce:
    """One fault that was applied and not yet mended."""

    id: str
    kind: FaultKind
    order: Order
    since: datetime
    stack: AsyncExitStack

    @property
    def title(self) -> str:
        """What is broken, for people."""
        prefix = f"{_title(self.order.target)}: "
        return prefix + self.kind.title.removeprefix(prefix)

    @property
    def knob(self) -> tuple[str, str, str]:
        """What it turns; two faults cannot turn the same."""
        return self.kind.slot or self.kind.fault, self.order.target, self.order.source

    def hits(self, source: str, target: str) -> bool:
        """Whether it is felt on the way from a source to a target."""
        if self.order.target == DNS:
            return source == HERE and target in (DNS, *SITES)
        return self.order.target == target and self.order.source in ("", source)

    def describe(self) -> dict[str, Any]:
        """The fault as the page wants it."""
        return {
            "id": self.id,
            "fault": self.kind.fault,
            "target": self.order.target,
            "options": dict(self.order.options),
            "title": self.title,
            "since": self.since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }


class World:
    """A staging world of one's own: `async with World("seed-503") as world`.

    Everything listens on loopback, on free ports, and is gone on leaving. `variables` is what a process
    needs in its environment to see this world instead of the real one. `overlay_file` is the way of this
    machine into it, `job_overlay_file` that of whybot's Cloud Run job.
    """

    def __init__(self, scenario: str = HEALTHY, *, environments: Path = ENVIRONMENTS) -> None:
        self._first = load_scenario(scenario)
        self._environments = environments
        self._stack = AsyncExitStack()
        self._staging: Staging | None = None
        self._faults: dict[str, FaultInForce] = {}
        self._given = 0
        self._scenario = HEALTHY
        self._changing = asyncio.Lock()
        self._subscribers: list[Callable[[], None]] = []
        self.variables: dict[str, str] = {}
        self.overlay_file = self.job_overlay_file = Path()

    async def __aenter__(self) -> "World":
        try:
            self._staging = await self._start()
            await self.apply_scenario(self._first.name)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with self._changing:
                await self._mend_faults()
        finally:
            await self._stack.aclose()

    @property
    def staging(self) -> Staging:
        """The running parts."""
        assert self._staging is not None, "the world is not running"
        return self._staging

    # what people break and mend

    async def apply_scenario(self, name: str) -> None:
        """Mends everything, then makes a scenario's changes and faults; raises `UnknownNameError`."""
        scenario = load_scenario(name)
        async with self._change():
            await self._mend_all()
            await self._apply_all(scenario)
            self._scenario = name
        self._tell()

    async def apply_fault(self, fault: str, target: str, **options: object) -> str:
        """Breaks something; gives the id with which `mend` undoes it.

        A fault that turns the same knob of the same target is mended first. Raises `UnknownNameError` (fault,
        target or option) or `WrongOptionError`, and changes nothing then.
        """
        kind = fault_kind(fault)
        order = kind.order(_target_name(target), options)
        async with self._change():
            given = await self._apply(kind, order)
        self._tell()
        return given

    async def mend(self, fault_id: str | None = None) -> None:
        """Undoes one fault, or everything; raises `UnknownNameError` for an id that is not in force.

        Without an id the configuration of Google Cloud is put back as well, whoever changed it.
        """
        async with self._change():
            if fault_id is None:
                await self._mend_all()
                self._scenario = HEALTHY
            elif fault_id in self._faults:
                await self._mend(fault_id)
            else:
                raise UnknownNameError("fault_id", fault_id, tuple(self._faults))
        self._tell()

    async def change(self, wish: Mapping[str, Any]) -> str:
        """Changes the configuration of Google Cloud (`{"change": "connector", "state": "ERROR"}`).

        Gives what was changed, in words. Raises `UnknownNameError`, `WrongOptionError` or
        `ChangeFailedError`, and the links follow at once.
        """
        from sandbox.changes import read_change  # brings Google's libraries along

        change = read_change(wish)
        async with self._change():
            await self.staging.cloud.change([change])
        self._tell()
        return change.title

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[None]:
        """One change at a time; afterwards the links are as what is configured wants them."""
        async with self._changing:
            try:
                yield
            finally:
                await self.staging.cloud.follow()
                await _obey(self.staging.cloud, self.staging.sites)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each change; gives what ends that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    # what the page shows

    def describe(self) -> dict[str, Any]:
        """The world's part of the control API's state, with what is on offer."""
        return {
            "scenario": self._scenario,
            "scenarios": [_offer(load_scenario(name)) for name in SCENARIOS],
            "faults": [fault.describe() for fault in self._faults.values()],
            "fault_kinds": [kind.describe() for kind in FAULTS],
            "services": self._services(),
            "links": [self._link(*key) for key in (*self.staging.links, (HERE, DNS))],
            "cloud": self.staging.cloud.describe(),
        }

    def _services(self) -> list[dict[str, Any]]:
        down = {fault.order.target for fault in self._faults.values() if fault.kind.fault == "refuse"}
        return [
            {
                "name": target.name,
                "title": target.title,
                "address": target.host_name or target.address,
                "up": target.name not in down,
            }
            for target in TARGETS.values()
        ]

    def _link(self, source: str, target: str) -> dict[str, Any]:
        felt = [fault for fault in self._faults.values() if fault.hits(source, target)]
        way = self.staging.cloud.way((source, target))
        effects = {fault.kind.effect for fault in felt} | ({way.effect} if way is not None else set())
        state = "closed" if "closed" in effects else "impaired" if "impaired" in effects else "open"
        reasons = [*([way.why] if way is not None and way.why else []), *(fault.kind.title for fault in felt)]
        return {
            "source": source,
            "target": target,
            "title": f"{SOURCES[source]} → {_title(target)}",
            "address": TARGETS[target].address if target in TARGETS else self.staging.names.address,
            "state": state,
            "why": "; ".join(reasons) or None,
            "way": list(way.hops) if way is not None else None,
        }

    def _tell(self) -> None:
        for callback in tuple(self._subscribers):
            callback()

    # faults, with the lock held

    async def _apply_all(self, scenario: Scenario) -> None:
        try:
            await self.staging.cloud.change(scenario.changes())
            for wish in scenario.faults:
                kind = fault_kind(wish.fault)
                await self._apply(kind, kind.order(wish.target, wish.options))
        except BaseException:
            await self._mend_all()
            raise

    async def _apply(self, kind: FaultKind, order: Order) -> str:
        self._given += 1
        fault = FaultInForce(f"f{self._given}", kind, order, datetime.now(UTC), AsyncExitStack())
        for other in [each for each in self._faults.values() if each.knob == fault.knob]:
            await self._mend(other.id)
        with _explained(fault.title):
            await fault.stack.enter_async_context(kind.enter(self.staging, order))
        self._faults[fault.id] = fault
        return fault.id

    async def _mend(self, fault_id: str) -> None:
        fault = self._faults.pop(fault_id)
        with _explained(fault.title):
            await fault.stack.aclose()

    async def _mend_all(self) -> None:
        """Undoes the faults, and puts the configuration back."""
        try:
            await self._mend_faults()
        finally:
            await self.staging.cloud.reset()

    async def _mend_faults(self) -> None:
        """The newest first; one that cannot be mended does not keep the others broken."""
        async with AsyncExitStack() as stack:
            for fault_id in tuple(self._faults):
                stack.push_async_callback(self._mend, fault_id)

    # coming up

    async def _start(self) -> Staging:
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="whybot-world-")))
        passwords = {store: secrets.token_urlsafe(18) for store in STORES}
        redis = Redis(password=passwords["redis"])
        postgres = Postgres(password=passwords["postgres"], database=DATABASE, user=USER)
        clickhouse = ClickHouse(password=passwords["clickhouse"], user=USER)
        sites = Sites(folder)
        late = asyncio.create_task(asyncio.to_thread(import_module, "sandbox.staging_cloud"))
        try:
            await _enter_together(self._stack, (redis, postgres, clickhouse, sites))
        finally:
            cloud: StagingCloud = (await late).StagingCloud()
        admin = redis.client()
        self._stack.push_async_callback(admin.aclose)
        await admin.ping()  # connected before any fault can keep it out

        links: dict[tuple[str, str], Link] = {}
        for store, server in (("redis", redis), ("postgres", postgres), ("clickhouse", clickhouse)):
            for source in (HERE, BACKEND, JOB):
                links[source, store] = await self._open_link(source, store, server.port)
        certificates = Certificates(folder)
        await self._start_sites(sites, certificates, links, passwords)
        for name, port in sites.ports.items():
            links[HERE, name] = await self._open_link(HERE, name, port)
        names = await self._stack.enter_async_context(NameServer(_names()))
        await self._start_cloud(cloud, sites, links)
        cloud.samples = Samples(self._environments, folder)
        self.overlay_file = folder / "overlay.yaml"
        self.job_overlay_file = folder / "overlay-job.yaml"
        for file, source in ((self.overlay_file, HERE), (self.job_overlay_file, JOB)):
            overlay = _overlay(source, links, names, certificates) | {"google": cloud.addresses}
            with file.open("w", encoding="utf-8") as writable:
                YAML(typ="safe", pure=True).dump(overlay, writable)
        self._set_variables(passwords, cloud.samples.folder)
        cloud.run_jobs_with({**self.variables, "WHYBOT_OVERLAY": str(self.job_overlay_file)})
        return Staging(
            redis=redis,
            redis_admin=admin,
            postgres=postgres,
            clickhouse=clickhouse,
            certificates=certificates,
            names=names,
            sites=sites,
            links=links,
            cloud=cloud,
        )

    async def _start_cloud(
        self, cloud: "StagingCloud", sites: Sites, links: Mapping[tuple[str, str], Link]
    ) -> None:
        await self._stack.enter_async_context(cloud)
        await cloud.lead(links)
        sites.heard = cloud.heard
        changed = asyncio.Event()
        self._stack.callback(cloud.fake.subscribe(changed.set))
        following = asyncio.create_task(
            self._follow(cloud, sites, changed), name="links follow the configuration"
        )
        self._stack.push_async_callback(_ended, following)

    async def _follow(self, cloud: "StagingCloud", sites: Sites, changed: asyncio.Event) -> None:
        """Brings links and sites to what clients of Google Cloud configure."""
        while True:
            await changed.wait()
            changed.clear()
            if not self._changing.locked():  # whoever holds it follows, and tells, at its end
                await cloud.follow()
                await _obey(cloud, sites)
                self._tell()

    async def _open_link(self, source: str, target: str, port: int) -> Link:
        return await self._stack.enter_async_context(Link(source, target, (HOST, port)))

    async def _start_sites(
        self,
        sites: Sites,
        certificates: Certificates,
        links: Mapping[tuple[str, str], Link],
        passwords: Mapping[str, str],
    ) -> None:
        stores = {
            name: Store(HOST, links[BACKEND, name].port, TARGETS[name].address, passwords[name])
            for name in STORES
        }
        shown = {name: certificates.good(TARGETS[name].host_name or name) for name in SITES}
        await sites.start(stores, shown, database=DATABASE, user=USER)

    def _set_variables(self, passwords: dict[str, str], environments: Path) -> None:
        self.variables = {
            "WHYBOT_OVERLAY": str(self.overlay_file),
            "WHYBOT_ENVIRONMENTS": str(environments),
            "WHYBOT_VANTAGE_KEY": secrets.token_urlsafe(32),
            **{f"STAGING_{store.upper()}_PASSWORD": password for store, password in passwords.items()},
        }


async def _enter_together(
    stack: AsyncExitStack, managers: Sequence[AbstractAsyncContextManager[object]]
) -> None:
    """Enters all at the same time; whatever came up is left by the stack, also when another failed."""
    tasks = [asyncio.ensure_future(manager.__aenter__()) for manager in managers]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for manager, outcome in zip(managers, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                stack.push_async_exit(manager)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def _overlay(
    source: str, links: Mapping[tuple[str, str], Link], names: NameServer, certificates: Certificates
) -> dict[str, Any]:
    """The addresses of the environment file as one source reaches them."""
    return {
        "addresses": {
            TARGETS[target].address: f"{HOST}:{link.port}"
            for (of, target), link in links.items()
            if of == source
        },
        "dns": names.address,
        "authorities": [str(certificates.authority_file)],
    }


async def _obey(cloud: "StagingCloud", sites: Sites) -> None:
    """Lets the sites do what their configuration makes of them."""
    for name, does in cloud.behaviours().items():
        await sites.configure(name, does.faults)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def _explained(title: str) -> Iterator[None]:
    """Turns what a server's client raises into words for whoever wished the fault."""
    try:
        yield
    except (OSError, TimeoutError, RedisError, PostgresError, InterfaceError, ServerError) as error:
        raise FaultFailedError(
            f"{title}: {error or type(error).__name__}. Try again, or mend all."
        ) from error


def _names() -> dict[str, str]:
    return {
        target.host_name: target.address.rpartition(":")[0] for target in TARGETS.values() if target.host_name
    }


def _target_name(wish: str) -> str:
    """A target may be wished by its name or by its declared address."""
    return next(
        (target.name for target in TARGETS.values() if wish in (target.address, target.host_name)), wish
    )


def _title(target: str) -> str:
    others = {DNS: "DNS", CLOUD: "Google Cloud"}
    return TARGETS[target].title if target in TARGETS else others[target]


def _offer(scenario: Scenario) -> dict[str, str]:
    return {"name": scenario.name, "title": scenario.title, "description": scenario.description}
