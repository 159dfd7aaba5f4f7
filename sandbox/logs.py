"""Entries that Cloud Run writes to the log: one for each request, and what the application says."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from google.api.monitored_resource_pb2 import MonitoredResource
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.http_request_pb2 import HttpRequest
from google.logging.type.log_severity_pb2 import LogSeverity

from sandbox import baseline

REQUESTS = f"projects/{baseline.PROJECT}/logs/run.googleapis.com%2Frequests"
SYSTEM = f"projects/{baseline.PROJECT}/logs/run.googleapis.com%2Fvarlog%2Fsystem"
STDERR = f"projects/{baseline.PROJECT}/logs/run.googleapis.com%2Fstderr"
SERVICES: Mapping[str, baseline.Site] = {site.image: site for site in baseline.SITES}


def request_entry(
    site: str,
    revision: str,
    path: str,
    status: int,
    seconds: float,
    at: datetime | None = None,
    agent: str = "",
    said: str = "",
) -> LogEntry:
    """The entry of one request to a site; `seconds` is what its answer took.

    `said` is why Cloud Run answered it in the container's place.
    """
    place = SERVICES[site]
    latency = timedelta(seconds=seconds)
    http = HttpRequest(
        request_method="GET",
        request_url=f"{place.url}{path}",
        status=status,
        user_agent=agent or "whybot",
        remote_ip="203.0.113.77",
        protocol="HTTP/1.1",
    )
    http.latency.FromTimedelta(latency)
    severity = (
        LogSeverity.ERROR if status >= 500 else LogSeverity.WARNING if status >= 400 else LogSeverity.INFO
    )
    told = {"text_payload": said} if said else {}
    return _entry(REQUESTS, place.service, revision, severity, at, http_request=http, **told)


def system_entry(
    site: str, revision: str, text: str, severity: str = "INFO", at: datetime | None = None
) -> LogEntry:
    """A line that Cloud Run wrote of a service."""
    number = LogSeverity.Value(severity)
    return _entry(SYSTEM, SERVICES[site].service, revision, number, at, text_payload=text)


def error_entry(
    site: str, revision: str, text: str, at: datetime | None = None, severity: str = "ERROR"
) -> LogEntry:
    """A line that the application wrote to standard error."""
    number = LogSeverity.Value(severity)
    return _entry(STDERR, SERVICES[site].service, revision, number, at, text_payload=text)


def _entry(
    log: str, service: str, revision: str, severity: int, at: datetime | None, **payload: Any
) -> LogEntry:
    when = at or datetime.now(UTC)
    labels = {
        "project_id": baseline.PROJECT,
        "location": baseline.REGION,
        "service_name": service,
        "configuration_name": service,
        "revision_name": revision,
    }
    return LogEntry(
        log_name=log,
        resource=MonitoredResource(type="cloud_run_revision", labels=labels),
        timestamp=when,
        receive_timestamp=when,
        severity=severity,
        insert_id=uuid4().hex[:16],
        **payload,
    )
