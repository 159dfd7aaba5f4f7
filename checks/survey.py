"""The paths of an environment: which services and dependencies are asked about, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.dependencies import is_dependency, uses
from checks.environment import Environment, UnknownCheck
from checks.eyes import Eyes
from checks.path.model import Path
from checks.result import Status
from checks.validation import nearest

WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS)


class UnknownDependency(UnknownCheck):
    """`No path to "backend" in staging. There are: redis, postgres.`"""

    def __str__(self) -> str:
        return super().__str__().replace("No check ", "No path to ", 1)


class UnknownService(UnknownCheck):
    """`No service "backnd" in staging. Did you mean backend?`"""

    def __str__(self) -> str:
        return super().__str__().replace("No check ", "No service on Cloud Run ", 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: services by their key in the file, each with the names of dependencies."""

    environment: str
    paths: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The paths that were found, each with its service's key; worst first, then as in the file."""

    environment: str
    title: str
    read_at: datetime
    paths: tuple[tuple[str, Path], ...]

    @property
    def verdict(self) -> Status:
        """The worst verdict; unknown where there is no path."""
        found = {path.verdict for _, path in self.paths}
        return next((each for each in WORST_FIRST if each in found), Status.UNKNOWN)


def dependencies(environment: Environment) -> tuple[str, ...]:
    """The names of all checks to which there can be a path."""
    return tuple(spec.name for spec in environment.checks.values() if is_dependency(spec))


def on_cloud_run(environment: Environment) -> tuple[str, ...]:
    """The keys of all services that a path can begin at."""
    return tuple(key for key, service in environment.services.items() if service.cloud_run)


def choose(environment: Environment, names: Sequence[str] = (), service: str | None = None) -> Asked:
    """Which paths are meant: of one service or all, to these dependencies or to what each service uses.

    A dependency that is named and that no service uses is asked of every service. Raises
    `UnknownDependency` or `UnknownService` with the nearest names.
    """
    known, services = dependencies(environment), on_cloud_run(environment)
    wanted = tuple(dict.fromkeys(name.lower() for name in names))
    for name in wanted:
        if name not in known:
            raise UnknownDependency(name, environment.name, tuple(nearest(name, list(known))), known)
    if service is not None:
        if service not in services:
            near = tuple(nearest(service, list(services)))
            raise UnknownService(service, environment.name, near, services)
        return Asked(environment.name, ((service, wanted or uses(environment, service)),))
    used = {key: uses(environment, key) for key in services}
    lonely = {name for name in wanted if not any(name in each for each in used.values())}
    chosen = {
        key: tuple(name for name in (wanted or each) if name in each or name in lonely)
        for key, each in used.items()
    }
    return Asked(environment.name, tuple((key, each) for key, each in chosen.items() if each))


async def survey(eyes: Eyes, asked: Asked, *, seconds: float = 20.0) -> Survey:
    """Asks for every path. What cannot be read in so many seconds raises nothing: its paths are unknown."""
    found = [
        (key, path) for key, names in asked.paths for path in await eyes.paths(key, names, seconds=seconds)
    ]
    found.sort(key=lambda each: WORST_FIRST.index(each[1].verdict))
    environment = eyes.environment
    return Survey(environment.name, environment.title or environment.name, eyes.now(), tuple(found))
