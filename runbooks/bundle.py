"""An evidence bundle: all that a diagnosis was made of, as one JSON document with a version and a digest."""

import contextlib
import hashlib
import json
import os
import re
import secrets as randomness
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.observations import Blind
from checks.reasons import Reason
from runbooks.evidence.source import Section
from runbooks.values import Json

SCHEMA: Final = "whybot/bundle/1"
LARGEST = 50_000_000  # bytes of a file; a large environment's bundle has some hundred kilobytes
DEEPEST = 60  # nested lists and mappings
NAMED = re.compile(r"whybot/bundle/([1-9][0-9]{0,5})")

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Upgrade = Callable[[dict[str, Json]], dict[str, Json]]
UPGRADES: Final[Mapping[int, Upgrade]] = {}
"""For each older version, what makes the next one of it."""


class BundleError(ValueError):
    """A bundle cannot be used: no bundle, a version that is not known, or edited. `str()` is for people."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence of one environment, gathered from `at` on. `environment` is the part of the file that whys
    need.

    `version` is whybot's own. `sections` are by source. No secret is in it.
    """

    environment: Json
    at: datetime
    version: str
    sections: Mapping[str, Section] = field(default_factory=dict)


class BlindDocument(TypedDict):
    """Why a source could not be read. `permission`, `role` and `command` name what is missing."""

    reason: str
    message: str
    permission: str | None
    role: str | None
    command: str | None


class SectionDocument(TypedDict):
    """What one source said; `data` is in its own form. `finished` is false where more was to come."""

    data: Any
    blind: BlindDocument | None
    gathered_at: Moment | None
    took_ms: float
    finished: bool


class BundleDocument(TypedDict):
    """All that a diagnosis was made of: the same bundle gives the same diagnosis, byte for byte.

    `digest` is the SHA-256 of the canonical JSON of all the rest (keys sorted, no spaces, UTF-8). `version`
    is whybot's own. `environment` is the part of the environment file that whys need. `sections` are by
    source. `diagnosis` is the `whybot/why/1` document that was made of it, or null. There is no secret in it.
    """

    schema: Literal["whybot/bundle/1"]
    digest: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"})]
    version: str
    at: Moment
    environment: dict[str, Any]
    sections: dict[str, SectionDocument]
    diagnosis: dict[str, Any] | None


def document(bundle: Bundle, diagnosis: Json = None) -> Json:
    """The bundle as `whybot/bundle/1`, with its digest (SHA-256 of the canonical JSON of all the rest).

    `diagnosis` is the `whybot/why/1` document made of it, kept so that a replay can say what changed.
    Raises ValueError for what JSON cannot hold; `runbooks.scrub` makes sections of which it can hold all.
    """
    made = {
        "schema": SCHEMA,
        "version": bundle.version,
        "at": _time(bundle.at),
        "environment": bundle.environment,
        "sections": {name: _section(each) for name, each in sorted(bundle.sections.items())},
        "diagnosis": diagnosis,
    }
    return {"digest": digest(made), **made}


def from_document(read: Json) -> Bundle:
    """The bundle of a document, an older version's too. Raises `BundleError`, also where it was edited."""
    version = _version(read)
    _check_digest(read)
    for older in range(version, _version({"schema": SCHEMA})):
        read = UPGRADES[older](read)
    sections = _of(dict, read, "sections")
    return Bundle(
        environment=_of(dict, read, "environment"),
        at=_moment(read, "at"),
        version=_of(str, read, "version"),
        sections={name: _read_section(name, each) for name, each in sections.items()},
    )


def canonical(value: Json) -> bytes:
    """The one spelling of a JSON value: keys sorted, no spaces, UTF-8, floats as short as they can be.

    Raises ValueError for NaN, infinity and halves of surrogate pairs, TypeError for what is no JSON.
    """
    spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return spelled.encode("utf-8")


def digest(document: Mapping[str, Json]) -> str:
    """`sha256:…` of all of a document but its own digest."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(canonical(rest)).hexdigest()}"


# files


def read(path: Path) -> Json:
    """The JSON of a bundle's file, at most 50 MB, for `from_document`. Raises `BundleError`."""
    try:
        if path.stat().st_size > LARGEST:
            raise BundleError(f"{path}: larger than {LARGEST // 1_000_000} MB, so no bundle of whybot's")
        return parse(path.read_bytes())
    except FileNotFoundError:
        raise BundleError(f"{path}: no such file") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from None
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None


