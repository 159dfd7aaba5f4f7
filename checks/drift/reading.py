"""What one side says of one field: told apart, normalised so that spellings compare as one, and in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from checks.drift.model import Side, SideState
from checks.names import Ref, parse_ref, same
from checks.observations import Egress, Source
from checks.terraform.model import Sensitive, Unevaluated

SPOKEN = frozenset({SideState.KNOWN, SideState.ABSENT})


@dataclass(frozen=True, slots=True)
class Absent:
    """A raw value: it is known that there is none. `words` are shown in its place."""

    words: str = "none"


NO_ACCESS = Absent("none (no VPC access)")
DIRECT = Absent("none (Direct VPC)")
"""No connector, and what there is in its place."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A raw value that could not be told."""

    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Terraform's state and its configuration disagree; equal to nothing else."""

    recorded: object
    configured: object


@dataclass(frozen=True, slots=True)
class Reading:
    """One side of one field: `side` is shown, `value` compared."""

    side: Side
    value: Any = None

    @property
    def speaks(self) -> bool:
        """Whether it says something that can disagree."""
        return self.side.state in SPOKEN


UNSET = Reading(Side(SideState.UNSET))


@dataclass(frozen=True, slots=True)
class Home:
    """What names and project numbers are relative to."""

    project: str
    number: str
    region: str


Same = Callable[[Any, Any], bool]


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: how raw ones are normalised (ValueError for what is none), compared and said."""

    normal: Callable[[Any, Home], Any]
    words: Callable[[Any, Home], str]
    same: Same = _equal


def read(raw: Any, kind: Kind, home: Home, source: Source | None) -> Reading:
    """The reading of a raw value. Never raises: what is not understood is unknown."""
    if raw is None or raw in ("", (), []):
        return UNSET
    if isinstance(raw, Absent):
        return Reading(Side(SideState.ABSENT, raw.words, source))
    if isinstance(raw, Untold):
        return unknown(raw.why, source)
    if isinstance(raw, Unevaluated):
        return unknown(f"{raw.expression} could not be told: {raw.why}", source)
    if isinstance(raw, Sensitive):
        return unknown("it is marked sensitive and was not read", source)
    try:
        value = kind.normal(raw, home)
        return Reading(Side(SideState.KNOWN, kind.words(value, home), source), value)
    except (ValueError, TypeError, AttributeError, KeyError):
        return unknown(f"a {type(raw).__name__} was not understood", source)


def unknown(why: str, source: Source | None = None) -> Reading:
    """A side that could not be told."""
    return Reading(Side(SideState.UNKNOWN, source=source, why=why))


def agree(one: Reading, other: Reading, kind: Kind) -> bool:
    """Whether two sides that speak say the same."""
    if Conflict in (type(one.value), type(other.value)):
        return False
    if one.side.state is not other.side.state:
        return False
    return one.side.state is SideState.ABSENT or kind.same(one.value, other.value)


def attribute(values: Any, *path: str) -> Any:
    """An attribute of a resource, through blocks (the first of each); None where it is not there.

    What could not be told on the way is returned as it is.
    """
    for name in path:
        if isinstance(values, (list, tuple)):
            values = values[0] if values else None
        if isinstance(values, (Unevaluated, Sensitive)):
            return values
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


# Kinds of values


def _text(raw: Any, _home: Home) -> str:
    if not isinstance(raw, (str, int, float)):
        raise TypeError(raw)
    return str(raw).strip()


def _casefolded(raw: Any, home: Home) -> str:
    return _text(raw, home).casefold()


def _plain(value: Any, _home: Home) -> str:
    return str(value)


def _number(raw: Any, _home: Home) -> int:
    return int(raw)


def _flag(raw: Any, _home: Home) -> bool:
    if isinstance(raw, str):
        known = {"true": True, "false": False, "disabled": False, "server_authentication": True}
        return known[raw.strip().casefold()]
    return bool(raw)


def _on_or_off(value: bool, _home: Home) -> str:
    return "on" if value else "off"


def _network(raw: Any, _home: Home) -> str:
    return str(ip_network(str(raw).strip(), strict=False))


def _range(raw: Any, home: Home) -> str:
    """A range as CIDR, or the name of one (private services access)."""
    try:
        return _network(raw, home)
    except ValueError:
        return parse_ref(_text(raw, home)).name


def _same_range(one: str, other: str) -> bool:
    """A CIDR and a range's name cannot be compared, so they do not differ."""
    return one == other or ("/" in one) is not ("/" in other)


