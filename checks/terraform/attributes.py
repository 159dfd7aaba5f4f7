"""Which resources whybot looks at, and what of their attributes it must not keep."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from checks.terraform.model import Sensitive, Unevaluated

TYPES = frozenset(
    {
        "google_cloud_run_service",
        "google_cloud_run_v2_job",
        "google_cloud_run_v2_service",
        "google_compute_address",
        "google_compute_firewall",
        "google_compute_firewall_policy",
        "google_compute_firewall_policy_association",
        "google_compute_firewall_policy_rule",
        "google_compute_global_address",
        "google_compute_instance",
        "google_compute_interconnect_attachment",
        "google_compute_network",
        "google_compute_network_firewall_policy",
        "google_compute_network_firewall_policy_association",
        "google_compute_network_firewall_policy_rule",
        "google_compute_network_peering",
        "google_compute_network_peering_routes_config",
        "google_compute_route",
        "google_compute_router",
        "google_compute_subnetwork",
        "google_compute_vpn_tunnel",
        "google_redis_instance",
        "google_service_networking_connection",
        "google_sql_database_instance",
        "google_vpc_access_connector",
    }
)

# Marks in a state are not enough: before Terraform 1.8 it does not mark what a provider calls sensitive, and
# nobody marks a password that was typed into an environment variable of a container.
_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|private_key|auth_string|api_?key|_cert\b|_certs\b|_ca_|"
    r"^metadata_startup_script$|^user_data$"
)
_HARMLESS = frozenset({"secret_key_ref", "secret_environment_variables"})
_CONTAINERS_OF_SECRETS = {"google_compute_instance": frozenset({"metadata"})}
_MARK = Sensitive()


def is_secretive(resource_type: str, path: tuple[str, ...]) -> bool:
    """Whether the attribute at this path (names of blocks and maps, without indexes) may hold a secret."""
    name = path[-1]
    if name in _HARMLESS:
        return False
    if name in _CONTAINERS_OF_SECRETS.get(resource_type, ()) or _SECRET_NAME.search(name.lower()):
        return True
    return name == "value" and "env" in path


def without_secretive(resource_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `Sensitive` in place of each attribute whose name says that it may hold a secret."""
    return _named(resource_type, values, ())


def _named(resource_type: str, values: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: _MARK
        if value is not None and is_secretive(resource_type, (*path, name))
        else _inside(resource_type, value, (*path, name))
        for name, value in values.items()
    }


def _inside(resource_type: str, value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return _named(resource_type, value, path)
    if isinstance(value, list):
        return [_inside(resource_type, each, path) for each in value]
    return value


def hide(values: Any, mask: Any) -> Any:
    """The values with `Sensitive` wherever the mask is true (`sensitive_values`, `after_sensitive`)."""
    return _masked(values, mask, _MARK)


def blank(values: Any, mask: Any, why: str) -> Any:
    """The values with `Unevaluated` wherever the mask is true (`after_unknown`), also where there is none."""
    return _masked(values, mask, Unevaluated("(known after apply)", why))


def _masked(values: Any, mask: Any, mark: Any) -> Any:
    if mask is True:
        return mark
    if isinstance(values, Sensitive):
        return values
    if isinstance(mask, Mapping):
        return _masked_mapping(values, mask, mark)
    if isinstance(mask, list) and isinstance(values, list | None):
        known = list(values or [])
        padded = known + [None] * (len(mask) - len(known))
        return [
            _masked(value, mask[index] if index < len(mask) else None, mark)
            for index, value in enumerate(padded)
        ]
    return values


def _masked_mapping(values: Any, mask: Mapping[str, Any], mark: Any) -> Any:
    known = dict(values) if isinstance(values, Mapping) else {}
    for name, part in mask.items():
        if name in known or _marks(part):
            known[name] = _masked(known.get(name), part, mark)
    return known if known or isinstance(values, Mapping) else values


def _marks(mask: Any) -> bool:
    """Whether a mask hides anything at all: `{"a": [{}]}` does not."""
    if isinstance(mask, Mapping):
        return any(map(_marks, mask.values()))
    if isinstance(mask, list):
        return any(map(_marks, mask))
    return mask is True


def hide_paths(values: dict[str, Any], paths: Any) -> dict[str, Any]:
    """The values with `Sensitive` at the paths of a raw state's `sensitive_attributes`.

    A path that is not understood hides everything: better too little than a secret.
    """
    hidden: Any = values
    for path in paths if isinstance(paths, list) else []:
        steps = [_step(each) for each in path] if isinstance(path, list) else []
        if not steps or None in steps:
            return dict.fromkeys(values, _MARK)
        hidden = _hidden(hidden, steps)
    return hidden if isinstance(hidden, dict) else dict.fromkeys(values, _MARK)


def _step(step: Any) -> str | int | None:
    value = step.get("value") if isinstance(step, Mapping) else None
    if isinstance(value, Mapping):  # {"type": "index", "value": {"value": 0, "type": "number"}}
        value = value.get("value")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _hidden(value: Any, steps: list[Any]) -> Any:
    if not steps:
        return _MARK
    step, *rest = steps
    if isinstance(value, Mapping) and isinstance(step, str):
        return {**value, step: _hidden(value[step], rest)} if step in value else value
    if isinstance(value, list) and isinstance(step, int):
        return [_hidden(each, rest) if index == step else each for index, each in enumerate(value)]
    # A step into what is no such container (an element of a set): the whole of it is hidden.
    return value if value is None else _MARK


def projects_of(resources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The project ids that resources say they are in."""
    return frozenset(
        project for values in resources if isinstance(project := values.get("project"), str) and project
    )
