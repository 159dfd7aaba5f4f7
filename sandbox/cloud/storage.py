"""Cloud Storage and Resource Manager over REST, and the resizing of connectors."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import google_crc32c
import grpc
from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sandbox.cloud import errors
from sandbox.cloud.calls import Caller
from sandbox.cloud.connectors import API as VPC_ACCESS
from sandbox.cloud.connectors import Connectors
from sandbox.cloud.errors import CloudError
from sandbox.cloud.project import Project
from sandbox.cloud.resources import BucketObject
from sandbox.cloud.rest_server import RestHandler, RestMethod, body

STORAGE = "storage.googleapis.com"
MANAGER = "cloudresourcemanager.googleapis.com"
CHUNK = 256 * 1024


class Storage:
    """Cloud Storage's JSON interface, for reading."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[RestMethod]:
        """What clients may call."""
        bucket = "/storage/v1/b/{bucket}"
        return [
            _storage(bucket, "buckets.get", self._bucket),
            _storage(bucket + "/o", "objects.list", self._list),
            _storage(bucket + "/o/{object:path}", "objects.get", self._get),
            _storage("/download/storage/v1/b/{bucket}/o/{object:path}", "objects.get", self._download),
        ]

    async def _bucket(self, request: Request, _caller: Caller) -> dict[str, Any]:
        name = request.path_params["bucket"]
        self._objects(name)
        return {
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "projectNumber": self._project.number,
            "location": self._project.region.upper(),
            "versioning": {"enabled": True},
        }

    def _objects(self, bucket: str) -> dict[str, BucketObject]:
        found = {
            name: each for (where, name), each in self._project.resources.objects.items() if where == bucket
        }
        if not found:
            raise CloudError(grpc.StatusCode.NOT_FOUND, "The specified bucket does not exist.")
        return found

    async def _list(self, request: Request, _caller: Caller) -> dict[str, Any]:
        bucket = request.path_params["bucket"]
        prefix = request.query_params.get("prefix", "")
        items = [
            self._metadata(request, bucket, name, each)
            for name, each in sorted(self._objects(bucket).items())
            if name.startswith(prefix)
        ]
        return {"kind": "storage#objects", "items": items}

    async def _get(self, request: Request, caller: Caller) -> Any:
        if request.query_params.get("alt") == "media":
            return await self._download(request, caller)
        name, found = self._found(request)
        return self._metadata(request, request.path_params["bucket"], name, found)

    def _found(self, request: Request) -> tuple[str, BucketObject]:
        bucket, name = request.path_params["bucket"], request.path_params["object"]
        found = self._objects(bucket).get(name)
        wanted = request.query_params.get("generation")
        if found is None or (wanted and wanted != str(found.generation)):
            raise CloudError(grpc.StatusCode.NOT_FOUND, f"No such object: {bucket}/{name}")
        return name, found

    @staticmethod
    def _metadata(request: Request, bucket: str, name: str, found: BucketObject) -> dict[str, Any]:
        quoted = name.replace("/", "%2F")
        link = f"{request.url.scheme}://{request.url.netloc}/download/storage/v1/b/{bucket}/o/{quoted}"
        document = {
            "kind": "storage#object",
            "id": f"{bucket}/{name}/{found.generation}",
            "name": name,
            "bucket": bucket,
            "generation": str(found.generation),
            "metageneration": "1",
            "contentType": found.content_type,
            "size": str(found.size),
            "timeCreated": found.updated.isoformat(),
            "updated": found.updated.isoformat(),
            "mediaLink": f"{link}?generation={found.generation}&alt=media",
        }
        if isinstance(found.content, bytes):
            document["md5Hash"], document["crc32c"] = _md5(found.content), _crc32c(found.content)
        return document

    async def _download(self, request: Request, _caller: Caller) -> Response:
        found = self._found(request)[1]
        if request.query_params.get("ifGenerationMatch", str(found.generation)) != str(found.generation):
            raise CloudError(
                grpc.StatusCode.FAILED_PRECONDITION,
                "At least one of the pre-conditions you specified did not hold.",
                http=412,
            )
        first, last = _range(request.headers.get("range", ""), found.size)
        headers = {
            "x-goog-generation": str(found.generation),
            "x-goog-stored-content-length": str(found.size),
            "content-length": str(last - first + 1),
            "accept-ranges": "bytes",
        }
        whole = first == 0 and last == found.size - 1
        if not whole or request.headers.get("range"):
            headers["content-range"] = f"bytes {first}-{last}/{found.size}"
        if isinstance(found.content, bytes):
            headers["x-goog-hash"] = f"crc32c={_crc32c(found.content)},md5={_md5(found.content)}"
        status = 206 if "content-range" in headers else 200
        content = _parts(found.content, first, last)
        return StreamingResponse(content, status, headers, found.content_type)


