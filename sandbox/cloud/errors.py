"""Refusals of the fake Google Cloud, with the details that Google sends along."""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
"""Status of HTTP for each code, after google/rpc/code.proto."""

REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    412: "conditionNotMet",
}
"""What Compute Engine and Cloud Storage call an error besides its number."""


class CloudError(Exception):
    """An answer that is a refusal. `details` are messages of google.rpc.error_details.

    `http` is the status of HTTP where it is not the usual one of the code.
    """

    def __init__(
        self, code: grpc.StatusCode, message: str, details: Sequence[Any] = (), *, http: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = tuple(details)
        self._http = http

    @property
    def http_status(self) -> int:
        """The status that REST answers with."""
        return self._http or HTTP.get(self.code, 500)

    def status(self) -> Any:
        """As google.rpc.Status, which gRPC sends in a trailer."""
        return status_pb2.Status(
            code=code_pb2.Code.Value(self.code.name), message=self.message, details=map(_packed, self.details)
        )

    def document(self) -> dict[str, Any]:
        """As the JSON of an error of Google's REST interfaces."""
        error: dict[str, Any] = {
            "code": self.http_status,
            "message": self.message,
            "status": self.code.name,
            "errors": [{"message": self.message, "domain": "global", "reason": self._reason()}],
        }
        if self.details:
            error["details"] = [_json(detail) for detail in self.details]
        return {"error": error}

    def _reason(self) -> str:
        return next(
            (each.reason for each in self.details if isinstance(each, error_details_pb2.ErrorInfo)),
            REASONS.get(self.http_status, "backendError"),
        )


def _packed(detail: Any) -> Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def _json(detail: Any) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    return {"@type": f"type.googleapis.com/{detail.DESCRIPTOR.full_name}", **MessageToDict(detail)}


def error_info(reason: str, domain: str, **metadata: str) -> Any:
    """A detail that says in one word what was wrong."""
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def invalid(message: str, field: str = "") -> CloudError:
    """The request cannot be right whatever the state is."""
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
    details = [error_details_pb2.BadRequest(field_violations=[violation])] if field else []
    return CloudError(grpc.StatusCode.INVALID_ARGUMENT, message, details)


def not_found(message: str) -> CloudError:
    """There is nothing of this name."""
    return CloudError(grpc.StatusCode.NOT_FOUND, message)


def precondition(message: str) -> CloudError:
    """The state does not allow it now."""
    return CloudError(grpc.StatusCode.FAILED_PRECONDITION, message)


def exists(message: str) -> CloudError:
    """The name is taken."""
    return CloudError(grpc.StatusCode.ALREADY_EXISTS, message)


def stale(name: str, given: str, current: str) -> CloudError:
    """The etag is of an older version."""
    return CloudError(
        grpc.StatusCode.ABORTED,
        f"Conflict for resource '{name}': version '{given}' was specified but current version is"
        f" '{current}'.",
    )


def denied(permission: str, resource: str, api: str) -> CloudError:
    """The caller lacks a permission, as most of Google's APIs say it."""
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
        [error_info("IAM_PERMISSION_DENIED", "iam.googleapis.com", permission=permission, resource=resource)],
    )


def denied_by_compute(permission: str, resource: str, api: str) -> CloudError:
    """The same as Compute Engine says it: the permission is in the sentence only."""
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED, f"Required '{permission}' permission for '{resource}'"
    )


def denied_by_sql(permission: str, resource: str, api: str) -> CloudError:
    """The same as Cloud SQL says it: the permission is not named at all."""
    return CloudError(grpc.StatusCode.PERMISSION_DENIED, "The client is not authorized to make this request.")


def denied_by_storage(permission: str, resource: str, api: str) -> CloudError:
    """The same as Cloud Storage says it."""
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED,
        f"The caller does not have {permission} access to the Google Cloud Storage object. Permission"
        f" '{permission}' denied on resource (or it may not exist).",
    )


def disabled(api: str, project_number: str) -> CloudError:
    """The API was never switched on in the project."""
    title = api.removesuffix(".googleapis.com")
    url = f"https://console.developers.google.com/apis/api/{api}/overview?project={project_number}"
    link = error_details_pb2.Help.Link(description="Google developers console API activation", url=url)
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED,
        f"{title} API has not been used in project {project_number} before or it is disabled. Enable it by"
        f" visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action to"
        " propagate to our systems and retry.",
        [
            error_info(
                "SERVICE_DISABLED", "googleapis.com", service=api, consumer=f"projects/{project_number}"
            ),
            error_details_pb2.Help(links=[link]),
        ],
    )


def unknown_project(project: str, api: str) -> CloudError:
    """The project does not exist, or the caller may not know that it does."""
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission denied on resource project {project}.",
        [error_info("CONSUMER_INVALID", "googleapis.com", service=api, consumer=f"projects/{project}")],
    )


def unknown_location(location: str, api: str) -> CloudError:
    """There is no such region."""
    return CloudError(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission denied on 'locations/{location}' (or it may not exist).",
        [error_info("LOCATION_POLICY_VIOLATED", "googleapis.com", service=api, location=location)],
    )


def exhausted(api: str, project_number: str, seconds: float) -> CloudError:
    """Too many requests in a minute; `seconds` is when to ask again."""
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.CopyFrom(duration_pb2.Duration(nanos=int(seconds % 1 * 1e9), seconds=int(seconds)))
    return CloudError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service"
        f" '{api}' for consumer 'project_number:{project_number}'.",
        [
            error_info(
                "RATE_LIMIT_EXCEEDED",
                "googleapis.com",
                service=api,
                consumer=f"projects/{project_number}",
                quota_limit="ReadRequestsPerMinutePerProject",
            ),
            retry,
        ],
    )


def unavailable() -> CloudError:
    """The service cannot answer now."""
    return CloudError(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
