"""The environment file: what should be true, typed; every mistake is reported at once, with its line."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PrivateAttr,
    ValidationError,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema

from checks.document import Document, FileError, Place, Problem, read_document
from checks.kinds import KINDS
from checks.overlay import Overlay, parse_endpoint
from checks.spec import CheckSpec, Milliseconds, Strict, parse_milliseconds
from checks.validation import (
    CHANNEL_ID,
    CHECK_NAME,
    ENVIRONMENT_NAME,
    did_you_mean,
    nearest,
    problems_of,
    shown,
)

__all__ = [
    "Environment",
    "EnvironmentFileError",
    "Overlay",
    "Problem",
    "UnknownCheck",
    "UnknownEnvironment",
    "find_environment",
    "load_environment",
    "load_environments",
    "load_overlay",
]

SUFFIXES = (".yaml", ".yml")
Model = TypeVar("Model", bound=BaseModel)


class EnvironmentFileError(FileError):
    """An environment file or overlay is wrong. `problems` has every mistake; `str()` is for people."""


class UnknownCheck(LookupError):  # noqa: N818 - a name that a person mistyped, not an error of whybot
    """`No check "reddis" in staging. Did you mean redis?`"""

    def __init__(self, name: str, environment: str, nearest: tuple[str, ...], known: tuple[str, ...]) -> None:
        self.name, self.environment, self.nearest, self.known = name, environment, nearest, known
        super().__init__(name)

    def __str__(self) -> str:
        return f'No check "{self.name}" in {self.environment}. {_suggestion(self.nearest, self.known)}'


class UnknownEnvironment(LookupError):  # noqa: N818 - a name that a person mistyped, not an error of whybot
    """`No environment "stagin" in environments. Did you mean staging?`"""

    def __init__(self, name: str, folder: Path, nearest: tuple[str, ...], known: tuple[str, ...]) -> None:
        self.name, self.folder, self.nearest, self.known = name, folder, nearest, known
        super().__init__(name)

    def __str__(self) -> str:
        return f'No environment "{self.name}" in {self.folder}. {_suggestion(self.nearest, self.known)}'


def _suggestion(near: tuple[str, ...], known: tuple[str, ...]) -> str:
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"There are: {', '.join(known)}." if known else "There are none; is the folder right?"


def parse_share(value: object) -> object:
    """Reads `99.9%` or `0.999`; returns a share between 0 and 1. Raises ValueError for anything else."""
    share = value
    with suppress(ValueError):
        if isinstance(value, str) and value.strip().endswith("%"):
            share = float(value.strip()[:-1]) / 100
        elif isinstance(value, str):
            share = float(value)
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= 1:
        raise ValueError("is no share; write for example 99.9%")
    return share


class OneOfKinds:
    """Marks a field as one of `KINDS`, told apart by `kind`: a new kind needs no line here."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """pydantic's hook: a tagged union of the models of all kinds."""
        choices = {kind: handler.generate_schema(model) for kind, model in models().items()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")


def models() -> dict[str, type[CheckSpec]]:
    """The model of each kind of check, by the name that files use for it."""
    return {str(model.model_fields["kind"].default): model for model in KINDS}


class Slo(Strict):
    """What is promised to the users of the environment."""

    availability: Annotated[
        float,
        BeforeValidator(parse_share),
        WithJsonSchema({"type": ["string", "number"], "examples": ["99.9%", 0.999]}),
    ]


class SlackHome(Strict):
    """Where whybot speaks of this environment by itself. An id, since listing channels is rate-limited."""

    channel: str = Field(pattern=CHANNEL_ID)


class Connector(Strict):
    """The Serverless VPC Access connector that services should use. Its /28 is a subnet of its own."""

    name: str
    cidr: IPv4Network
    egress: Literal["all-traffic", "private-ranges-only"] = "private-ranges-only"


class Network(Strict):
    """The network that services should use, and where names may point to besides public addresses."""

    vpc: str | None = None
    connector: Connector | None = None
    ranges: tuple[IPv4Network | IPv6Network, ...] = ()


class Service(Strict):
    """A service of the environment: its Cloud Run name, its address for users, and what it depends on.

    `uses` are names of checks; without it, every check of layer `dependency`.
    """

    cloud_run: str | None = None
    url: str | None = None
    uses: tuple[str, ...] | None = None


class Terraform(Strict):
    """Where Terraform's files are: a path from the environment file's folder, or `gs://BUCKET/OBJECT`.

    `configuration` is a folder of `.tf` files. `state` is a state file or what `terraform show -json`
    prints of
    one; `plan` what it prints of a saved plan.
    """

    configuration: str | None = None
    state: str | None = None
    plan: str | None = None
    variables: dict[str, str | int | float | bool] = Field(default_factory=dict)


class Tests(Strict):
    """The environment's own tests in Python: their folder, from the environment file's folder on, and the
    class that all of them should derive from. `pattern` is how files with tests are called.
    """

    folder: str = Field(min_length=1)
    base: str = Field(pattern=r"^[A-Za-z_][\w.]*$")
    pattern: str = Field(default="test_*.py", min_length=1)


class JobVantage(Strict):
    """A Cloud Run job of whybot's image with the VPC access of `service` (a key of `services`)."""

    name: str
    service: str
    timeout: Milliseconds = 60_000.0


class Vantages(Strict):
    """Where checks may run besides `here`."""

    job: JobVantage | None = None


Interval = Annotated[
    float,
    BeforeValidator(parse_milliseconds),
    Field(ge=60_000, le=86_400_000),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15m", "60m"]}),
]


class Schedules(Strict):
    """What whybot does by itself, and how often; nothing where it is not set."""

    drift: Interval | None = None


class AcceptedDrift(Strict):
    """A difference that a person lets be until a day (the last one, in UTC), with a reason."""

    field: str
    by: str
    reason: str = Field(min_length=1)
    until: date


CheckName = Annotated[str, Field(pattern=CHECK_NAME)]


class Environment(Strict):
    """One environment file, checked."""

    schema_: Literal["whybot/environment/1"] = Field(alias="schema")
    name: str = Field(pattern=ENVIRONMENT_NAME)
    title: str | None = None
    project: str | None = None
    region: str | None = None
    slo: Slo | None = None
    slack: SlackHome | None = None
    network: Network = Network()
    services: dict[str, Service] = Field(default_factory=dict)
    terraform: Terraform | None = None
    tests: Tests | None = None
    vantages: Vantages = Vantages()
    schedules: Schedules = Schedules()
    accepted_drift: tuple[AcceptedDrift, ...] = ()
    checks: dict[CheckName, Annotated[CheckSpec, OneOfKinds]] = Field(min_length=1)

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder of the environment file, from which the paths in it start."""
        return self._folder

    @field_validator("checks")
    @classmethod
    def _named_by_their_keys(cls, checks: dict[str, CheckSpec]) -> dict[str, CheckSpec]:
        return {name: spec.model_copy(update={"name": name}) for name, spec in checks.items()}

    def hosts(self) -> frozenset[str]:
        """Every host name and address that the checks name, in lower case: all that may be connected to."""
        return frozenset(host for spec in self.checks.values() for host in spec.hosts())

    def select(self, names: Iterable[str] = ()) -> list[CheckSpec]:
        """The checks of these names, each once, in the order of the file; all of them for no names.

        Raises `UnknownCheck` with the nearest names for the first that the file does not have.
        """
        wanted = {name.lower() for name in names}
        known = tuple(self.checks)
        for name in sorted(wanted - set(known)):
            raise UnknownCheck(name, self.name, tuple(nearest(name, list(known))), known)
        return [spec for name, spec in self.checks.items() if not wanted or name in wanted]


def load_environment(path: Path | str, named: str | None = None) -> Environment:
    """Reads one environment file. Raises `EnvironmentFileError` with every problem of it.

    `named` is the name that it must have, if that is known.
    """
    document = read_document(Path(path))
    _complain_of_names(document)
    _complain_of_references(document)
    if named is not None:
        _complain_of_another_name(document, named)
    environment = _validated(document, Environment)
    if environment is None or document.problems:
        raise EnvironmentFileError(tuple(document.problems))
    environment._folder = Path(path).parent  # noqa: SLF001 - the model's own reader sets it
    return environment


def load_environments(folder: Path | str) -> dict[str, Environment]:
    """Every environment file of a folder, by name. Raises `EnvironmentFileError` with the problems of all.

    A file is named as its environment is, so that a name leads to its file.
    """
    problems = _doubled(Path(folder))
    environments: dict[str, Environment] = {}
    for name, path in _files(Path(folder)).items():
        try:
            environments[name] = load_environment(path, name)
        except EnvironmentFileError as error:
            problems += error.problems
    if not environments and not problems:
        problems.append(
            Problem(str(folder), 1, "", "no environment file", "a folder with a file such as staging.yaml")
        )
    if problems:
        raise EnvironmentFileError(tuple(problems))
    return environments


def find_environment(folder: Path | str, name: str) -> Environment:
    """The environment of that name; its file alone is read, so another's mistakes do not matter.

    Raises `UnknownEnvironment` with the nearest names, or `EnvironmentFileError`.
    """
    files = _files(Path(folder))
    if doubled := [problem for problem in _doubled(Path(folder)) if Path(problem.file).stem == name]:
        raise EnvironmentFileError(tuple(doubled))
    if name not in files:
        raise UnknownEnvironment(name, Path(folder), tuple(nearest(name, list(files))), tuple(files))
    return load_environment(files[name], name)


def load_overlay(path: Path | str) -> Overlay:
    """Reads an overlay file: `addresses`, `dns` and `authorities`. Raises `EnvironmentFileError`."""
    if not Path(path).exists():
        hint = "an overlay that exists; the sandbox that wrote this one may have ended"
        raise EnvironmentFileError((Problem(str(path), 1, "", "no such file", hint),))
    document = read_document(Path(path))
    read = _validated(document, _OverlayFile)
    if read is None or document.problems:
        raise EnvironmentFileError(tuple(document.problems))
    server = parse_endpoint(read.dns) if read.dns else None
    folder = Path(path).parent
    return Overlay(
        addresses=read.addresses,
        dns=(str(server[0]), server[1]) if server else None,
        authorities=tuple(folder / authority for authority in read.authorities),
        google=(read.google.grpc, read.google.rest) if read.google else None,
    )


def _local(endpoint: str) -> str:
    address, _ = parse_endpoint(endpoint)
    if not ip_address(address).is_loopback:
        raise ValueError("is no loopback address with a port; write for example 127.0.0.1:6379")
    return endpoint


def _endpoint(endpoint: str) -> str:
    parse_endpoint(endpoint)
    return endpoint


Endpoint = Annotated[str, BeforeValidator(_endpoint)]
Local = Annotated[str, BeforeValidator(_local)]


class _GoogleOverlay(Strict):
    grpc: Local
    rest: Local


class _OverlayFile(Strict):
    addresses: dict[Endpoint, Local] = Field(default_factory=dict)
    google: _GoogleOverlay | None = None
    dns: Local | None = None
    authorities: tuple[Path, ...] = ()


def _files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in _found(folder)}


def _found(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES and path.is_file()]


def _doubled(folder: Path) -> list[Problem]:
    """`staging.yml` beside `staging.yaml`: one would be read in place of the other."""
    paths = _found(folder)
    return [
        Problem(str(path), 1, "", f"a second file of this name, beside {other.name}", "one of them")
        for other, path in pairwise(paths)
        if path.stem == other.stem
    ]


def _complain_of_names(document: Document) -> None:
    """A check's name is its key; `name` is a field of ours that files must not set."""
    checks = document.data.get("checks") if isinstance(document.data, dict) else None
    for key, fields in checks.items() if isinstance(checks, dict) else ():
        if isinstance(fields, dict) and "name" in fields:
            place = ("checks", key, "name")
            document.complain(document.line(place), place, "an unknown field", "nothing: the key is the name")


def _complain_of_references(document: Document) -> None:
    """A name that stands for something else of the file has to be one that the file has."""
    checks, services = _mapping(document.data, "checks"), _mapping(document.data, "services")
    for key, fields in services.items():
        uses = fields.get("uses") if isinstance(fields, dict) else None
        for position, name in enumerate(uses if isinstance(uses, list) else ()):
            if isinstance(name, str) and name not in checks:
                place: Place = ("services", key, "uses", position)
                _complain_of_name(document, place, name, "a check of this file", list(checks))
    on_cloud_run = [
        key for key, fields in services.items() if isinstance(fields, dict) and fields.get("cloud_run")
    ]
    _complain_of_checks(document, checks, on_cloud_run)
    name = _mapping(_mapping(document.data, "vantages"), "job").get("service")
    if isinstance(name, str) and name not in on_cloud_run:
        allowed = "a service of this file that has `cloud_run`"
        _complain_of_name(document, ("vantages", "job", "service"), name, allowed, on_cloud_run)
    if _mapping(document.data, "vantages").get("job") and not (
        document.data.get("project") and document.data.get("region")
    ):
        place = ("vantages", "job")
        document.complain(
            document.line(place), place, "a job, but no place for it", "`project` and `region` too"
        )


def _complain_of_checks(document: Document, checks: dict[Any, Any], on_cloud_run: list[str]) -> None:
    """The service that a check is about, and the dependency that it asks the way to."""
    for key, fields in checks.items():
        known = models().get(str(_mapping(checks, key).get("kind")))
        for field, names, allowed in (
            ("service", on_cloud_run, "a service of this file that has `cloud_run`"),
            ("dependency", list(checks), "a check of this file"),
        ):
            name = fields.get(field) if known and field in known.model_fields else None
            if isinstance(name, str) and name not in names:
                _complain_of_name(document, ("checks", key, field), name, allowed, names)


def _complain_of_name(document: Document, place: Place, name: str, allowed: str, known: list[str]) -> None:
    named = f": {', '.join(map(str, known))}" if known else " (there is none)"
    document.complain(
        document.line(place), place, shown(name), f"{allowed}{named}{did_you_mean(name, known)}"
    )


def _mapping(data: Any, key: str) -> dict[Any, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _complain_of_another_name(document: Document, name: str) -> None:
    """A file has its environment's name, so that a name leads to its file."""
    found = document.data.get("name") if isinstance(document.data, dict) else None
    if isinstance(found, str) and found != name and re.match(ENVIRONMENT_NAME, found):
        place = ("name",)
        document.complain(document.line(place), place, f'"{found}"', f"{name}, as the file is named")


def _validated(document: Document, model: type[Model]) -> Model | None:
    if document.data is None:
        if not document.problems:
            document.complain(1, (), "nothing", "a mapping")
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        document.problems += problems_of(error, document, model, models())
        return None
