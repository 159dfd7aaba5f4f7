"""Names of Google Cloud's resources: bare, full or as a URL, they are compared as the same thing.

`staging-vpc`, `projects/netra-staging/global/networks/staging-vpc`,
`projects/481516234200/global/networks/staging-vpc`
and `https://www.googleapis.com/compute/v1/projects/…/networks/staging-vpc` are spellings of one network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

_PLACES = frozenset({"locations", "regions", "zones"})


@dataclass(frozen=True, slots=True)
class Ref:
    """A resource: its `name`, and where it is as far as the spelling said. `kind` is the collection:
    `networks`."""

    name: str
    kind: str = ""
    project: str = ""
    location: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Home:
    """What bare names are relative to. `numbers` maps project numbers to project ids as far as is known."""

    project: str
    region: str = ""
    numbers: Mapping[str, str] | None = None

    def ref(self, spelling: str, kind: str, location: str | None = None) -> Ref:
        """The resource behind a spelling; a bare name is one of this home, `global` for networks.

        `location` is where a bare name is; the home's region by default.
        """
        found = parse_ref(spelling, kind)
        project = (self.numbers or {}).get(found.project, found.project) or self.project
        default = "global" if kind == "networks" else self.region if location is None else location
        return Ref(found.name, kind, project, found.location or default)


def parse_ref(spelling: str, kind: str = "") -> Ref:
    """Reads a spelling; what it does not say is empty."""
    path = urlsplit(spelling).path if "://" in spelling else spelling
    parts = [part for part in path.split("/") if part]
    if not parts:
        return Ref("", kind)
    pairs = dict(pairwise(parts))
    location = next((pairs[place] for place in parts if place in _PLACES and place in pairs), "")
    if not location and "global" in parts[:-1]:
        location = "global"
    return Ref(parts[-1], parts[-2] if len(parts) > 1 else kind, pairs.get("projects", ""), location)


def same(one: Ref | None, other: Ref | None) -> bool:
    """Whether two refs are one resource; what one of them does not say is no difference."""
    if one is None or other is None:
        return one is other
    return one.name == other.name and all(
        not mine or not theirs or mine == theirs
        for mine, theirs in ((one.project, other.project), (one.location, other.location))
    )
