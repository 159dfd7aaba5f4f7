"""Diagnoses a kept bundle again, offline, and says what changed since it was kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from runbooks.bundle import BundleError, from_document
from runbooks.diagnosis import Diagnosis
from runbooks.engine import diagnose
from runbooks.evidence.facts import UNREADABLE
from runbooks.output.why import WhyDocument, document
from runbooks.runbook import Library
from runbooks.values import Json

STATUS = {
    "confirmed": "confirmed",
    "partial": "partly told",
    "unknown": "could not be told",
    "nothing_wrong": "nothing wrong",
}


@dataclass(frozen=True, slots=True)
class Replay:
    """A diagnosis made again. `before` is the document kept in the bundle, None where none was kept.

    `changes` says what is different now, a sentence each; empty where nothing is.
    """

    diagnosis: Diagnosis
    before: WhyDocument | None
    changes: tuple[str, ...]


def replay(read: Json, library: Library) -> Replay:
    """Diagnoses the bundle of a document again. Raises `BundleError` for one that cannot be used."""
    bundle = from_document(read)
    try:
        diagnosis = diagnose(library, bundle)
    except (
        UNREADABLE
    ):  # of a section that is told as a gap; the frame around them has nothing to fall back on
        raise BundleError("no bundle that whybot made: environment is wrong") from None
    before = read.get("diagnosis")
    kept = cast(WhyDocument, before) if _is_why(before) else None
    return Replay(diagnosis, kept, changes(kept, document(diagnosis)) if kept else ())


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What two `whybot/why/1` documents of the same evidence say differently, in words."""
    said = list(_changes(before, after))
    if not said and _plain(before) != _plain(after):
        said = ["The same causes and remedies, told in other words."]
    return tuple(said)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before.get("status") != after["status"]:
        yield f"Status: {_status(before)} before, {_status(after)} now."
    if _root(before) != _root(after):
        yield f"Root cause: {_root(before) or 'none'} before, {_root(after) or 'none'} now."
    yield from _chain(_causes(before, "chain"), _causes(after, "chain"))
    others = (_others(before), _others(after))
    yield from _sets("Another chain", *others)
    for key, title in (
        ("contributing", "Contributing"),
        ("ruled_out", "Ruled out"),
        ("unknown", "Could not be told"),
    ):
        yield from _sets(title, _causes(before, key), _causes(after, key))
    yield from _sets("Remedy", _titles(before), _titles(after))


def _chain(before: list[str], after: list[str]) -> Iterator[str]:
    if before == after:
        return
    same = next((n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(before), len(after)) if same is None else same
    was, now = (chain[at] if at < len(chain) else "its end" for chain in (before, after))
    counted = f"{_whys(before)} before, {_whys(after)} now" if len(before) != len(after) else _whys(after)
    yield f"Chain ({counted}): why {at + 1} was {was}, now {now}."


def _whys(chain: list[str]) -> str:
    return "1 why" if len(chain) == 1 else f"{len(chain)} whys"


def _sets(title: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    for each in new:
        if each not in old:
            yield f"{title}: {each}, new."
    for each in old:
        if each not in new:
            yield f"{title}: {each}, no longer."


def _status(read: Mapping[str, Any]) -> str:
    status = str(read.get("status"))
    return STATUS.get(status, status)


def _root(read: Mapping[str, Any]) -> str:
    root = read.get("root_cause")
    return _cause(root) if isinstance(root, Mapping) else ""


def _others(read: Mapping[str, Any]) -> list[str]:
    return [" → ".join(_causes(each, "chain")) for each in _list(read, "other_chains")]


def _causes(read: Mapping[str, Any], key: str) -> list[str]:
    return [_cause(each) for each in _list(read, key)]


def _cause(read: Mapping[str, Any]) -> str:
    subject = read.get("subject")
    return f"{read.get('cause')} ({subject})" if subject else str(read.get("cause"))


def _titles(read: Mapping[str, Any]) -> list[str]:
    return [str(each.get("title")) for each in _list(read, "remedies")]


def _list(read: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of a document, which an older whybot may have written, or an editor."""
    value = read.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _plain(read: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in read.items() if key != "considered"}


def _is_why(read: Json) -> bool:
    return isinstance(read, Mapping) and str(read.get("schema", "")).startswith("whybot/why/")
