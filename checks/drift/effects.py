"""What a difference does: paths are judged as they are and as they would be, and the two are compared.

Nothing is claimed that was not judged: where a path could not be told, the effect says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from checks.dependencies import uses
from checks.drift.fields import Field
from checks.drift.model import Severity, SideState
from checks.drift.reading import NO_ACCESS, Reading, agree
from checks.drift.scope import Scope
from checks.drift.subjects import Carrier, Group, Subject, shares
from checks.names import Ref
from checks.observations import Blind, CloudState, Egress, Interface, VpcAccess
from checks.path.explain import Paths
from checks.path.model import Path, Target
from checks.result import Status

NOTHING = VpcAccess()
"""No VPC access at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one subject with its three sides."""

    field: Field
    subject: Subject
    declared: Reading
    terraform: Reading
    live: Reading

    @property
    def wanted(self) -> Reading:
        """What should be: as declared, else as in Terraform."""
        return self.declared if self.declared.speaks else self.terraform

    @property
    def path(self) -> str:
        """`services.backend.vpc_access.connector`"""
        if not self.field.name:
            return self.subject.exists or self.subject.key
        return f"{self.subject.key}.{self.field.name}".strip(".")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a target is reached: a verdict, and the detours on the way."""

    verdict: Status
    detours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Consequence:
    """What changes between two outcomes: targets cut off, led astray, or of which it could not be told."""

    cut: tuple[str, ...] = ()
    astray: tuple[tuple[str, str], ...] = ()
    doubtful: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cut or self.astray or self.doubtful)

    def __or__(self, other: "Consequence") -> "Consequence":
        return Consequence(
            _both(self.cut, other.cut), _both(self.astray, other.astray), _both(self.doubtful, other.doubtful)
        )

    def said(self, *, would: bool = False) -> str:
        """`cuts Redis off; sends PostgreSQL over VPN tunnel legacy-vpn`"""
        cuts, sends = ("would cut", "would send") if would else ("cuts", "sends")
        parts = [f"{cuts} {_and(self.cut)} off"] if self.cut else []
        astray = [each for each in self.astray if each[0] not in self.cut]
        if astray:
            parts.append(f"{sends} {_and([f'{title} over {detour}' for title, detour in astray])}")
        doubtful = [each for each in self.doubtful if each not in self.cut]
        if doubtful and not parts:
            parts.append(f"what it does to the path to {_and(doubtful)} could not be told")
        return "; ".join(parts)

    @property
    def severity(self) -> Severity:
        """A closed path is critical; a detour or doubt a warning."""
        return Severity.CRITICAL if self.cut else Severity.WARNING


