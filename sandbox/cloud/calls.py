"""A call of the fake Google Cloud: its method, who makes it, and what stands between it and its answer."""

import asyncio
import fnmatch
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc

from sandbox.cloud import errors
from sandbox.cloud.errors import CloudError

TROUBLES = frozenset(
    {"slow", "quota", "unavailable", "deadline", "garbage", "internal", "silent", "disabled", "lost_response"}
)
"""What can be wrong with a method; see `FakeCloud.trouble`."""

CALLS = 20_000

Deny = Callable[[str, str, str], CloudError]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and with which program. `at`: when, where a change is to look older than it is."""

    principal: str
    agent: str = ""
    address: str = "127.0.0.1"
    at: datetime | None = None

    def now(self) -> datetime:
        """The time of the call."""
        return self.at or datetime.now(UTC)


Handler = Callable[[Any, Caller], Awaitable[Any]]
Stream = Callable[[AsyncIterator[Any], Caller], AsyncIterator[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an API.

    `name` is `run.services.list` (what troubles and counts go by), `permission` the one that Google checks
    (empty: none). `path` is the gRPC path, empty for REST. `request` and `response` are the official message
    types. `scope` gives the resource (`projects/…`) that a request is about.
    """

    name: str
    api: str
    permission: str
    handler: Handler
    scope: Callable[[Any], str]
    path: str = ""
    request: Any = None
    response: Any = None
    deny: Deny = errors.denied
    stream: Stream | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made."""

    method: str
    principal: str
    at: datetime
    resource: str = ""


@dataclass(eq=False, slots=True)
class Trouble:
    """Something wrong with the methods that match a pattern; `left` calls more, or for good."""

    kind: str
    methods: str
    seconds: float
    left: int | None

    def takes(self, method: str) -> bool:
        """Whether it strikes a call now."""
        return self.left != 0 and fnmatch.fnmatch(method, self.methods)


class GarbageError(Exception):
    """The answer is to be bytes that mean nothing."""


@dataclass
class Gate:
    """What a call passes before it is handled: project and region, API, permission, trouble.

    `calls` has the newest calls that arrived.
    """

    project: str
    number: str
    regions: frozenset[str]
    denied: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    troubles: list[Trouble] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS))

    def add(self, kind: str, methods: str, seconds: float, times: int | None) -> Trouble:
        """Adds a trouble; raises ValueError for an unknown kind."""
        if kind not in TROUBLES:
            raise ValueError(f"There is no trouble {kind!r}; there is {', '.join(sorted(TROUBLES))}.")
        trouble = Trouble(kind, methods, seconds, times)
        self.troubles.append(trouble)
        return trouble

    async def handle(self, method: Method, request: Any, caller: Caller) -> Any:
        """The answer to a call; raises `CloudError` or `GarbageError`."""
        resource = method.scope(request)
        self.calls.append(Call(method.name, caller.principal, datetime.now(UTC), resource))
        trouble = self._strike(method.name)
        await self._before(trouble, method)
        self.admit(method, resource)
        answer = await method.handler(request, caller)
        if trouble is not None and trouble.kind == "lost_response":
            await asyncio.sleep(trouble.seconds)
            raise CloudError(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
        return answer

    def admit(self, method: Method, resource: str) -> None:
        """Raises `CloudError` where the project, the region, the API or a permission is missing."""
        project, location = _place(resource)
        if project not in (self.project, self.number, "-", ""):
            raise (
                errors.not_found(f"The resource 'projects/{project}' was not found")
                if method.api == "compute.googleapis.com"
                else errors.unknown_project(project, method.api)
            )
        if method.api in self.disabled:
            raise errors.disabled(method.api, self.number)
        if location and location not in self.regions and location not in ("-", "global"):
            raise errors.unknown_location(location, method.api)
        if method.permission and method.permission in self.denied:
            raise method.deny(method.permission, f"projects/{self.project}", method.api)

    def _strike(self, method: str) -> Trouble | None:
        trouble = next((each for each in self.troubles if each.takes(method)), None)
        if trouble is not None and trouble.left is not None:
            trouble.left -= 1
        return trouble

    async def _before(self, trouble: Trouble | None, method: Method) -> None:
        if trouble is None or trouble.kind == "lost_response":
            return
        if trouble.kind == "silent":
            await asyncio.Event().wait()  # until the caller gives up
        if trouble.kind == "slow":
            await asyncio.sleep(trouble.seconds)
            return
        if trouble.kind == "garbage":
            raise GarbageError
        raise self._refusal(trouble, method)

    def _refusal(self, trouble: Trouble, method: Method) -> CloudError:
        if trouble.kind == "quota":
            return errors.exhausted(method.api, self.number, trouble.seconds)
        if trouble.kind == "disabled":
            return errors.disabled(method.api, self.number)
        plain = {
            "unavailable": errors.unavailable(),
            "deadline": CloudError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded"),
            "internal": CloudError(grpc.StatusCode.INTERNAL, "Internal error encountered."),
        }
        return plain[trouble.kind]


def _place(resource: str) -> tuple[str, str]:
    parts = resource.split("/")
    pairs: Mapping[str, str] = dict(zip(parts[::2], parts[1::2], strict=False))
    return pairs.get("projects", ""), pairs.get("locations", pairs.get("regions", ""))
