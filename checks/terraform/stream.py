"""Picks resources out of a large JSON document as it comes, without holding the rest.

Terraform's documents name a resource's `mode`, `type` and `name` before its attributes, so what whybot does
not look at is skipped, not built. Where another tool has sorted the keys it is built and then left out.
"""

from collections.abc import Callable, Generator
from typing import Any

import ijson

from checks.terraform.errors import TerraformUnreadable

LARGEST_VALUE = 8_000_000  # bytes of one string or number
MOST_NODES = 200_000  # of one resource
DEEPEST = 500

_ARRAY = "[]"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SECTIONS = frozenset({"resources", "values", "planned_values", "resource_changes"})
_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})

Event = tuple[str, Any]
Take = Callable[[str, dict[str, Any]], None]
"""Is given the section (`resources`, `values`, …) and one resource."""


class ResourceStream:
    """Feed it bytes; it hands each wanted resource to `take`, and keeps the top-level scalars in `head`.

    Raises `TerraformUnreadable` with a sentence that begins with `where` for what is no such document.
    """

    def __init__(self, where: str, types: frozenset[str], take: Take) -> None:
        self.head: dict[str, Any] = {}
        self.keys: list[str] = []
        self.skipped: list[str] = []
        self._where, self._types, self._take = where, types, take
        self._stack: list[str] = []
        self._events = self._quiet = self._bytes = 0
        self._parser = ijson.basic_parse_coro(self._events_in(), use_float=True)

    def feed(self, chunk: bytes) -> None:
        """Parses one more part of the document."""
        if not self._bytes:
            refuse_other_formats(self._where, chunk)
            chunk = chunk.removeprefix(_BYTE_ORDER_MARK)
        self._bytes += len(chunk)
        before = self._events
        self._guarded(lambda: self._parser.send(chunk))
        self._quiet = self._quiet + len(chunk) if self._events == before else 0
        if self._quiet > LARGEST_VALUE:
            limit = LARGEST_VALUE // 1_000_000
            raise TerraformUnreadable(f"{self._where} holds one value of more than {limit} MB.")

    def finish(self) -> None:
        """The document has ended."""
        if not self._bytes:
            raise TerraformUnreadable(f"{self._where} is empty.")
        self._guarded(self._parser.close)

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except ijson.IncompleteJSONError as error:
            said = str(error).partition("\n")[0].removeprefix("parse error: ").removeprefix("lexical error: ")
            if "EOF" in said:
                message = f"{self._where} ends in the middle, after {self._bytes:,} bytes: it is truncated."
            else:
                message = f"{self._where} is no JSON ({said.strip().rstrip('.')})."
            raise TerraformUnreadable(message) from None
        except (ijson.JSONError, UnicodeDecodeError):
            raise TerraformUnreadable(f"{self._where} is no JSON in UTF-8.") from None

    def _events_in(self) -> Any:
        sink = self._consume()
        next(sink)
        return sink

    def _consume(self) -> Generator[None, Event, None]:
        """Follows the document; a section that whybot does not read is only counted through."""
        key = ""
        while True:
            event, value = yield
            self._events += 1
            if event == "map_key":
                key = value
                if len(self._stack) == 1:
                    self.keys.append(key)
            elif event in _ENDS:
                self._stack.pop()
            elif event not in _STARTS:
                if len(self._stack) == 1:
                    self.head[key] = value
            elif self._ignored(key):
                yield from self._skip()
            elif event == "start_map" and is_resource_place(self._stack):
                yield from self._resource()
            else:
                self._stack.append(self._entered(event, key))

    def _ignored(self, key: str) -> bool:
        return len(self._stack) == 1 and key not in _SECTIONS

    def _entered(self, event: str, key: str) -> str:
        """The stack holds, for each open container, what it is the value of: a key, or `[]` in an array."""
        if len(self._stack) >= DEEPEST:
            raise TerraformUnreadable(f"{self._where} is nested more than {DEEPEST} deep.")
        if not self._stack and event == "start_array":
            raise TerraformUnreadable(f"{self._where} is a JSON list, not a document of Terraform.")
        inside_array = bool(self._stack) and self._stack[-1].endswith(_ARRAY)
        name = "" if inside_array or not self._stack else key
        return name + _ARRAY if event == "start_array" else name

    def _skip(self) -> Generator[None, Event, None]:
        depth = 1
        while depth:
            event, _ = yield
            self._events += 1
            if event in _STARTS:
                depth += 1
            elif event in _ENDS:
                depth -= 1

    def _resource(self) -> Generator[None, Event, None]:
        section = self._stack[1].removesuffix(_ARRAY)
        growing = _Growing()
        while growing.depth:
            event, value = yield
            self._events += 1
            growing.add(event, value)
            if growing.too_large:
                self.skipped.append(name_of(growing.value))
            if growing.too_large or not self._wanted(growing.value):
                for _ in range(growing.depth):
                    yield from self._skip()
                return
        if "type" in growing.value:
            self._take(section, growing.value)

    def _wanted(self, built: dict[str, Any]) -> bool:
        kind = built.get("type")
        return (kind is None or kind in self._types) and built.get("mode") in (None, "managed")


