"""Secret Manager over REST: what versions of secrets there are, never what is in them."""

from collections.abc import Sequence
from typing import Any

from google.cloud import run_v2
from starlette.requests import Request

from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import not_found
from sandbox.cloud.project import Project
from sandbox.cloud.resources import Resources
from sandbox.cloud.rest_server import RestMethod

API = "secretmanager.googleapis.com"
LATEST = "latest"


class SecretManager:
    """The part of its interface that reads metadata."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[RestMethod]:
        """What clients may call."""
        path = "/v1/projects/{project}/secrets/{secret}/versions/{version}"
        name = "secretmanager.versions.get"
        return [RestMethod("GET", path, name, API, name, self._get)]

    async def _get(self, request: Request, _caller: Caller) -> dict[str, Any]:
        secret, version = request.path_params["secret"], request.path_params["version"]
        full = f"projects/{self._project.number}/secrets/{secret}"
        if secret not in self._project.resources.secrets:
            raise not_found(f"Secret [{full}] not found.")
        number, state = found(self._project.resources, secret, version)
        if not state:
            raise not_found(f"Secret Version [{full}/versions/{version}] not found.")
        return {"name": f"{full}/versions/{number}", "state": state, "etag": f'"{number}"'}


def found(resources: Resources, secret: str, version: str) -> tuple[str, str]:
    """Number and state of a version; empty ones where there is none. `latest` is the one made last."""
    versions = resources.secrets.get(secret, {})
    number = max(versions, key=int, default="") if version == LATEST else version
    return number, versions.get(number, "")


def secret_obstacle(containers: Sequence[run_v2.Container], resources: Resources, project: str) -> str:
    """Why containers cannot be given their secrets, as Cloud Run says it; empty where they can.

    `project` is the number, by which Cloud Run calls secrets.
    """
    for index, container in enumerate(containers):
        for place, variable in enumerate(container.env):
            asked = variable.value_source.secret_key_ref
            number, state = found(resources, asked.secret, asked.version) if asked.secret else ("", "ENABLED")
            if state == "ENABLED":
                continue
            where = f"spec.template.spec.containers[{index}].env[{place}].value_from.secret_key_ref.name"
            full = f"projects/{project}/secrets/{asked.secret}/versions/{number or asked.version}"
            gone = (
                f"Secret Version [{full}] is in {state} state." if state else f"Secret {full} was not found"
            )
            return f"{where}: {gone}"
    return ""
