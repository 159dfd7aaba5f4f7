"""What a service depends on, as its environment file says."""

from checks.environment import Environment
from checks.spec import CheckSpec


def is_dependency(spec: CheckSpec) -> bool:
    """Whether a check asks something over the network that a service depends on."""
    return spec.layer == "dependency" and bool(getattr(spec, "host", None)) and bool(getattr(spec, "port", 0))


def uses(environment: Environment, service: str) -> tuple[str, ...]:
    """The names of the checks that a service depends on, as its file says or by default every dependency."""
    named = environment.services[service].uses
    if named is not None:
        return named
    return tuple(spec.name for spec in environment.checks.values() if is_dependency(spec))
