"""The environment file: what should be true, typed; every mistake in it is reported at once, with its line."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from checks.spec import CheckSpec, Strict


def parse_share(value: object) -> object:
    """Reads `99.9%` or `0.999`; returns a share between 0 and 1."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            raise ValueError("is no share; write for example 99.9%") from None
    return value


class Slo(Strict):
    """What is promised to the users of the environment."""

    availability: Annotated[float, BeforeValidator(parse_share), Field(gt=0, le=1)]


class SlackHome(Strict):
    """Where whybot speaks of this environment by itself. An id, since listing channels is rate-limited."""

    channel: str = Field(pattern=r"^[CG][A-Z0-9]+$")


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
    """A service of the environment: its Cloud Run name and its address for users."""

    cloud_run: str | None = None
    url: str | None = None


class Environment(Strict):
    """One environment file, checked."""

    schema_: Literal["whybot/environment/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    title: str | None = None
    project: str | None = None
    region: str | None = None
    slo: Slo | None = None
    slack: SlackHome | None = None
    network: Network = Network()
    services: dict[str, Service] = {}
    checks: dict[str, CheckSpec]


def load_environment(path: Any, overlay: Any = None) -> Environment:
    """To be written."""
    raise TypeError
