"""Terraform's state, as it is stored (version 4) or as `terraform show -json` prints it (format 1)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.observations import Source
from checks.terraform.attributes import TYPES, hide, hide_paths, projects_of, without_secretive
from checks.terraform.errors import TerraformUnreadable
from checks.terraform.model import Resource
from checks.terraform.stream import ResourceStream

STATE_VERSION = (
    4  # https://developer.hashicorp.com/terraform/language/state: the only one since Terraform 0.12
)
SHOWN_FORMAT = "1"  # https://developer.hashicorp.com/terraform/internals/json-format


@dataclass(frozen=True, slots=True)
class State:
    """What a state holds of the resources that whybot looks at."""

    resources: tuple[Resource, ...]
    projects: frozenset[str]
    serial: int | None = None
    version: str = ""
    incomplete: tuple[str, ...] = ()


@dataclass
class StateReader:
    """Reads a state of either form from bytes as they come. `where` begins every sentence about it."""

    where: str
    source: Source
    _resources: list[Resource] = field(default_factory=list)
    _incomplete: list[str] = field(default_factory=list)
    _projects: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._stream = ResourceStream(self.where, TYPES, self._take)

    def feed(self, chunk: bytes) -> None:
        """One more part. Raises `TerraformUnreadable`."""
        self._stream.feed(chunk)
        version = self._stream.head.get("version")
        if version is not None:
            self._refuse_other_versions(version)

    def finish(self) -> State:
        """The whole state. Raises `TerraformUnreadable` where it was none."""
        self._stream.finish()
        head = self._stream.head
        self._refuse_other_documents(head)
        for name in self._stream.skipped:
            self._incomplete.append(f"{self.where}: {name} is too large to be read.")
        serial = head.get("serial")
        return State(
            resources=tuple(self._resources),
            projects=frozenset(self._projects),
            serial=serial if isinstance(serial, int) else None,
            version=str(head.get("terraform_version") or ""),
            incomplete=tuple(self._incomplete),
        )

    def _take(self, section: str, found: dict[str, Any]) -> None:
        if section == "resources":
            kept = self._stored(found)
        elif section == "values":
            kept = shown(found, self.source)
        else:
            return
        for resource in kept:
            self._resources.append(resource)
            self._projects |= projects_of([resource.values])

    def _stored(self, found: Mapping[str, Any]) -> Iterator[Resource]:
        name = ".".join(str(found[key]) for key in ("module", "type", "name") if found.get(key))
        instances = found.get("instances")
        if not isinstance(instances, list):
            self._incomplete.append(f"{self.where}: {name} has no list of instances.")
            return
        for instance in instances:
            if not isinstance(instance, dict) or instance.get("deposed"):
                continue  # deposed: an old object that is about to be destroyed; another one took its place
            attributes = instance.get("attributes")
            if not isinstance(attributes, dict):
                self._incomplete.append(f"{self.where}: {name} was recorded by a Terraform before 0.12.")
                continue
            hidden = hide_paths(attributes, instance.get("sensitive_attributes"))
            yield self._resource(found, address(name, instance.get("index_key")), hidden)

    def _resource(self, found: Mapping[str, Any], full_address: str, values: Mapping[str, Any]) -> Resource:
        return Resource(
            full_address,
            str(found["type"]),
            str(found.get("name", "")),
            without_secretive(str(found["type"]), values),
            self.source,
        )

    def _refuse_other_versions(self, version: object) -> None:
        if version == STATE_VERSION:
            return
        if isinstance(version, int) and version < STATE_VERSION:
            told = f"version {version}, of a Terraform before 0.12; any apply with a newer one upgrades it"
        else:
            told = f"version {version}, which is newer than whybot knows ({STATE_VERSION}); upgrade whybot"
        raise TerraformUnreadable(f"{self.where} is a state of {told}.")

    def _refuse_other_documents(self, head: Mapping[str, Any]) -> None:
        keys = self._stream.keys
        if "encrypted_data" in keys:
            raise TerraformUnreadable(
                f"{self.where} is encrypted; name what `terraform show -json` prints of it."
            )
        if "planned_values" in keys or "resource_changes" in keys:
            raise TerraformUnreadable(f"{self.where} is a plan, not a state; name it as `terraform.plan`.")
        if "format_version" in head:
            refuse_other_formats_than_shown(self.where, head["format_version"])
        elif "version" not in head:
            raise TerraformUnreadable(
                f"{self.where} is JSON, but no state of Terraform: it has neither a version nor a format."
            )


def refuse_other_formats_than_shown(where: str, version: object) -> None:
    """Raises `TerraformUnreadable` for a format of `terraform show -json` that whybot does not know."""
    if str(version).partition(".")[0] != SHOWN_FORMAT:
        raise TerraformUnreadable(
            f"{where} has format {version} of `terraform show -json`; whybot knows {SHOWN_FORMAT}.x."
        )


def shown(found: Mapping[str, Any], source: Source) -> Iterator[Resource]:
    """A resource of `values` or `planned_values`, without what is sensitive."""
    values = found.get("values")
    if found.get("deposed_key") or not isinstance(values, dict):
        return
    kind = str(found["type"])
    kept = hide(values, found.get("sensitive_values"))
    if not isinstance(kept, dict):  # the whole resource is sensitive
        kept = hide(values, dict.fromkeys(values, True))
    yield Resource(
        str(found.get("address") or address(f"{kind}.{found.get('name', '')}", found.get("index"))),
        kind,
        str(found.get("name", "")),
        without_secretive(kind, kept),
        source,
    )


def address(name: str, index: object = None) -> str:
    """Terraform's address of an instance: `google_x.y["backend"]`, `google_x.y[0]`."""
    if index is None:
        return name
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    return f"{name}[{json.dumps(index, ensure_ascii=False)}]"