def _addresses(raw: Any, home: Home) -> tuple[str, ...]:
    several = [raw] if isinstance(raw, str) else raw
    if not isinstance(several, Sequence) or not several:
        raise TypeError(raw)
    return tuple(_text(each, home) for each in several)


def _first(value: tuple[str, ...], _home: Home) -> str:
    return value[0]


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return bool(set(one) & set(other))


def egress(raw: Any, home: Home) -> Egress:
    """`ALL_TRAFFIC`, `all-traffic`, … as one; not specified means private ranges."""
    if isinstance(raw, Egress):
        return raw
    spelled = _text(raw, home).upper().replace("-", "_").removeprefix("VPC_EGRESS_")
    known = {"ALL_TRAFFIC": Egress.ALL, "PRIVATE_RANGES_ONLY": Egress.PRIVATE_RANGES}
    return known.get(spelled) or {"UNSPECIFIED": Egress.PRIVATE_RANGES}[spelled]


def _ref(kind: str) -> Callable[[Any, Home], Ref]:
    def normal(raw: Any, home: Home) -> Ref:
        return settled(raw if isinstance(raw, Ref) else parse_ref(_text(raw, home), kind), kind, home)

    return normal


def settled(ref: Ref, kind: str, home: Home) -> Ref:
    """A ref in one spelling. A bare name may be of any project (a shared VPC's host), so it stays open, as
    does a number that is not known to be this project's."""
    project = home.project if ref.project and ref.project == home.number else ref.project
    if not ref.name:
        raise ValueError(ref)
    location = ref.location or (home.region if kind == "connectors" else "")
    return Ref(ref.name, kind, "" if project.isdigit() else project, location)


def _named(ref: Ref, home: Home) -> str:
    place = f" in {ref.location}" if ref.location not in ("", "global", home.region) else ""
    project = f" of project {ref.project}" if ref.project not in ("", home.project) else ""
    return f"{ref.name}{place}{project}"


def _image(raw: Any, home: Home) -> str:
    return _text(raw, home)


def _same_image(one: str, other: str) -> bool:
    """A tag and a digest cannot be compared, so they do not differ where the rest is the same."""
    (mine, my_digest), (theirs, their_digest) = (each.partition("@")[::2] for each in (one, other))
    if bool(my_digest) is bool(their_digest):
        return one == other
    return _repository(mine) == _repository(theirs)


def _repository(image: str) -> str:
    folder, _, name = image.rpartition("/")
    return f"{folder}/{name.partition(':')[0]}"


TEXT = Kind(_text, _plain)
WORD = Kind(_casefolded, _plain)
NAME = Kind(lambda raw, home: parse_ref(_text(raw, home)).name, _plain)
NUMBER = Kind(_number, _plain)
FLAG = Kind(_flag, _on_or_off)
CIDR = Kind(_network, _plain)
RANGE = Kind(_range, _plain, _same_range)
ADDRESSES = Kind(_addresses, _first, _overlap)
EGRESS = Kind(egress, _plain)
NETWORK = Kind(_ref("networks"), _named, same)
CONNECTOR = Kind(_ref("connectors"), _named, same)
IMAGE = Kind(_image, _plain, _same_image)


def _project(raw: Any, home: Home) -> tuple[str, ...]:
    return tuple(home.project if each == home.number else each for each in _addresses(raw, home))


def _joined(value: tuple[str, ...], _home: Home) -> str:
    return ", ".join(value)


PROJECTS = Kind(_project, _joined, _overlap)
