"""Who made a change, with which program, and what the audit log says of it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sandbox import baseline
from sandbox.cloud.calls import Caller
from sandbox.cloud.fake_cloud import FakeCloud

Person = Literal["deploy-bot", "pipeline", "terraform", "person", "console"]
SOMEONE = "maria@netrasystems.ai"
GCLOUD = "google-cloud-sdk gcloud/561.0.0 command/gcloud.compute.firewall-rules.create invocation-id/5d0c9f"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
)
APPLY = (
    "google-api-go-client/0.5 Terraform/1.9.8 (+https://www.terraform.io) Terraform-Plugin-SDK/2.33.0 "
    "terraform-provider-google/6.12.0"
)
PEOPLE: dict[str, tuple[str, str]] = {
    "deploy-bot": (baseline.DEPLOY_BOT, "deploy_to_gcp_actual.py google-cloud-sdk/561.0.0"),
    "pipeline": (baseline.PIPELINE, "google-cloud-sdk/561.0.0 gcloud.run.services.update"),
    "terraform": (
        baseline.TERRAFORM,
        APPLY,
    ),
    "person": (SOMEONE, GCLOUD),
    "console": (SOMEONE, BROWSER),
}
"""Principal and user agent of each."""


def caller(by: str, minutes_ago: float) -> Caller:
    """Someone who called so many minutes ago."""
    principal, agent = PEOPLE[by]
    return Caller(principal, agent, at=datetime.now(UTC) - timedelta(minutes=minutes_ago))


def record(cloud: FakeCloud, who: Caller, api: str, method: str, resource: str, **monitored: Any) -> None:
    """Writes to the audit log that someone called a method on a resource (its full name)."""
    kind = str(monitored.pop("type", "audited_resource"))
    labels = monitored or {"service": api, "method": method}
    cloud.project.audit(who, api, method, resource, cloud.project.monitored(kind, **labels))
