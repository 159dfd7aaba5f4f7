"""Compares three sides, field by field."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from typing import Any

from checks.drift.acceptance import Accepted
from checks.drift.effects import Effects, Row, blinds
from checks.drift.fields import FIELDS, Field
from checks.drift.model import Acceptance, Difference, Drift, Severity, Side, SideState
from checks.drift.place import misplaced
from checks.drift.provenance import Provenance
from checks.drift.reading import UNSET, Conflict, Kind, Reading, agree, read, unknown
from checks.drift.scope import Found, Managed, Scope
from checks.drift.subjects import Group, Subject, subjects
from checks.environment import Environment
from checks.observations import Blind, Change, CloudState, Seen, Source
from checks.path.model import Target
from checks.terraform.model import Infrastructure, Resource

WORST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.COSMETIC)
BY_GROUP = {group: [field for field in FIELDS if group in field.groups] for group in Group}


def compare(
    environment: Environment,
    terraform: Seen[Infrastructure] | None,
    live: CloudState,
    targets: Sequence[Target],
    *,
    changes: Seen[Sequence[Change]] = (),
    accepted: Sequence[Acceptance] = (),
    now: datetime,
) -> Drift:
    """What differs between the environment file, Terraform (None: none is named) and live. Never raises."""
    scope = Scope(environment, terraform, live, targets)
    if (slip := misplaced(scope)) is not None:
        return Drift(environment.name, live.read_at, blind=(slip,))
    comparison = Comparison(scope, Provenance(changes, scope.home), Accepted(accepted, now))
    for subject in subjects(scope):
        comparison.add(subject)
    return comparison.result(blinds(scope), changes if isinstance(changes, Blind) else None)


class Comparison:
    """What was found so far, subject by subject."""

    def __init__(self, scope: Scope, provenance: Provenance, accepted: Accepted) -> None:
        self._scope, self._provenance, self._accepted = scope, provenance, accepted
        self._effects = Effects(scope)
        self._differences: dict[str, Difference] = {}
        self._unknown: dict[str, Difference] = {}
        self._fields: dict[str, None] = {}
        self._compared = 0

    def add(self, subject: Subject) -> None:
        """Compares every field of a subject."""
        fields = BY_GROUP[subject.group]
        unsure = subject.declared.thing is None and subject.terraform.state is SideState.UNKNOWN
        if subject.listed or unsure:
            fields = [each for each in fields if not each.name]  # whether it should be there is one question
        rows = [_row(self._scope, subject, field) for field in fields]
        for row in rows:
            self._fields[row.path] = None
            sides = (row.declared, row.terraform, row.live)
            self._compared += sum(each.speaks for each in sides) > 1
            if _disagree(sides, row.field.kind):
                self._differ(row, rows)
            elif untold := [each.side for each in sides if each.side.state is SideState.UNKNOWN]:
                found = _difference(row, Severity.WARNING, f"could not be told: {untold[0].why}")
                self._unknown.setdefault(row.path, found)

    def result(self, blind: tuple[Blind, ...], unheard: Blind | None) -> Drift:
        """All of it, in an order that does not depend on that of what was read."""
        return Drift(
            environment=self._scope.environment.name,
            read_at=self._scope.live.read_at,
            differences=tuple(sorted(self._differences.values(), key=_order)),
            unknown=tuple(sorted(self._unknown.values(), key=lambda each: each.field)),
            blind=tuple(sorted(blind, key=lambda each: (each.message, each.permission or ""))),
            compared=self._compared,
            expired=self._accepted.expired,
            strays=self._accepted.strays(self._fields),
            unheard=unheard,
        )

    def _differ(self, row: Row, rows: Sequence[Row]) -> None:
        severity, effect = self._effects.of(row, rows)
        found = replace(
            _difference(row, severity, effect),
            changed=self._provenance.of(row.subject),
            accepted=self._accepted.of(row.path),
        )
        known = self._differences.setdefault(found.key, found)
        if known is not found:  # two revisions that serve with the same wrong value
            self._differences[found.key] = replace(known, title=f"{known.title} and {row.subject.title}")


def _row(scope: Scope, subject: Subject, field: Field) -> Row:
    existence = not field.name
    return Row(
        field,
        subject,
        _side(scope, subject.declared, field, field.declared, existence=existence),
        _terraform(scope, subject, field, existence=existence),
        _side(scope, subject.live, field, field.live, existence=existence),
    )


def _side(
    scope: Scope, found: Found[Any], field: Field, reader: Callable[[Scope, Any], Any], *, existence: bool
) -> Reading:
    if found.thing is not None:
        return _read(scope, field, reader, found.thing, found.source)
    return _nothing(found.state, found.why, existence=existence)


def _nothing(state: SideState, why: str, *, existence: bool) -> Reading:
    """A side without the thing. That it is absent is told once, by the field of its existence."""
    if state is SideState.UNKNOWN:
        return unknown(why)
    if state is SideState.ABSENT and existence:
        return Reading(Side(SideState.ABSENT, "none"))
    return UNSET


def _terraform(scope: Scope, subject: Subject, field: Field, *, existence: bool) -> Reading:
    found = subject.terraform
    if not isinstance(found.thing, Managed):
        return _side(scope, found, field, field.terraform, existence=existence)
    best, configured = found.thing.best, found.thing.configured
    if field.left_to_others((*best.ignored, *(configured.ignored if configured else ()))):
        return UNSET
    if field.configured_only:
        return UNSET if configured is None else _of_resource(scope, field, configured)
    recorded = _of_resource(scope, field, best)
    if configured is None or configured is best:
        return recorded
    return _together(recorded, _of_resource(scope, field, configured), field.kind)


def _of_resource(scope: Scope, field: Field, resource: Resource) -> Reading:
    return _read(scope, field, field.terraform, resource.values, resource.source)


def _read(
    scope: Scope, field: Field, reader: Callable[[Scope, Any], Any], thing: Any, source: Source | None
) -> Reading:
    try:
        raw = reader(scope, thing)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        # Files and states may hold anything in place of what a provider's schema has.
        return unknown(f"its {field.title} has a form that was not understood", source)
    return read(raw, field.kind, scope.home, source)


def _together(recorded: Reading, configured: Reading, kind: Kind) -> Reading:
    """What the state holds, and what the files want where that is something else (not applied yet)."""
    if configured.side.state is not SideState.KNOWN:
        return recorded
    if not recorded.speaks:
        return configured
    if agree(recorded, configured, kind):
        return recorded
    words = f"{recorded.side.value} (configured: {configured.side.value})"
    return Reading(replace(recorded.side, value=words), Conflict(recorded.value, configured.value))


def _disagree(sides: Sequence[Reading], kind: Kind) -> bool:
    spoken = [each for each in sides if each.speaks]
    return any(not agree(one, other, kind) for one, other in combinations(spoken, 2))


def _difference(row: Row, severity: Severity, effect: str) -> Difference:
    title = f"{row.field.title} of {row.subject.title}"
    if not row.field.name:
        title = row.subject.title
    return Difference(
        field=row.path,
        title=title,
        declared=row.declared.side,
        terraform=row.terraform.side,
        live=row.live.side,
        severity=severity,
        effect=effect,
    )


def _order(difference: Difference) -> tuple[int, str, str]:
    return WORST_FIRST.index(difference.severity), difference.field, difference.key
