"""The state that Terraform would have of staging, read as whybot reads one."""

import json
from datetime import UTC, datetime

from sandbox import baseline
from sandbox.cloud.resources import Resources
from sandbox.terraform_state import state_document


def healthy() -> Resources:
    """The project as it is when all is well."""
    resources = Resources()
    baseline.fill(resources, datetime.now(UTC))
    return resources


def test_it_has_the_addresses_that_the_configuration_names() -> None:
    """Each address of `environments/terraform/staging/README.md`, modules and keys included."""
    state = json.loads(state_document(healthy()))
    assert state["version"] == 4
    found = {
        ".".join(filter(None, [each.get("module"), each["type"], each["name"]])): [
            instance.get("index_key") for instance in each["instances"]
        ]
        for each in state["resources"]
    }
    assert found["module.network.google_compute_firewall.internal"] == [0]
    assert found["google_cloud_run_v2_service.service"] == ["auth", "backend", "frontend"]
    assert found["google_service_account.service"] == ["auth", "backend", "frontend"]
    assert found["module.network.google_vpc_access_connector.connector"] == [None]
    assert len(found) == 11


def test_every_service_has_history() -> None:
    """At least three old revisions each, by whom and when, images by digest; the newest serves."""
    resources = healthy()
    for service in resources.services.values():
        revisions = [
            each for name, each in resources.revisions.items() if name.startswith(service.name + "/")
        ]
        assert len(revisions) >= 4
        assert all("@sha256:" in each.containers[0].image and each.creator for each in revisions)
        newest = max(revisions, key=lambda each: each.create_time)
        assert service.latest_ready_revision == newest.name
        assert service.traffic_statuses[0].revision == newest.name.rpartition("/")[2]
