"""One case: a bundle, its diagnosis and what the evidence says, as all sections of a report ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from checks.durations import spoken
from runbooks.bundle import Bundle
from runbooks.diagnosis import Diagnosis, Verdict
from runbooks.report.reading import Fields, fields, look, moment, number, records, text
from runbooks.said import one_line, time_ms
from runbooks.values import Gap, Value

WORST = ("fail", "degraded", "unknown", "pass")
DEPENDENCY, SERVICE, EDGE = "dependency", "service", "edge"


@dataclass(frozen=True)
class Case:
    """What a report is made of. `facts` are the roots of evidence by name."""

    bundle: Bundle
    diagnosis: Diagnosis
    facts: Mapping[str, Value]

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self.diagnosis.environment

    @property
    def env(self) -> Fields:
        """What the environment file declares."""
        return fields(self.facts.get("env"))

    def root(self, name: str) -> Value:
        """What is known under one root of evidence; a gap where it is not there."""
        return look(self.facts, name)

    @cached_property
    def checks(self) -> list[Fields]:
        """The checks, those that fail first, else in the order of the bundle."""
        return sorted(records(self.root("checks")), key=lambda check: WORST.index(status_of(check)))

    @cached_property
    def services(self) -> dict[str, Fields]:
        """The declared services by their key."""
        return {key: fields(each) for key, each in fields(self.env.get("services")).items()}

    @cached_property
    def paths(self) -> list[Fields]:
        """The ways of the revisions that serve; not those that were only thought through."""
        return [path for path in records(self.root("paths")) if not text(path.get("planned"))]

    @cached_property
    def closed(self) -> list[Fields]:
        """The ways that are closed."""
        return [path for path in self.paths if path.get("verdict") == "fail"]

    @property
    def well(self) -> bool:
        """Whether everything was asked and is as it should be."""
        return self.diagnosis.status is Verdict.NOTHING_WRONG

    @property
    def onset(self) -> datetime | None:
        """The first failure that the evidence tells; None where it tells none."""
        if self.diagnosis.onset is not None:
            return self.diagnosis.onset.at
        return moment(look(self.root("onset"), "at"))

    @cached_property
    def asked(self) -> list[Fields]:
        """The checks that ask somebody over the network, not what others say of them."""
        return [check for check in self.checks if text(check.get("host"))]

    @cached_property
    def users(self) -> list[Fields]:
        """Those of what users reach: services and the edge."""
        return [check for check in self.asked if check.get("layer") in (SERVICE, EDGE)]

    @cached_property
    def core(self) -> list[Fields]:
        """The checks of the golden path: of services that depend on something; of all, where none does."""
        services = [check for check in self.users if check.get("layer") == SERVICE]
        working = [
            check
            for check in services
            if fields(self.services.get(text(check.get("service")))).get("uses", ()) != ()
        ]
        return working or services


def status_of(check: Fields) -> str:
    """pass, degraded or fail; unknown where it could not be told."""
    status = check.get("status")
    return status if isinstance(status, str) and status in WORST else "unknown"


def title_of(check: Fields) -> str:
    """What people call a check."""
    return text(check.get("title")) or text(check.get("name"))


def what_of(check: Fields) -> str:
    """What was found, in words; of one that could not be told, why."""
    status = check.get("status")
    if not isinstance(status, Gap):
        return text(check.get("message"))
    return one_line(status.why).removeprefix(f"{title_of(check)}: ").removeprefix("could not be told: ")


def time_of(check: Fields) -> str:
    """The time that it took, said as its budget is; a dash where nothing answered."""
    took, budget = number(check.get("duration_ms")), number(check.get("budget_ms")) or 0.0
    return "—" if took is None else time_ms(took, budget)


def budget_of(check: Fields) -> str:
    """The time that it may take; a dash where time counts for nothing."""
    budget = number(check.get("budget_ms")) or 0.0
    return spoken(budget) if budget else "—"


def share(part: float) -> str:
    """`88.3 %`, and never 100 % or 0 % for what only nearly is."""
    for digits in (1, 2, 3):
        rounded = f"{100 * part:.{digits}f}"
        if (part in (0.0, 1.0)) or float(rounded) not in (0.0, 100.0):
            break
    return f"{rounded.rstrip('0').rstrip('.') if '.' in rounded else rounded} %"


def joined(names: list[str]) -> str:
    """`redis, postgres and backend`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
