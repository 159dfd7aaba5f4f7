"""The incident made by configuration alone: explained, compared, and healed by the configuration."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.protobuf import field_mask_pb2

from checks.environment import load_overlay
from checks.overlay import Overlay
from tests.acceptance.demo import Demo, running_demo

pytestmark = pytest.mark.timeout(500)

CHANNEL = "C0INCIDENTS"
TRIES = 6
PARENT = "projects/netra-staging/locations/us-central1"
BACKEND = f"{PARENT}/services/netra-backend-staging"


@asynccontextmanager
async def services(overlay: Overlay) -> AsyncIterator[run_v2.ServicesAsyncClient]:
    """The official client, as a person's own script would use it."""
    assert overlay.google is not None
    async with grpc.aio.insecure_channel(overlay.google[0]) as channel:
        yield run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=channel))


async def repair(overlay: Overlay) -> None:
    """Gives the backend its declared VPC access again, as `gcloud run services update` does."""
    async with services(overlay) as client:
        service = await client.get_service(name=BACKEND)
        service.template.vpc_access = run_v2.VpcAccess(
            connector=f"{PARENT}/connectors/staging-connector",
            egress=run_v2.VpcAccess.VpcEgress.ALL_TRAFFIC,
        )
        service.template.revision = ""
        operation = await client.update_service(
            request=run_v2.UpdateServiceRequest(
                service=service,
                update_mask=field_mask_pb2.FieldMask(paths=["template.vpc_access", "template.revision"]),
            )
        )
        await operation.result()


async def verdict(demo: Demo, number: int) -> str:
    """The first line of the next card."""
    user = await demo.user("alice")
    answer = await demo.post("command", user=user, channel=CHANNEL, command="/staging-health", text="")
    assert answer["ok"], answer
    return str((await demo.finished_card(CHANNEL, number))["text"].splitlines()[0])


async def document(demo: Demo, *arguments: str) -> tuple[int, dict[str, Any]]:
    """What a command of whybot prints as JSON, and its exit code."""
    code, out, error = await demo.whybot(*arguments, "--format", "json")
    assert out, error
    return code, json.loads(out)


async def test_the_incident_is_explained_and_healed_by_configuration_alone(tmp_path: Path) -> None:
    """Path and drift name the connector; putting it back through the official client makes staging green."""
    async with running_demo(tmp_path, "--scenario", "seed-503") as demo:
        path_code, path = await document(demo, "path", "staging", "redis")
        drift_code, drift = await document(demo, "drift", "staging")
        broken = await verdict(demo, 1)
        await repair(load_overlay(demo.variables["WHYBOT_OVERLAY"]))
        for number in range(2, TRIES + 2):
            healed = await verdict(demo, number)
            if "🟢" in healed:
                break
        path_after = await document(demo, "path", "staging", "redis")
        drift_after = await document(demo, "drift", "staging")

    assert (path_code, path["verdict"]) == (1, "fail")
    assert path["deciding_step"] == "network"
    deciding = next(step for step in path["steps"] if step["key"] == "network")
    assert deciding["status"] == "fail"
    assert deciding["field"] == "Connector.network"
    assert "legacy-connector" in deciding["message"]
    assert "staging-vpc" in deciding["message"]
    passed = {step["key"] for step in path["steps"] if step["status"] == "pass"}
    assert {"serving", "vpc_access", "egress", "connector", "firewall", "target"} <= passed
    assert "10.1.0.0/28" not in json.dumps(path)
    assert "subnet" not in deciding["message"]

    assert drift_code == 1
    fields = {each["field"]: each for each in drift["differences"]}
    connector = fields["services.backend.vpc_access.connector"]
    assert [connector[side] for side in ("declared", "terraform", "live")] == [
        "staging-connector",
        "staging-connector",
        "legacy-connector",
    ]
    egress = fields["services.backend.vpc_access.egress"]
    assert [egress[side] for side in ("declared", "terraform", "live")] == [
        "all-traffic",
        "all-traffic",
        "private-ranges-only",
    ]
    assert "Redis" in connector["effect"]

    assert "Redis unreachable" in broken
    assert "🟢" in healed
    assert (path_after[0], path_after[1]["verdict"]) == (0, "pass")
    assert drift_after[0] == 0
