"""Functions of Terraform's language that need nothing but their arguments.

https://developer.hashicorp.com/terraform/language/functions. Those that read files, know the time or
turn text into other text (templates, YAML, hashes) are not here: an expression with one is not evaluated.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MOST_ITEMS = 10_000
LONGEST_TEXT = 100_000


def text_of(value: Any) -> str:
    """A value as Terraform puts it into a string. Raises ValueError for what has no such form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    raise ValueError("is no text")


def number_of(value: Any) -> int | float:
    """A value as a number, also where it is written as text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is no number")
    number = float(value)
    return int(number) if number.is_integer() else number


def truth_of(value: Any) -> bool:
    """A value as true or false, also where it is written as text. Raises ValueError."""
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def items_of(value: Any) -> list[Any]:
    """The elements of a list or set, in Terraform's order."""
    if isinstance(value, frozenset):
        return sorted(value, key=lambda each: (str(type(each)), each))
    if isinstance(value, list):
        return value
    raise ValueError("is no list")


def flatten(value: Any) -> list[Any]:
    """All elements of lists in lists."""
    flat: list[Any] = []
    for each in items_of(value):
        flat += flatten(each) if isinstance(each, list | frozenset) else [each]
    return flat


def _format(template: str, *values: Any) -> str:
    waiting = list(values)

    def put(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = waiting.pop(0)
        return match[0] % number_of(value) if match[0][-1] == "d" else text_of(value)

    made = re.sub(r"%%|%0?\d{0,2}d|%s|%v", put, template)
    if waiting or re.search(r"%[^%sdv\d]", template):
        raise ValueError("has verbs that whybot does not know")
    return made


def _element(values: Any, index: Any) -> Any:
    items = items_of(values)
    return items[int(number_of(index)) % len(items)]


def _lookup(mapping: Mapping[str, Any], key: str, *default: Any) -> Any:
    return mapping[key] if key in mapping or not default else default[0]


def _merge(*mappings: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for mapping in mappings if mapping is not None for key, value in mapping.items()}


def _coalesce(*values: Any) -> Any:
    return next(value for value in values if value is not None and value != "")


def _range(*bounds: Any) -> list[Any]:
    made = range(*map(int, bounds))
    if len(made) > 1024:  # Terraform's own limit
        raise ValueError("is too long")
    return list(made)


def _subnet(prefix: str, bits: Any, number: Any) -> str:
    network = ipaddress.ip_network(prefix)
    length = network.prefixlen + int(bits)
    if not 0 <= int(number) < 2 ** int(bits) or length > network.max_prefixlen:
        raise ValueError("is no subnet of it")
    first = int(network.network_address) + (int(number) << (network.max_prefixlen - length))
    return f"{type(network.network_address)(first)}/{length}"


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        raise ValueError("replaces a pattern")
    return text.replace(old, new)


def _substring(text: str, offset: Any, length: Any) -> str:
    start = int(offset) if int(offset) >= 0 else len(text) + int(offset)
    return text[start:] if int(length) < 0 else text[start : start + int(length)]


def _distinct(values: Any) -> list[Any]:
    kept: list[Any] = []
    for each in items_of(values):
        if each not in kept:
            kept.append(each)
    return kept


def _join(separator: str, *lists: Any) -> str:
    return separator.join(text_of(each) for values in lists for each in items_of(values))


def _length(value: Any) -> int:
    if not isinstance(value, str | Mapping | Sequence | frozenset):
        raise ValueError("has no length")
    return len(value)


def _contains(values: Any, wanted: Any) -> bool:
    return wanted in items_of(values)


def _one(values: Any) -> Any:
    items = items_of(values)
    if len(items) > 1:
        raise ValueError("has more than one")
    return items[0] if items else None


# The arguments' elements may be unknown or sensitive: these only move them around.
MOVING: dict[str, Callable[..., Any]] = {
    "concat": lambda *lists: [each for values in lists for each in items_of(values)],
    "element": _element,
    "flatten": flatten,
    "keys": sorted,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "one": _one,
    "reverse": lambda values: items_of(values)[::-1],
    "slice": lambda values, start, end: items_of(values)[int(start) : int(end)],
    "tolist": items_of,
    "tomap": dict,
    "values": lambda mapping: [mapping[key] for key in sorted(mapping)],
    "zipmap": lambda keys, values: dict(zip(items_of(keys), items_of(values), strict=True)),
}

# These look at every element.
READING: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number_of(value)),
    "cidrhost": lambda prefix, number: str(ipaddress.ip_network(prefix)[int(number)]),
    "cidrnetmask": lambda prefix: str(ipaddress.IPv4Network(prefix).netmask),
    "cidrsubnet": _subnet,
    "coalesce": _coalesce,
    "compact": lambda values: [each for each in items_of(values) if each not in (None, "")],
    "contains": _contains,
    "distinct": _distinct,
    "endswith": str.endswith,
    "format": _format,
    "join": _join,
    "lower": str.lower,
    "max": lambda *values: max(map(number_of, values)),
    "min": lambda *values: min(map(number_of, values)),
    "range": _range,
    "replace": _replace,
    "setunion": lambda *sets: frozenset(each for values in sets for each in items_of(values)),
    "sort": lambda values: sorted(map(text_of, items_of(values))),
    "split": lambda separator, text: str.split(text, separator),
    "startswith": str.startswith,
    "substr": _substring,
    "title": lambda text: re.sub(r"\b\w", lambda match: match[0].upper(), text),
    "tobool": truth_of,
    "tonumber": number_of,
    "toset": lambda values: frozenset(items_of(values)),
    "tostring": text_of,
    "trim": str.strip,
    "trimprefix": str.removeprefix,
    "trimspace": str.strip,
    "trimsuffix": str.removesuffix,
    "upper": str.upper,
}
