import pytest
import requests
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError, RefreshError
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo

from checks.observe.errors import NotUnderstood, translated
from checks.observe.permissions import CONNECTORS, LOGS, ROUTES, RUN_JOB_WITH, SERVICES, SQL, Need, Place
from checks.reasons import Reason

PLACE = Place("netra-staging", "us-central1", "serviceAccount:whybot@netra-staging.iam.gserviceaccount.com")


def denied(message: str, reason: str = "", **metadata: str) -> google.Forbidden:
    info = ErrorInfo(reason=reason, domain="iam.googleapis.com", metadata=metadata) if reason else None
    return google.Forbidden(message, error_info=info)


@pytest.mark.parametrize(
    ("error", "need", "permission", "role"),
    [
        (
            denied("no", "IAM_PERMISSION_DENIED", permission="run.services.list"),
            SERVICES,
            "run.services.list",
            "roles/run.viewer",
        ),
        (
            denied("Permission 'vpcaccess.connectors.list' denied on resource 'x' (or it may not exist)."),
            CONNECTORS,
            "vpcaccess.connectors.list",
            "roles/vpcaccess.viewer",
        ),
        (
            denied("Required 'compute.routes.list' permission for 'projects/netra-staging'"),
            ROUTES,
            "compute.routes.list",
            "roles/compute.networkViewer",
        ),
        (
            denied("The client is not authorized to make this request."),
            SQL,
            "cloudsql.instances.list",
            "roles/cloudsql.viewer",
        ),
    ],
    ids=["error info", "sentence", "compute", "not named"],
)
def test_missing_permission_names_role_and_command(
    error: Exception, need: Need, permission: str, role: str
) -> None:
    """However an API says it, the permission, the least role and the command that grants it are told."""
    blind = translated(error, need, PLACE)
    assert (blind.reason, blind.permission, blind.role) == (Reason.CLOUD_PERMISSION, permission, role)
    assert permission in blind.message
    assert role in blind.message
    assert blind.command == (
        "gcloud projects add-iam-policy-binding netra-staging "
        "--member=serviceAccount:whybot@netra-staging.iam.gserviceaccount.com "
        f"--role={role} --condition=None"
    )


def test_disabled_api_is_told_with_the_command_that_enables_it() -> None:
    """It comes as a denied permission, but no role would help."""
    error = denied("…", "SERVICE_DISABLED", service="run.googleapis.com", consumer="projects/4815")
    blind = translated(error, SERVICES, PLACE)
    assert blind.reason is Reason.CLOUD_API_DISABLED
    assert blind.command == "gcloud services enable run.googleapis.com --project=netra-staging"
    assert blind.role is None


@pytest.mark.parametrize(
    ("error", "names"),
    [
        (denied("…", "CONSUMER_INVALID", consumer="projects/nope"), "project netra-staging"),
        (google.NotFound("The resource 'projects/netra-staging' was not found"), "project netra-staging"),
        (denied("…", "LOCATION_POLICY_VIOLATED"), "region us-central1"),
        (
            denied("Permission denied on 'locations/us-central1' (or it may not exist)."),
            "region us-central1",
        ),
    ],
)
def test_wrong_project_or_region_is_named(error: Exception, names: str) -> None:
    """A typing error in the environment file is told as such, not as a missing permission."""
    blind = translated(error, SERVICES, PLACE)
    assert blind.reason is Reason.CLOUD_NOT_FOUND
    assert names in blind.message
    assert "environment file" in blind.message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (google.TooManyRequests("quota"), Reason.CLOUD_QUOTA),
        (google.ResourceExhausted("quota"), Reason.CLOUD_QUOTA),
        (google.ServiceUnavailable("away"), Reason.CLOUD_UNREACHABLE),
        (google.BadGateway("away"), Reason.CLOUD_UNREACHABLE),
        (google.DeadlineExceeded("late"), Reason.CLOUD_UNREACHABLE),
        (TimeoutError(), Reason.CLOUD_UNREACHABLE),
        (requests.ConnectionError("refused"), Reason.CLOUD_UNREACHABLE),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), Reason.CLOUD_UNREACHABLE),
        (google.ServiceUnavailable("tls: CERTIFICATE_VERIFY_FAILED"), Reason.CLOUD_UNREACHABLE),
        (google.Unauthenticated("who?"), Reason.CLOUD_LOGIN),
        (google.ServiceUnavailable("Getting metadata from plugin failed with error: x"), Reason.CLOUD_LOGIN),
        (DefaultCredentialsError("none"), Reason.CLOUD_LOGIN),
        (RefreshError("expired"), Reason.CLOUD_LOGIN),
        (google.NotFound("no such thing"), Reason.CLOUD_NOT_FOUND),
        (google.InvalidArgument("bad filter"), Reason.CLOUD_ANSWER),
        (google.InternalServerError("Exception deserializing response!"), Reason.CLOUD_ANSWER),
        (ValueError("not JSON"), Reason.CLOUD_ANSWER),
        (DecodeError("not a message"), Reason.CLOUD_ANSWER),
        (NotUnderstood("an egress setting"), Reason.CLOUD_ANSWER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_every_other_error_is_a_sentence(error: Exception, reason: Reason) -> None:
    """A sentence of one line that ends with a full stop, of the reason that it has."""
    blind = translated(error, LOGS, PLACE, 3.0)
    assert blind.reason is reason
    assert blind.message.endswith(".")
    assert "\n" not in blind.message
    assert len(blind.message) < 400


def test_certificate_is_named_where_it_is_the_reason() -> None:
    """A proxy that breaks TLS open is not told as an API that is away."""
    blind = translated(google.ServiceUnavailable("SSL_ERROR_SSL: certificate verify failed"), LOGS, PLACE)
    assert "certificate of logging.googleapis.com is not trusted" in blind.message


def test_long_words_of_google_are_cut() -> None:
    """What Google says is quoted in one short line, without the request that it repeats."""
    error = google.NotFound(
        "GET https://storage.googleapis.com/x?y: No such object: b/n\nstack\n" + "x" * 900
    )
    blind = translated(error, SERVICES, PLACE)
    assert "No such object: b/n stack" in blind.message
    assert "https" not in blind.message
    assert len(blind.message) < 320


def test_starting_the_job_is_not_called_reading() -> None:
    """What uses a quota up, or is not allowed, is the start."""
    quota = translated(google.TooManyRequests("quota"), RUN_JOB_WITH, PLACE).message
    start = "start the Cloud Run job with the checks that are wanted"
    assert quota == f"Could not {start}: the quota of run.googleapis.com is used up. Ask again in a minute."
    assert translated(denied("no"), RUN_JOB_WITH, PLACE).message.startswith(f"May not {start}: ")