class _Growing:
    """A value that is built from events; `depth` is how many containers of it are open."""

    def __init__(self) -> None:
        self.value: dict[str, Any] = {}
        self._open: list[Any] = [self.value]
        self._keys = [""]
        self._nodes = 0

    @property
    def depth(self) -> int:
        return len(self._open)

    @property
    def too_large(self) -> bool:
        return self._nodes > MOST_NODES or self.depth > DEEPEST

    def add(self, event: str, value: Any) -> None:
        if event == "map_key":
            self._keys[-1] = value
        elif event in _ENDS:
            self._open.pop()
            self._keys.pop()
        else:
            self._put(event, value)

    def _put(self, event: str, value: Any) -> None:
        made = {} if event == "start_map" else [] if event == "start_array" else value
        self._nodes += 1
        if isinstance(self._open[-1], list):
            self._open[-1].append(made)
        else:
            self._open[-1][self._keys[-1]] = made
        if event in _STARTS:
            self._open.append(made)
            self._keys.append("")


def is_resource_place(stack: list[str]) -> bool:
    """Whether a map that begins here is a resource: in the root's lists, or in a module's of `values`."""
    if len(stack) < 2 or not stack[-1].endswith(_ARRAY):
        return False
    if len(stack) == 2:
        return stack[1] in ("resources[]", "resource_changes[]")
    if stack[1] not in ("values", "planned_values") or stack[2] != "root_module":
        return False
    *modules, last = stack[3:]
    return last == "resources[]" and modules == ["child_modules[]", ""] * (len(modules) // 2)


def name_of(resource: dict[str, Any]) -> str:
    """What a resource that could not be read whole is called."""
    address = resource.get("address")
    return str(address or f"{resource.get('type', '?')}.{resource.get('name', '?')}")


def refuse_other_formats(where: str, start: bytes) -> None:
    """Raises `TerraformUnreadable` for what is plainly no JSON, with what it is instead."""
    text = start.removeprefix(_BYTE_ORDER_MARK).lstrip()
    for magic, what in (
        (b"\x1f\x8b", "is compressed (gzip); store it as plain JSON"),
        (
            b"PK\x03\x04",
            "is a saved plan in Terraform's own form; name what `terraform show -json` prints of it",
        ),
        (b"<", "is a web page (HTML), not JSON; look whether the address leads to a login page"),
        (b"version https://git-lfs", "is a pointer of Git LFS; fetch the file itself"),
        (b"\xff\xfe", "is UTF-16; store it as UTF-8 (PowerShell: Out-File -Encoding utf8)"),
        (b"\xfe\xff", "is UTF-16; store it as UTF-8"),
    ):
        if text.startswith(magic):
            raise TerraformUnreadable(f"{where} {what}.")
    if text and not text.startswith(b"{"):
        raise TerraformUnreadable(f"{where} is no JSON document of Terraform.")
