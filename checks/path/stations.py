"""A path as a row of stations to draw: revision, connector, network, route, target."""

from dataclasses import dataclass

from checks.path.model import Path, Step, StepKey
from checks.result import Status

AT = (
    ("revision", (StepKey.SERVING, StepKey.VPC_ACCESS, StepKey.EGRESS)),
    ("connector", (StepKey.CONNECTOR,)),
    ("network", (StepKey.NETWORK,)),
    ("route", (StepKey.ROUTE, StepKey.MORE_SPECIFIC, StepKey.FIREWALL)),
    ("target", (StepKey.TARGET, StepKey.PROTOCOL)),
)
"""Each station and the steps that are about it."""
BETWEEN = frozenset({"connector", "network", "route"})
WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Station:
    """One box of a drawn path. `status` is the worst of its steps; `beyond`: the path ended before it."""

    kind: str
    name: str
    note: str
    status: Status
    steps: tuple[Step, ...]
    beyond: bool = False


def stations(path: Path) -> tuple[Station, ...]:
    """The stations that the path has; one that leaves directly has nothing between."""
    steps = {step.key: step for step in path.steps}
    found: list[Station] = []
    ended = False
    for kind, keys in AT:
        about = tuple(steps[key] for key in keys)
        status = next(each for each in WORST_FIRST if any(step.status is each for step in about))
        if (status is Status.SKIPPED and kind in BETWEEN) or (kind == "route" and ended):
            continue
        name, note = _named(kind, path, steps)
        found.append(Station(kind, name, note, status, about, ended))
        ended = ended or status is Status.FAIL
    return tuple(found)


def _named(kind: str, path: Path, steps: dict[StepKey, Step]) -> tuple[str, str]:
    if kind == "revision":
        share = "planned" if path.planned else f"{path.percent} %" if path.revision else ""
        return path.revision or path.service, share
    if kind == "connector":
        by = steps[StepKey.VPC_ACCESS].observed.removeprefix("over connector ")
        return by or "connector", steps[StepKey.CONNECTOR].observed
    if kind == "network":
        step = steps[StepKey.NETWORK]
        needed = f"{step.expected} would lead there" if step.status is Status.FAIL and step.expected else ""
        return step.observed or "network", needed
    if kind == "route":
        return "route", steps[StepKey.ROUTE].observed
    address = path.address or path.target.host
    shown = f"[{address}]" if ":" in address else address
    return path.target.title, f"{shown}:{path.target.port}"