def _both(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _and(words: Sequence[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


Use = tuple[VpcAccess, Target]


class Effects:
    """Effects of differences, worked out over the paths of one state. Each path is judged once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._now = Judge(scope.live)

    def of(self, row: Row, rows: Sequence[Row]) -> tuple[Severity, str]:
        """Severity and effect of a difference. `rows` are all rows of its subject."""
        if row.live.side.state is SideState.UNKNOWN:
            return Severity.WARNING, f"could not be told: {row.live.side.why}"
        if row.field.part is not None:
            return self._of_access(row, rows)
        if not row.field.name and (said := self._of_existence(row)) is not None:
            return said
        if row.field.put is not None:
            return self._of_world(row)
        return self._otherwise(row)

    def _otherwise(self, row: Row) -> tuple[Severity, str]:
        severity, words = row.field.otherwise(row.wanted, row.live)
        if _differs(row, row.wanted, row.live) or row.subject.group is Group.PLACE:
            return severity, words
        if severity is Severity.COSMETIC:
            return severity, f"no effect now; {_next_apply(row)}"
        return severity, f"not now; {_next_apply(row)}"

    def _of_existence(self, row: Row) -> tuple[Severity, str] | None:
        live, declared = row.live.side.state, row.declared.side.state
        if live is SideState.KNOWN and row.terraform.side.state is SideState.ABSENT:
            if declared is SideState.KNOWN:
                return Severity.WARNING, "not in Terraform, which would not make it again"
            return None if row.subject.group in RULES else _unmanaged(row.subject.group)
        if live is SideState.ABSENT and row.subject.group is Group.SERVICE:
            return Severity.CRITICAL, "the service is not there"
        if live is SideState.ABSENT and row.subject.group in (Group.REDIS, Group.SQL):
            return Severity.CRITICAL, "the instance is not there"
        return None

    # VPC access of one service

    def _of_access(self, row: Row, rows: Sequence[Row]) -> tuple[Severity, str]:
        targets = self._targets(row.subject.service)
        carrier = row.subject.live.thing
        live = (carrier.vpc if isinstance(carrier, Carrier) else None) or NOTHING
        if not _differs(row, row.wanted, row.live):
            return self._next_apply(row, rows, live, targets)
        wanted = access(rows, lambda each: each.wanted, live, self._scope)
        found = Consequence()
        if wanted is not None:
            broken, mended = _exchanged(row.field.part == "way", live, wanted)
            found = self._between(wanted, broken, targets) | self._between(mended, live, targets)
        template = row.subject.group is Group.TEMPLATE
        if found:
            severity = Severity.WARNING if template else found.severity
            return severity, found.said(would=template) + (" once it serves" if template else "")
        if not targets and row.field.part == "way":
            return Severity.COSMETIC, "cosmetic: no declared dependency is reached over it"
        severity, words = row.field.otherwise(row.wanted, row.live)
        return severity, f"once it serves: {words}" if template else words

    def _next_apply(
        self, row: Row, rows: Sequence[Row], live: VpcAccess, targets: Sequence[Target]
    ) -> tuple[Severity, str]:
        applied = access(rows, lambda each: each.terraform, live, self._scope)
        found = self._between(live, applied, targets) if applied is not None else Consequence()
        if found.cut or found.astray:
            return Severity.WARNING, f"not now; the next apply of Terraform {found.said(would=True)}"
        return Severity.WARNING, f"not now; {_next_apply(row)}"

    def _between(self, before: VpcAccess, after: VpcAccess, targets: Sequence[Target]) -> Consequence:
        return consequence(
            [(each, self._now.outcome(before, each), self._now.outcome(after, each)) for each in targets]
        )

    # what many services share

    def _of_world(self, row: Row) -> tuple[Severity, str]:
        live_differs = _differs(row, row.wanted, row.live)
        value = (row.wanted if live_differs else row.terraform).value
        state = row.field.put(self._scope, row.subject, value) if row.field.put else None
        if state is None:
            return self._otherwise(row)
        other = Judge(state)
        before, after = (other, self._now) if live_differs else (self._now, other)
        found = consequence(
            [(target, before.outcome(vpc, target), after.outcome(vpc, target)) for vpc, target in self._uses]
        )
        if found and live_differs:
            known = "" if found.cut or found.astray else f"{self._otherwise(row)[1]}; "
            return found.severity, known + found.said()
        if found.cut or found.astray:
            return Severity.WARNING, f"not now; the next apply of Terraform {found.said(would=True)}"
        return self._otherwise(row)

    @cached_property
    def _uses(self) -> list[Use]:
        """Every way that serves, with every target that is reached over it, once each."""
        found: dict[Use, None] = {}
        for key, service in self._scope.environment.services.items():
            live = self._scope.service(service.cloud_run or "").thing
            for name in shares(live) if live is not None else ():
                revision = self._scope.revision(live.name, name).thing if live else None
                if revision is not None:
                    for target in self._targets(key):
                        found[revision.vpc or NOTHING, target] = None
        return list(found)

    def _targets(self, service: str) -> list[Target]:
        names = uses(self._scope.environment, service)
        return [self._scope.targets[name] for name in names if name in self._scope.targets]


RULES = (Group.FIREWALL, Group.ROUTE)


def _unmanaged(group: Group) -> tuple[Severity, str]:
    used = "" if group in (Group.REDIS, Group.SQL) else ", and nothing declared uses it"
    return Severity.COSMETIC, f"cosmetic: it is not in Terraform{used}"


def _next_apply(row: Row) -> str:
    if row.terraform.side.state is SideState.ABSENT:
        return "Terraform does not look after it"
    return f"the next apply of Terraform sets it to {row.terraform.side.value}"


def _differs(row: Row, one: Reading, other: Reading) -> bool:
    return one.speaks and other.speaks and not agree(one, other, row.field.kind)


def _exchanged(way: bool, live: VpcAccess, wanted: VpcAccess) -> tuple[VpcAccess, VpcAccess]:
    """What is wanted with this part as it is live, and live with this part as it is wanted."""
    live_way = VpcAccess(live.connector, wanted.egress, live.interfaces)
    wanted_way = VpcAccess(wanted.connector, live.egress, wanted.interfaces)
    return (live_way, wanted_way) if way else (wanted_way, live_way)


def access(rows: Iterable[Row], side: Any, live: VpcAccess, scope: Scope) -> VpcAccess | None:
    """The VPC access that a side says; None where it does not say which way."""
    by_name = {row.field.name: side(row) for row in rows}
    connector, network, egress = (
        by_name.get(f"vpc_access.{part}") for part in ("connector", "network", "egress")
    )
    said = egress.value if egress is not None and isinstance(egress.value, Egress) else live.egress
    if connector is not None and isinstance(connector.value, Ref):
        return VpcAccess(_home(connector.value, scope), said)
    if connector is not None and connector.side.state is SideState.ABSENT:
        if network is not None and isinstance(network.value, Ref):
            return VpcAccess(None, said, (Interface(_home(network.value, scope, "global"), None),))
        return NOTHING if connector.side.value == NO_ACCESS.words else None
    return None


def _home(ref: Ref, scope: Scope, location: str = "") -> Ref:
    return Ref(ref.name, ref.kind, ref.project or scope.live.project, ref.location or location)


class Judge:
    """Outcomes in one state, each worked out once: what is planned does not depend on the service."""

    def __init__(self, state: CloudState) -> None:
        self._paths = Paths(state)
        self._known: dict[Use, Outcome] = {}

    def outcome(self, vpc: VpcAccess, target: Target) -> Outcome:
        """How a target is reached with a VPC access."""
        use = (vpc, target)
        if use not in self._known:
            self._known[use] = _summed(self._paths.explain("", target, planned=vpc))
        return self._known[use]


def _summed(paths: Iterable[Path]) -> Outcome:
    found = tuple(paths)
    verdicts = {each.verdict for each in found}
    verdict = next((each for each in (Status.FAIL, Status.UNKNOWN) if each in verdicts), Status.PASS)
    detours = {
        step.observed.partition(" over ")[2] or step.message
        for path in found
        for step in path.steps
        if step.detour and " over " in step.observed
    }
    return Outcome(verdict, frozenset(detours))


def consequence(outcomes: Iterable[tuple[Target, Outcome, Outcome]]) -> Consequence:
    """What is worse after than before, by the titles of targets."""
    cut, astray, doubtful = [], [], []
    for target, before, after in outcomes:
        if before.verdict is Status.PASS and after.verdict is Status.FAIL:
            cut.append(target.title)
        elif Status.FAIL not in (before.verdict, after.verdict) and (new := after.detours - before.detours):
            astray += [(target.title, detour) for detour in sorted(new)]
        elif before.verdict is not after.verdict and Status.UNKNOWN in (before.verdict, after.verdict):
            doubtful.append(target.title)
    return Consequence(_both((), tuple(cut)), _both((), tuple(astray)), _both((), tuple(doubtful)))


def blinds(scope: Scope) -> tuple[Blind, ...]:
    """What could not be read at all and matters here, each once."""
    live = scope.live
    services = [each.cloud_run for each in scope.environment.services.values() if each.cloud_run]
    kinds = {each.kind for each in scope.targets.values()}
    seen: list[Any] = [
        scope.terraform,
        *getattr(scope.terraform, "blind", ()),
        live.services,
        *(live.revisions.get(name) for name in services),
        live.connectors, live.networks, live.subnets, live.routes, live.firewalls,
        live.redis if "redis" in kinds else None,
        live.sql if "postgres" in kinds else None,
        *(routes for _, routes in sorted(live.peering_routes.items())),
        *(why for _, why in sorted(live.unlisted_routes.items())),
    ]  # fmt: skip
    return tuple(dict.fromkeys(each for each in seen if isinstance(each, Blind)))
