"""The project that the fake APIs share: its names, what exists in it, its operations and its audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from google.api.monitored_resource_pb2 import MonitoredResource
from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf import json_format, struct_pb2

from sandbox.cloud import names
from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import not_found
from sandbox.cloud.operations import Operations, packed
from sandbox.cloud.resources import Resources

ACTIVITY = "cloudaudit.googleapis.com%2Factivity"


@dataclass
class Project:
    """One project with everything in it."""

    id: str
    number: str
    region: str
    resources: Resources
    operations: Operations

    def plain(self, name: str) -> str:
        """A full name with the project's id where it has the number; refuses what is no full name."""
        parsed = names.parse(name)
        if parsed.project != self.number:
            return name
        return f"projects/{self.id}" + name.removeprefix(f"projects/{self.number}")

    def mine(self, name: str) -> bool:
        """Whether a full name is of this project, whichever way that is spelled."""
        return name.startswith((f"projects/{self.id}/", f"projects/{self.number}/"))

    def log_name(self, log: str) -> str:
        """A log's full name; `log` is encoded for URLs."""
        return f"projects/{self.id}/logs/{log}"

    def audit(
        self,
        caller: Caller,
        api: str,
        method: str,
        resource: str,
        monitored: Any,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes who changed what to the log of administrative activity."""
        self.resources.log(
            audit_entry(self.log_name(ACTIVITY), caller, api, method, resource, monitored, request)
        )

    def monitored(self, type_: str, **labels: str) -> Any:
        """What a log entry is about."""
        return MonitoredResource(type=type_, labels={"project_id": self.id, **labels})


def audit_entry(
    log_name: str,
    caller: Caller,
    api: str,
    method: str,
    resource: str,
    monitored: Any,
    request: Mapping[str, Any] | None = None,
) -> LogEntry:
    """An entry of the audit log; `method` as in the API (`google.cloud.run.v2.Services.UpdateService`)."""
    content = audit_log_pb2.AuditLog(service_name=api, method_name=method, resource_name=resource)
    content.authentication_info.principal_email = caller.principal
    content.request_metadata.caller_ip = caller.address
    content.request_metadata.caller_supplied_user_agent = caller.agent
    if request:
        content.request.CopyFrom(json_format.ParseDict(dict(request), struct_pb2.Struct()))
    return log_entry(
        log_name, monitored, caller.now(), severity=LogSeverity.NOTICE, proto_payload=packed(content)
    )


def log_entry(log_name: str, monitored: Any, at: datetime, **more: Any) -> LogEntry:
    """A log entry that was received when it was written."""
    return LogEntry(
        log_name=log_name,
        resource=monitored,
        timestamp=at,
        receive_timestamp=at,
        insert_id=uuid4().hex[:16],
        **more,
    )


def missing(kind: str, name: str, region: str, project: str) -> Exception:
    """Cloud Run's answer for a name that it does not have."""
    return not_found(
        f"Resource '{name.rpartition('/')[2]}' of kind '{kind}' in region '{region}' in project '{project}'"
        " does not exist."
    )
