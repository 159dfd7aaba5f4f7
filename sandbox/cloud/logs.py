"""Cloud Logging: entries are listed by a filter, followed as they come, and written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from google.cloud.logging_v2.types import (
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    LogEntry,
    TailLogEntriesRequest,
    TailLogEntriesResponse,
    WriteLogEntriesRequest,
    WriteLogEntriesResponse,
)

from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.errors import invalid
from sandbox.cloud.log_filter import Matches, parse_filter, view
from sandbox.cloud.names import page
from sandbox.cloud.project import Project
from sandbox.cloud.resources import LOG_ENTRIES

API = "logging.googleapis.com"
PATH = "/google.logging.v2.LoggingServiceV2/"
MOST = 1000
TAIL_EVERY = 0.2


class Logs:
    """The interface of Cloud Logging. `admit` refuses a call of a method as the gate would."""

    def __init__(self, project: Project, admit: Callable[[Method, str], None]) -> None:
        self._project = project
        self._admit = admit
        self._views: dict[str, dict[str, Any]] = {}

    def methods(self) -> list[Method]:
        """What clients may call."""
        return [
            self._method(
                "ListLogEntries", "list", "list", ListLogEntriesRequest, self._list, ListLogEntriesResponse
            ),
            self._method(
                "WriteLogEntries",
                "write",
                "create",
                WriteLogEntriesRequest,
                self._write,
                WriteLogEntriesResponse,
            ),
            self._tail_method(),
        ]

    @staticmethod
    def _method(
        path: str, verb: str, permission: str, request: Any, handler: Any, response: Any, stream: Any = None
    ) -> Method:
        return Method(
            name=f"logging.entries.{verb}",
            api=API,
            permission=f"logging.logEntries.{permission}",
            handler=handler,
            scope=_place,
            path=PATH + path,
            request=request,
            response=response,
            stream=stream,
        )

    def _tail_method(self) -> Method:
        return self._method(
            "TailLogEntries",
            "tail",
            "list",
            TailLogEntriesRequest,
            self._list,
            TailLogEntriesResponse,
            stream=self._tail,
        )

    async def _list(self, request: Any, _caller: Caller) -> ListLogEntriesResponse:
        if not request.resource_names:
            raise invalid("At least one resource name is required.", "resource_names")
        if request.order_by not in ("", "timestamp asc", "timestamp desc", "timestamp"):
            raise invalid(f"Cannot order by {request.order_by!r}.", "order_by")
        matches = parse_filter(request.filter)
        found = [entry for entry in self._project.resources.logs if matches(self._seen(entry))]
        found.sort(key=_when, reverse=request.order_by.endswith("desc"))
        scope = f"logs {request.filter} {request.order_by}"
        entries, token = page(found, request.page_size, request.page_token, scope, most=MOST, usual=50)
        return ListLogEntriesResponse(entries=entries, next_page_token=token)

    def _seen(self, entry: LogEntry) -> dict[str, Any]:
        """An entry's view, made once: entries do not change."""
        if entry.insert_id not in self._views:
            if len(self._views) > LOG_ENTRIES:
                self._views.clear()
            self._views[entry.insert_id] = view(entry)
        return self._views[entry.insert_id]

    async def _write(self, request: Any, caller: Caller) -> WriteLogEntriesResponse:
        now = datetime.now(UTC)
        for given in request.entries:
            entry = LogEntry(given)
            entry.log_name = entry.log_name or request.log_name
            if not entry.log_name:
                raise invalid("An entry has no log name.", "entries")
            LogEntry.pb(entry).resource.MergeFrom(WriteLogEntriesRequest.pb(request).resource)
            for key in set(request.labels) - set(entry.labels):
                entry.labels[key] = request.labels[key]
            entry.timestamp, entry.receive_timestamp = entry.timestamp or now, now
            entry.insert_id = entry.insert_id or uuid4().hex[:16]
            self._project.resources.log(entry)
        return WriteLogEntriesResponse()

    async def _tail(self, requests: AsyncIterator[Any], caller: Caller) -> AsyncIterator[Any]:
        """Entries that come from now on. The first request says which; the stream ends with the client."""
        request = await anext(aiter(requests))
        self._admit(self._tail_method(), _place(request))
        matches, logs = parse_filter(request.filter), self._project.resources.logs
        seen = {entry.insert_id for entry in logs}
        while True:
            new = [entry for entry in self._project.resources.logs if entry.insert_id not in seen]
            seen.update(entry.insert_id for entry in new)
            if wanted := _chosen(new, matches):
                yield TailLogEntriesResponse(entries=wanted)
            await asyncio.sleep(TAIL_EVERY)


def _chosen(entries: Iterable[LogEntry], matches: Matches) -> list[LogEntry]:
    return [entry for entry in entries if matches(view(entry))]


def _when(entry: LogEntry) -> datetime:
    return entry.timestamp or datetime.min.replace(tzinfo=UTC)


def _place(request: Any) -> str:
    if hasattr(request, "resource_names"):
        return str(request.resource_names[0]) if request.resource_names else ""
    name = request.log_name or next((each.log_name for each in request.entries), "")
    return str(name)
