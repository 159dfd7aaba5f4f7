"""The part of Cloud Logging's query language that the fake understands; the rest is refused, never ignored.

    resource.type="cloud_run_revision" AND httpRequest.status>=500
    (severity>=ERROR OR NOT textPayload:"ready") timestamp>"2026-01-01T00:00:00Z"

Comparisons of a field with a value by `=`, `!=`, `<`, `<=`, `>`, `>=`, `:` (holds, or is there with `:*`),
`=~` and `!~`; `AND`, `OR`, `NOT` or `-`, brackets, `log_id("…")`, comments from `--` on. AND may be left out.
After cloud.google.com/logging/docs/view/logging-query-language. Other functions, a list of values in brackets
and words to be found anywhere are INVALID_ARGUMENT here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf import json_format

from sandbox.cloud.errors import CloudError, invalid

Matches = Callable[[dict[str, Any]], bool]
"""Whether an entry, in the shape of `view`, is wanted."""

TOKEN = re.compile(
    r"""\s+|--[^\n]*|(?P<text>"(?:[^"\\]|\\.)*")|(?P<operator>=~|!~|!=|<=|>=|=|<|>|:)|(?P<bracket>[()])"""
    r"""|(?P<minus>-(?=[A-Za-z("]))|(?P<word>[\w./*+\-]+)"""
)
ROOTS = frozenset(
    {
        "logName", "resource", "timestamp", "receiveTimestamp", "severity", "insertId", "labels",
        "textPayload", "jsonPayload", "protoPayload", "httpRequest", "trace", "spanId",
    }
)  # fmt: skip
SEVERITIES: dict[str, int] = dict(LogSeverity.items())


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter: `kind` is text, operator, bracket, minus or word."""

    kind: str
    value: str


def parse_filter(text: str) -> Matches:
    """Reads a filter; raises `CloudError` for what is not understood."""
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise _unparseable(f"unexpected {text[at]!r} at position {at}")
        if match.lastgroup:
            value = match[match.lastgroup]
            if match.lastgroup == "text":
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            found.append(Token(match.lastgroup, value))
        at = match.end()
    return found


class _Parser:
    """Recursive descent. OR binds tighter than AND, as Cloud Logging has it."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Matches:
        """The condition of the whole filter; an empty one takes everything."""
        if not self._tokens:
            return lambda _entry: True
        condition = self._all_of()
        if self._at < len(self._tokens):
            raise _unparseable(f"unexpected {self._tokens[self._at].value!r}")
        return condition

    def _all_of(self) -> Matches:
        parts = [self._any_of()]
        while self._next() is not None and not self._is("bracket", ")"):
            self._skip("word", "AND")
            parts.append(self._any_of())
        return lambda entry: all(part(entry) for part in parts)

    def _any_of(self) -> Matches:
        parts = [self._one()]
        while self._skip("word", "OR"):
            parts.append(self._one())
        return lambda entry: any(part(entry) for part in parts)

    def _one(self) -> Matches:
        if self._skip("word", "NOT") or self._skip("minus", "-"):
            inner = self._one()
            return lambda entry: not inner(entry)
        if self._skip("bracket", "("):
            inner = self._all_of()
            self._want(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Matches:
        field = self._field()
        token = self._take()
        if field == "log_id" and token == Token("bracket", "("):
            wanted = self._take().value
            self._want(")")
            return lambda entry: unquote(entry["logName"].rpartition("/logs/")[2]) == wanted
        if token is None or token.kind != "operator":
            raise _unparseable(f"after {field!r} a comparison is wanted")
        value = self._take()
        if value is None or value.kind not in ("text", "word"):
            raise _unparseable(f"after {field!r} {token.value!r} a value is wanted")
        path = _path(field)
        return _compare(path, token.value, value)

    def _field(self) -> str:
        token = self._take()
        if token is None or token.kind != "word":
            raise _unparseable("a field is wanted" + (f" in place of {token.value!r}" if token else ""))
        name: str = token.value
        while name.endswith(".") and (quoted := self._next()) is not None and quoted.kind == "text":
            self._at += 1  # labels."run.googleapis.com/execution_name"
            name += quoted.value.replace(".", "\0")
        return name

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> Any:
        token = self._next()
        self._at += 1
        return token

    def _is(self, kind: str, value: str) -> bool:
        return self._next() == Token(kind, value)

    def _skip(self, kind: str, value: str) -> bool:
        found = self._is(kind, value)
        self._at += found
        return found

    def _want(self, bracket: str) -> None:
        if not self._skip("bracket", bracket):
            raise _unparseable(f"{bracket!r} is missing")


def _unparseable(why: str) -> CloudError:
    return invalid(f"Unparseable filter: {why}.", "filter")


def _path(field: str) -> list[str]:
    path = [part.replace("\0", ".") for part in field.split(".")]
    if path[0] not in ROOTS:
        raise _unparseable(f"this Cloud Logging knows no field {field!r}")
    return path


def _compare(path: list[str], operator: str, value: Token) -> Matches:
    if operator in ("=~", "!~"):
        return _by_pattern(path, operator, value.value)
    if operator == ":" and value == Token("word", "*"):
        return lambda entry: _at(entry, path) is not None
    if operator == ":":
        wanted = value.value.lower()
        return lambda entry: wanted in str(_at(entry, path) or "").lower()
    return _by_order(path, operator, value.value)


def _by_pattern(path: list[str], operator: str, pattern: str) -> Matches:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise _unparseable(f"invalid regular expression {pattern!r}") from error
    wanted = operator == "=~"

    def matches(entry: dict[str, Any]) -> bool:
        found = _at(entry, path)
        return found is not None and (compiled.search(str(found)) is not None) == wanted

    return matches


def _by_order(path: list[str], operator: str, value: str) -> Matches:
    key = _key(path, value)
    wanted = key(value)

    def matches(entry: dict[str, Any]) -> bool:
        found = _at(entry, path)
        if found is None:
            return operator == "!="
        return _ordered(operator, key(found), wanted)

    return matches


def _ordered(operator: str, found: Any, wanted: Any) -> bool:
    if operator in ("=", "!="):
        return bool((found == wanted) == (operator == "="))
    if found is None:
        return False
    answers: dict[str, bool] = {
        "<": found < wanted,
        "<=": found <= wanted,
        ">": found > wanted,
        ">=": found >= wanted,
    }
    return answers[operator]


def _key(path: list[str], value: str) -> Callable[[Any], Any]:
    """How values of a field are put in order; checks the wanted one."""
    if path[0] in ("timestamp", "receiveTimestamp"):
        return _time
    if path == ["severity"]:
        return _severity
    if re.fullmatch(r"-?\d+(\.\d+)?", value) and path[0] in ("httpRequest", "jsonPayload"):
        return _number
    if path == ["httpRequest", "latency"]:
        return lambda found: _number(str(found).removesuffix("s"))
    return str


def _number(found: Any) -> float | None:
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _severity(found: Any) -> int:
    if str(found) not in SEVERITIES:
        raise _unparseable(f"there is no severity {found!r}")
    return SEVERITIES[str(found)]


def _time(found: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(found))
    except ValueError as error:
        raise _unparseable(f"{found!r} is no time as RFC 3339 has it") from error


def _at(entry: dict[str, Any], path: list[str]) -> Any:
    found: Any = entry
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def view(entry: LogEntry) -> dict[str, Any]:
    """An entry as the query language sees it: JSON names, the audit log unpacked."""
    pb = LogEntry.pb(entry)
    document: dict[str, Any] = {
        "logName": pb.log_name,
        "insertId": pb.insert_id,
        "severity": LogSeverity.Name(pb.severity),
        "timestamp": entry.timestamp.isoformat() if entry.timestamp else None,
        "receiveTimestamp": entry.receive_timestamp.isoformat() if entry.receive_timestamp else None,
        "resource": {"type": pb.resource.type, "labels": dict(pb.resource.labels)},
        "labels": dict(pb.labels),
        "trace": pb.trace or None,
        "spanId": pb.span_id or None,
    }
    payload = pb.WhichOneof("payload")
    if payload == "text_payload":
        document["textPayload"] = pb.text_payload
    elif payload == "json_payload":
        document["jsonPayload"] = json_format.MessageToDict(pb.json_payload)
    elif payload == "proto_payload":
        document["protoPayload"] = _audit(pb.proto_payload)
    if pb.HasField("http_request"):
        document["httpRequest"] = json_format.MessageToDict(pb.http_request)
    return document


def _audit(payload: Any) -> dict[str, Any]:
    content = audit_log_pb2.AuditLog()
    payload.Unpack(content)
    found: dict[str, Any] = json_format.MessageToDict(content)
    return {"@type": payload.type_url, **found}
