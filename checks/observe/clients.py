"""The official clients: imported in a thread at first use, built once each, closed together.

Importing them takes 0.8 to 1.3 s. gRPC clients are asynchronous; those that speak only REST run in threads.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from checks.observe.errors import Unseen
from checks.overlay import Overlay
from checks.reasons import Reason

T = TypeVar("T")

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
THREADS = 8
GRPC = {
    "services": ("google.cloud.run_v2.services.services", "ServicesAsyncClient"),
    "revisions": ("google.cloud.run_v2.services.revisions", "RevisionsAsyncClient"),
    "jobs": ("google.cloud.run_v2.services.jobs", "JobsAsyncClient"),
    "executions": ("google.cloud.run_v2.services.executions", "ExecutionsAsyncClient"),
    "connectors": ("google.cloud.vpcaccess_v1.services.vpc_access_service", "VpcAccessServiceAsyncClient"),
    "redis": ("google.cloud.redis_v1.services.cloud_redis", "CloudRedisAsyncClient"),
    "sql": ("google.cloud.sqladmin_v1.services.sql_instances_service", "SqlInstancesServiceAsyncClient"),
    "logging": ("google.cloud.logging_v2.services.logging_service_v2", "LoggingServiceV2AsyncClient"),
}
REST = {
    "networks": ("google.cloud.compute_v1.services.networks", "NetworksClient"),
    "subnetworks": ("google.cloud.compute_v1.services.subnetworks", "SubnetworksClient"),
    "routes": ("google.cloud.compute_v1.services.routes", "RoutesClient"),
    "routers": ("google.cloud.compute_v1.services.routers", "RoutersClient"),
}
OTHERS = ("google.auth.transport.requests", "google.cloud.storage")
_IMPORTING = threading.Lock()
Login = Callable[[], Any]
"""Gives credentials of google.auth; called in a thread."""


def imported(module: str) -> Any:
    """A module of Google's; call it in a thread.

    One at a time in the whole process: their packages import each other in circles, and two threads at once
    would see one half done (ImportError).
    """
    with _IMPORTING:
        return import_module(module)


def import_all() -> None:
    """Every module that clients are made of; call it in a thread."""
    for module in (*(module for module, _ in (*GRPC.values(), *REST.values())), *OTHERS):
        imported(module)


def default_login() -> Any:
    """What this process is allowed by its environment: application default credentials."""
    import google.auth

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return credentials


def anonymous() -> Any:
    """No credentials: the overlay's Google Cloud asks for none."""
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth is partly typed


class Clients:
    """The clients of one project. Not logged in, or an overlay without Google Cloud: raises `Unseen`."""

    def __init__(self, project: str, overlay: Overlay | None = None, login: Login | None = None) -> None:
        self._project = project
        self._overlay = overlay
        self._login = login or (default_login if overlay is None else anonymous)
        self._made: dict[str, Any] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="whybot-google")

    @property
    def _local(self) -> tuple[str, str] | None:
        return self._overlay.google if self._overlay else None

    async def thread(self, work: Callable[[], T]) -> T:
        """Runs blocking work in one of the clients' own threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def prepare(self) -> None:
        """Imports all that is needed later. Raises ImportError where it is not installed."""
        await self.thread(import_all)

    async def credentials(self) -> Any:
        """Credentials of google.auth. Raises its errors where there are none."""
        if self._overlay is not None and self._local is None:
            from checks.observations import Blind

            message = "The overlay in force maps no Google Cloud, so nothing of it can be read here."
            raise Unseen(Blind(Reason.CLOUD_UNREACHABLE, message))
        return await self._once("credentials", lambda: self.thread(self._login))

    async def member(self) -> str:
        """Who whybot is, as IAM writes it; empty where that cannot be told."""
        credentials = await self.credentials()
        email = getattr(credentials, "service_account_email", "") or ""
        if "@" in email:
            return f"serviceAccount:{email}"
        account = getattr(credentials, "account", "") or ""
        return f"user:{account}" if "@" in account else ""

    async def grpc(self, name: str) -> Any:
        """An asynchronous client of `GRPC`."""
        return await self._once(name, lambda: self._grpc(*GRPC[name]))

    async def rest(self, name: str) -> Any:
        """A client of `REST`; it blocks, so call it in `thread`."""
        return await self._once(name, lambda: self._rest(*REST[name]))

    async def session(self) -> Any:
        """A session of requests that adds the credentials, for what no client is installed for."""
        return await self._once("session", self._session)

    async def storage(self) -> Any:
        """The client of Cloud Storage; it blocks, so call it in `thread`."""
        return await self._once("storage", self._storage)

    def url(self, host: str) -> str:
        """The base URL of a REST interface of Google's: `cloudresourcemanager.googleapis.com`."""
        return f"http://{self._local[1]}" if self._local else f"https://{host}"

    async def close(self) -> None:
        """Closes all channels and sessions. The clients can be used again afterwards."""
        made, self._made = self._made, {}
        for name, client in made.items():
            if name in GRPC:
                await client.transport.close()
            elif name in REST:
                client.transport.close()
            elif hasattr(client, "close"):
                client.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="whybot-google")

    async def _once(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """What was made before, or what is made now, by one caller for all."""
        if name not in self._made:
            async with self._locks.setdefault(name, asyncio.Lock()):
                if name not in self._made:
                    self._made[name] = await make()
        return self._made[name]

    async def _grpc(self, module: str, client: str) -> Any:
        credentials = await self.credentials()
        kind = getattr(await self.thread(partial(imported, module)), client)
        transport = kind.get_transport_class("grpc_asyncio")
        if self._local is None:
            return kind(transport=transport(credentials=credentials, host=kind.DEFAULT_ENDPOINT))
        import grpc.aio  # here already: the client needs it

        # A proxy of the environment must not get what is for this machine; answers have no limit of size.
        options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
        channel = grpc.aio.insecure_channel(self._local[0], options=options)
        return kind(transport=transport(channel=channel))

    async def _rest(self, module: str, client: str) -> Any:
        credentials = await self.credentials()
        kind = getattr(await self.thread(partial(imported, module)), client)
        transport = kind.get_transport_class("rest")
        if self._local is None:
            made = transport(credentials=credentials, host=kind.DEFAULT_ENDPOINT)
        else:
            made = transport(credentials=credentials, host=self._local[1], url_scheme="http")
            made._session.trust_env = False  # noqa: SLF001 - a proxy of the environment is not for loopback
        return kind(transport=made)

    async def _session(self) -> Any:
        credentials = await self.credentials()
        module = await self.thread(partial(imported, "google.auth.transport.requests"))
        session = module.AuthorizedSession(credentials)
        session.trust_env = self._local is None
        return session

    async def _storage(self) -> Any:
        session, credentials = await self.session(), await self.credentials()
        module = await self.thread(partial(imported, "google.cloud.storage"))
        options = {"api_endpoint": self.url("storage.googleapis.com")}
        make = partial(module.Client, self._project, credentials, _http=session, client_options=options)
        return await self.thread(make)
