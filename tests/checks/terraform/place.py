"""Terraform's files as a test writes them, and how they are read."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.environment import Terraform
from checks.observations import Blind, Seen
from checks.reasons import Reason
from checks.terraform.configuration import Configuration, read_configuration
from checks.terraform.model import Infrastructure
from checks.terraform.reader import read_terraform

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BUCKET = "gs://netra-staging-terraform/staging/default.tfstate"
NOTHING = Blind(Reason.CLOUD_NOT_FOUND, "there is no such object")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes files by their paths below the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def configured(folder: Path, files: Mapping[str, str], **variables: Any) -> Configuration:
    """The configuration of these files."""
    return read_configuration(write(folder, files), "infra", variables, NOW)


def network(body: str, before: str = "") -> dict[str, str]:
    """A configuration of one network with this body."""
    return {"main.tf": f'{before}\nresource "google_compute_network" "vpc" {{\n{body}\n}}\n'}


def value_of(folder: Path, expression: str, before: str = "", **variables: Any) -> Any:
    """What an expression evaluates to, as the attribute of a resource."""
    found = configured(folder, network(f"  name = {expression}", before), **variables)
    return next(each.values["name"] for each in found.resources if each.name == "vpc")


def infrastructure(seen: Seen[Infrastructure]) -> Infrastructure:
    """What was read; fails with the reason where nothing was."""
    assert isinstance(seen, Infrastructure), seen
    return seen


def said(seen: Seen[Infrastructure]) -> str:
    """Why nothing was read."""
    assert isinstance(seen, Blind), seen
    return seen.message


async def read(
    folder: Path, *, bucket: Seen[bytes] = NOTHING, project: str | None = None, part: int = 1000, **named: Any
) -> Seen[Infrastructure]:
    """What is read of what an environment file in this folder names; `bucket` is every object there."""

    async def fetch(_bucket: str, _object: str) -> Seen[AsyncIterator[bytes]]:
        return bucket if isinstance(bucket, Blind) else parts(bucket, part)

    return await read_terraform(folder, Terraform(**named), fetch, project=project, now=lambda: NOW)


async def parts(data: bytes, size: int) -> AsyncIterator[bytes]:
    """The data in parts."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def connector(**attributes: Any) -> dict[str, Any]:
    """A connector as a state has it."""
    return {
        "id": "projects/netra-staging/locations/us-central1/connectors/staging-connector",
        "name": "staging-connector",
        "project": "netra-staging",
        "region": "us-central1",
        "network": "staging-vpc",
        "ip_cidr_range": "10.1.0.0/28",
        **attributes,
    }


def stored(*resources: dict[str, Any], **head: Any) -> dict[str, Any]:
    """A state as Terraform stores it."""
    return {
        "version": 4,
        "terraform_version": "1.9.8",
        "serial": 57,
        "lineage": "6b1f",
        "outputs": {"password": {"value": "an output is never read", "type": "string", "sensitive": True}},
        "resources": list(resources),
        "check_results": None,
        **head,
    }


def managed(kind: str, name: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource of a stored state."""
    provider = 'provider["registry.terraform.io/hashicorp/google"]'
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": provider,
        **more,
        "instances": list(instances),
    }


def instance(attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An instance of a resource of a stored state."""
    return {"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], **more}


def text(document: Mapping[str, Any]) -> bytes:
    """A document as Terraform writes it."""
    return json.dumps(document, indent=2).encode()
