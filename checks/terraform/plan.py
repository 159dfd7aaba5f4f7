"""A plan as `terraform show -json PLAN` prints it: what would be there after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.observations import Source
from checks.terraform.attributes import TYPES, blank, hide, projects_of, without_secretive
from checks.terraform.errors import TerraformUnreadable
from checks.terraform.model import Resource, Sensitive
from checks.terraform.state import State, address, refuse_other_formats_than_shown, shown
from checks.terraform.stream import ResourceStream

LATER = "Terraform knows it only after it has applied the plan"


@dataclass
class PlanReader:
    """Reads a plan from bytes as they come. `where` begins every sentence about it."""

    where: str
    source: Source
    _planned: dict[str, Resource] = field(default_factory=dict)
    _changed: dict[str, Resource | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stream = ResourceStream(self.where, TYPES, self._take)

    def feed(self, chunk: bytes) -> None:
        """One more part. Raises `TerraformUnreadable`."""
        try:
            self._stream.feed(chunk)
        except TerraformUnreadable:
            self._refuse_log()
            raise

    def finish(self) -> State:
        """What the plan would make. Raises `TerraformUnreadable` where it was none."""
        self._stream.finish()
        self._refuse_log()
        head, keys = self._stream.head, self._stream.keys
        if "planned_values" not in keys and "resource_changes" not in keys:
            self._refuse_other_documents(keys)
        refuse_other_formats_than_shown(self.where, head.get("format_version"))
        # planned_values leaves out what is known later, resource_changes what -target left out.
        after = {**self._planned, **self._changed}
        resources = tuple(resource for resource in after.values() if resource is not None)
        return State(
            resources=resources,
            projects=projects_of(resource.values for resource in resources),
            version=str(head.get("terraform_version") or ""),
            incomplete=tuple(
                f"{self.where}: {name} is too large to be read." for name in self._stream.skipped
            ),
        )

    def _take(self, section: str, found: dict[str, Any]) -> None:
        if section == "planned_values":
            self._planned |= {resource.address: resource for resource in shown(found, self.source)}
        elif section == "resource_changes" and not found.get("deposed"):
            full = str(
                found.get("address")
                or address(f"{found['type']}.{found.get('name', '')}", found.get("index"))
            )
            self._changed[full] = self._after(full, found)

    def _after(self, full_address: str, found: Mapping[str, Any]) -> Resource | None:
        """The resource after the change, or None where it will be gone."""
        change = found.get("change")
        if not isinstance(change, dict) or change.get("after") is None:
            return None
        values = blank(change["after"], change.get("after_unknown"), LATER)
        values = hide(values, change.get("after_sensitive"))
        kind = str(found["type"])
        if not isinstance(values, dict):  # the whole resource is sensitive, or all of it is known later
            values = dict.fromkeys(change["after"], values if values is not None else Sensitive())
        kept = without_secretive(kind, values)
        return Resource(full_address, kind, str(found.get("name", "")), kept, self.source)

    def _refuse_log(self) -> None:
        """`terraform plan -json` prints one line of JSON for each event of the run; that is no plan."""
        if {"@level", "@message"} <= set(self._stream.keys):
            raise TerraformUnreadable(
                f"{self.where} is the log of a run (`plan -json`), not a plan; save the plan with -out and "
                "name what `terraform show -json` prints of it."
            ) from None

    def _refuse_other_documents(self, keys: list[str]) -> None:
        if "values" in keys or "resources" in keys:
            raise TerraformUnreadable(f"{self.where} is a state, not a plan; name it as `terraform.state`.")
        raise TerraformUnreadable(
            f"{self.where} is JSON, but no plan of Terraform; name what `terraform show -json PLAN` prints."
        )