def parse(raw: bytes) -> Json:
    """JSON as strict as a bundle's: no key twice, no NaN, not deep. Raises `BundleError`."""
    try:
        found = json.loads(raw, object_pairs_hook=_once, parse_constant=_constant)
        _check_depth(found)
        canonical(found)
    except RecursionError:
        raise BundleError("nested too deeply for a bundle") from None
    except BundleError:
        raise
    except ValueError:  # no JSON, no UTF-8, a number that is too long, half of a surrogate pair
        raise BundleError("no bundle: it is not valid JSON") from None
    return found


def write(path: Path, document: Json) -> None:
    """Writes a bundle's file, readable for its owner alone. Raises `BundleError`; an older one stays then."""
    beside = path.with_name(f".{path.name}.{randomness.token_hex(4)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(canonical(document) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise BundleError(f"{path}: cannot be written ({error.strerror})") from None


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BundleError("no bundle: a key is there twice")
    return found


def _constant(name: str) -> NoReturn:
    raise BundleError(f"no bundle: {name} is not valid JSON")


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise BundleError("nested too deeply for a bundle")


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


# reading a document


def _version(read: Json) -> int:
    said = read.get("schema") if isinstance(read, dict) else None
    match = NAMED.fullmatch(said) if isinstance(said, str) else None
    if match is None:
        raise BundleError("no evidence bundle of whybot's: it has no schema such as whybot/bundle/1")
    version, own = int(match[1]), int(SCHEMA.rpartition("/")[2])
    if version > own:
        raise BundleError(f"made by a newer whybot ({said}); this one reads up to {SCHEMA}: upgrade whybot")
    if any(older not in UPGRADES for older in range(version, own)):
        raise BundleError(f"made by an older whybot ({said}) whose bundles this one cannot read")
    return version


def _check_digest(read: dict[str, Json]) -> None:
    said, should = _of(str, read, "digest"), digest(read)
    if said != should:
        environment = read.get("environment")
        name = environment.get("name") if isinstance(environment, dict) else None
        raise BundleError(
            f"the bundle was edited: its digest is {said}, it should be {should}; ask for the evidence again "
            f"with: whybot why {name if isinstance(name, str) and name else 'ENV'} --save-bundle FILE"
        )


def _of(kind: type[Any], read: Mapping[str, Json], key: str) -> Any:
    value = read.get(key)
    if not isinstance(value, kind):
        raise BundleError(f"no bundle that whybot made: {key} is {'missing' if value is None else 'wrong'}")
    return value


def _moment(read: Mapping[str, Json], key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_of(str, read, key))
    except ValueError as error:
        raise error if isinstance(error, BundleError) else _wrong(key) from None
    if moment.tzinfo is None:
        raise _wrong(key)
    return moment.astimezone(UTC)


def _wrong(key: str) -> BundleError:
    return BundleError(f"no bundle that whybot made: {key} is wrong")


def _read_section(name: str, read: Json) -> Section:
    if not isinstance(read, dict):
        raise _wrong(f"sections.{name}")
    blind, took = read.get("blind"), read.get("took_ms", 0.0)
    if isinstance(took, bool) or not isinstance(took, int | float):
        raise _wrong(f"sections.{name}.took_ms")
    return Section(
        source=name,
        data=read.get("data"),
        blind=None if blind is None else _read_blind(blind),
        gathered_at=None if read.get("gathered_at") is None else _moment(read, "gathered_at"),
        took_ms=took,
        finished=_of(bool, read, "finished"),
    )


def _read_blind(read: Json) -> Blind:
    if not isinstance(read, dict):
        raise _wrong("blind")
    try:
        reason = Reason(_of(str, read, "reason"))
    except ValueError as error:
        raise error if isinstance(error, BundleError) else _wrong("reason") from None
    others = {key: read.get(key) for key in ("permission", "role", "command")}
    if not all(value is None or isinstance(value, str) for value in others.values()):
        raise _wrong("blind")
    return Blind(reason, _of(str, read, "message"), **others)


# writing one


def _section(section: Section) -> SectionDocument:
    blind = section.blind
    return {
        "data": section.data,
        "blind": None if blind is None else _blind(blind),
        "gathered_at": None if section.gathered_at is None else _time(section.gathered_at),
        "took_ms": section.took_ms,
        "finished": section.finished,
    }


def _blind(blind: Blind) -> BlindDocument:
    return {
        "reason": blind.reason.value,
        "message": blind.message,
        "permission": blind.permission,
        "role": blind.role,
        "command": blind.command,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