class Projects:
    """Resource Manager: a project's number, and which permissions a caller has."""

    def __init__(self, project: Project, denied: Callable[[], set[str]]) -> None:
        self._project = project
        self._denied = denied

    def methods(self) -> list[RestMethod]:
        """What clients may call, in both versions of the API."""
        found = []
        for version, get in (("v1", self._get_v1), ("v3", self._get_v3)):
            base = f"/{version}/projects/{{project}}"
            found += [
                _manager("POST", f"{base}:testIamPermissions", "testIamPermissions", "", self._test),
                _manager("GET", base, "get", "resourcemanager.projects.get", get),
            ]
        return found

    async def _get_v1(self, _request: Request, _caller: Caller) -> dict[str, Any]:
        return {
            "projectNumber": self._project.number,
            "projectId": self._project.id,
            "lifecycleState": "ACTIVE",
            "name": self._project.id,
        }

    async def _get_v3(self, _request: Request, _caller: Caller) -> dict[str, Any]:
        return {
            "name": f"projects/{self._project.number}",
            "projectId": self._project.id,
            "state": "ACTIVE",
            "displayName": self._project.id,
        }

    async def _test(self, request: Request, _caller: Caller) -> dict[str, Any]:
        wanted = (await body(request)).get("permissions", [])
        allowed = [each for each in wanted if each not in self._denied()]
        return {"permissions": allowed} if allowed else {}


class Resizing:
    """Connectors over REST: what has no gRPC client (patch), with what is needed to wait for it."""

    def __init__(self, project: Project, connectors: Connectors) -> None:
        self._project = project
        self._connectors = connectors

    def methods(self) -> list[RestMethod]:
        """What clients may call."""
        place = "/v1/projects/{project}/locations/{region}"
        connector = place + "/connectors/{name}"
        operation = place + "/operations/{name}"
        return [
            self._method("GET", connector, "connectors.get", self._get),
            self._method("PATCH", connector, "connectors.update", self._patch),
            self._method("GET", operation, "operations.get", self._operation),
        ]

    @staticmethod
    def _method(verb: str, path: str, name: str, handler: RestHandler) -> RestMethod:
        return RestMethod(verb, path, f"vpcaccess.{name}", VPC_ACCESS, f"vpcaccess.{name}", handler)

    async def _get(self, request: Request, _caller: Caller) -> str:
        connector = self._connectors.found(request.url.path.removeprefix("/v1/"))
        return str(json_format.MessageToJson(type(connector).pb(connector)))

    async def _patch(self, request: Request, caller: Caller) -> str:
        name = request.url.path.removeprefix("/v1/")
        mask = request.query_params.get("updateMask", "")
        operation = await self._connectors.resize(name, mask, await body(request), caller)
        return str(json_format.MessageToJson(operation))

    async def _operation(self, request: Request, _caller: Caller) -> str:
        name = request.url.path.removeprefix("/v1/")
        return str(json_format.MessageToJson(await self._project.operations.get(name)))


def _storage(path: str, name: str, handler: RestHandler) -> RestMethod:
    permission = f"storage.{name}"
    return RestMethod("GET", path, permission, STORAGE, permission, handler, errors.denied_by_storage)


def _manager(verb: str, path: str, name: str, permission: str, handler: RestHandler) -> RestMethod:
    return RestMethod(verb, path, f"resourcemanager.projects.{name}", MANAGER, permission, handler)


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte that are wanted."""
    if not header:
        return 0, size - 1
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", header)
    if match is None or int(match[1]) >= size:
        raise CloudError(grpc.StatusCode.OUT_OF_RANGE, "Request range not satisfiable", http=416)
    return int(match[1]), min(int(match[2] or size - 1), size - 1)


async def _parts(content: bytes | Path, first: int, last: int) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content[first : last + 1]
        return
    async with await anyio.open_file(content, "rb") as file:
        await file.seek(first)
        left = last - first + 1
        while left > 0 and (part := await file.read(min(CHUNK, left))):
            left -= len(part)
            yield part
