"""Whether what expressions see is of the form that its source declares."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from runbooks.shape import Anything, Listing, Record, Scalar, Shape, Table
from runbooks.values import CITE, Gap, Value

KINDS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "number": (int, float),
    "flag": bool,
    "time": datetime,
    "duration": timedelta,
}


def misfits(value: Value, shape: Shape, place: str) -> list[str]:
    """What is not as declared, each with its place. A gap and null may stand anywhere."""
    return list(_misfits(value, shape, place))


def _misfits(value: Value, shape: Shape, place: str) -> Iterator[str]:
    if value is None or isinstance(value, Gap | Anything) or isinstance(shape, Anything):
        return
    match shape:
        case Scalar():
            yield from _scalar(value, shape, place)
        case Table() if isinstance(value, Mapping):
            for key, member in value.items():
                yield from _misfits(member, shape.of, f"{place}.{key}")
        case Listing() if isinstance(value, tuple):
            for number, member in enumerate(value):
                yield from _misfits(member, shape.of, f"{place}[{number}]")
        case Record() if isinstance(value, Mapping):
            yield from _record(value, shape, place)
        case _:
            yield f"{place}: a {type(value).__name__} is no {type(shape).__name__}"


def _scalar(value: Value, shape: Scalar, place: str) -> Iterator[str]:
    fits = isinstance(value, KINDS[shape.kind]) and (shape.kind == "flag") == isinstance(value, bool)
    if not fits:
        yield f"{place}: {value!r} is no {shape.kind}"
    elif shape.values and value not in shape.values:
        yield f"{place}: {value!r} is none of {shape.values}"
    elif isinstance(value, datetime) and value.tzinfo is None:
        yield f"{place}: {value!r} is of no time zone"


def _record(value: Mapping[str, Value], shape: Record, place: str) -> Iterator[str]:
    for name in sorted(shape.fields.keys() - value.keys()):
        yield f"{place}.{name}: missing"
    for name in sorted(value.keys() - shape.fields.keys()):
        yield f"{place}.{name}: not declared"
    for name, member in shape.fields.items():
        if name in value:
            yield from _misfits(value[name], member, f"{place}.{name}")
    cite = value.get(CITE)
    if isinstance(cite, Mapping) and not (cite["id"] and cite["text"] and cite["source"]):
        yield f"{place}: its cite says too little: {cite}"


def cites(value: Value) -> Iterator[Mapping[str, Value]]:
    """Every cite within a value."""
    if isinstance(value, Mapping):
        if isinstance(cite := value.get(CITE), Mapping):
            yield cite
        for key, member in value.items():
            if key != CITE:
                yield from cites(member)
    elif isinstance(value, tuple):
        for member in value:
            yield from cites(member)


def gaps(value: Value, place: str = "") -> Iterator[tuple[str, Gap]]:
    """Every gap within a value, with its place."""
    if isinstance(value, Gap):
        yield place, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from gaps(member, f"{place}.{key}" if place else key)
    elif isinstance(value, tuple):
        for number, member in enumerate(value):
            yield from gaps(member, f"{place}[{number}]")
