"""The names that expressions see at one place of a runbook, and what each of them is taken from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runbooks.cel.expression import Budget, Expression
from runbooks.cel.gaps import reasons
from runbooks.runbook import Each
from runbooks.values import Gap, Partial, Value

NAMED_BY = ("name", "title", "id")
"""The members of a record that name it, the best first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a name is taken from: the evidence of these `sources`.

    `depth` is that of the innermost `each` on which it depends, 0 for none; `subject` is that one's member.
    """

    sources: frozenset[str] = frozenset()
    depth: int = 0
    subject: str = ""


NOTHING = Origin()


@dataclass(frozen=True, slots=True)
class Scope:
    """The names at one place: their values, and where these are from. `depth` counts the `each` around."""

    values: Mapping[str, Value]
    origins: Mapping[str, Origin]
    depth: int = 0

    @classmethod
    def of(cls, facts: Mapping[str, Value]) -> "Scope":
        """The outermost scope: evidence alone, each fact its own source."""
        return cls(facts, {name: Origin(frozenset({name})) for name in facts})

    def origin(self, roots: Iterable[str]) -> Origin:
        """What is taken from where these names are used together."""
        found = [self.origins[root] for root in roots if root in self.origins]
        sources = frozenset[str]().union(*(each.sources for each in found))
        inmost = max(found, key=lambda each: each.depth, default=NOTHING)
        return Origin(sources, inmost.depth, inmost.subject)

    def let(self, names: Mapping[str, Expression], budget: Budget) -> "Scope":
        """With these names as well, each of which may use those before it. Raises `BudgetSpent`."""
        if not names:
            return self
        values, origins = dict(self.values), dict(self.origins)
        scope = Scope(values, origins, self.depth)
        for name, expression in names.items():
            origin = scope.origin(sorted(expression.roots))
            values[name] = expression.evaluate(values, budget)
            origins[name] = origin
        return scope

    def member(self, each: Each, value: Value, subject: str) -> "Scope":
        """With one member of a list under the name of its `each`."""
        depth = self.depth + 1
        origin = Origin(self.origin(each.of.roots).sources, depth, subject)
        return Scope({**self.values, each.name: value}, {**self.origins, each.name: origin}, depth)


@dataclass(frozen=True, slots=True)
class Instance:
    """A runbook or a cause for one member of its `each`, or for none.

    With `gaps` it stands for members of which could not be told whether there are any.
    """

    scope: Scope
    subject: str = ""
    gaps: tuple[Gap, ...] = ()


def instances(
    scope: Scope, each: Each | None, names: Mapping[str, Expression], budget: Budget
) -> tuple[Instance, ...]:
    """One for every member of `each`, with its `let`; raises `BudgetSpent`.

    `each` may use the names of `let` that do not use its own.
    """
    if each is None:
        return (Instance(scope.let(names, budget)),)
    before, after = split(each, names)
    scope = scope.let(before, budget)
    members, gaps = _members(each, each.of.evaluate(scope.values, budget))
    made = [
        Instance(scope.member(each, value, subject).let(after, budget), subject) for subject, value in members
    ]
    return (*made, *([Instance(scope, gaps=gaps)] if gaps else ()))


def split(
    each: Each, names: Mapping[str, Expression]
) -> tuple[Mapping[str, Expression], Mapping[str, Expression]]:
    """The names that are the same for every member, and those that depend on it."""
    depending = {each.name}
    for name, expression in names.items():
        if expression.roots & depending:
            depending.add(name)
    before = {name: expression for name, expression in names.items() if name not in depending}
    return before, {name: expression for name, expression in names.items() if name in depending}


def _members(each: Each, value: Value) -> tuple[list[tuple[str, Value]], tuple[Gap, ...]]:
    """The members that are known, with what each is called, and why there may be more."""
    match value:
        case Gap():
            return [], reasons(value)
        case None:
            return [], ()
        case tuple():
            known = [member for member in value if not isinstance(member, Gap)]
            gaps = [reason for member in value if isinstance(member, Gap) for reason in reasons(member)]
            gaps += value.gaps if isinstance(value, Partial) else ()
            return _called(known), tuple(dict.fromkeys(gaps))
        case Mapping():
            return _members(each, tuple(value[key] for key in sorted(value)))
        case _:
            return [], (
                Gap(each.of.text, f"`{each.of.text}` is no list to take {each.name} from", mistake=True),
            )


def _called(members: Sequence[Value]) -> list[tuple[str, Value]]:
    """Members with their subjects, of which none is there twice."""
    called: dict[str, Value] = {}
    for place, member in enumerate(members, 1):
        subject = subject_of(member) or str(place)
        called[subject if subject not in called else f"{subject} ({place})"] = member
    return list(called.items())


def subject_of(member: Value) -> str:
    """What a member is called; empty where it has no name."""
    if isinstance(member, str):
        return member
    if not isinstance(member, Mapping):
        return ""
    names = (member.get(key) for key in NAMED_BY)
    return next((name for name in names if isinstance(name, str) and name), "")
