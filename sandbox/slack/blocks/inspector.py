"""Collects what is wrong with a payload, in Slack's words: `must be less than 3001 characters
[json-pointer:/…]`."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.errors import JSON

Checker = Callable[["Inspector", JSON, str], None]


@dataclass
class Inspector:
    """Problems found so far, and the names that must be unique in one message or view."""

    surface: str
    newer_blocks: bool = True
    problems: list[str] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def complain(self, message: str, at: str) -> None:
        """Notes one problem at a JSON pointer."""
        self.problems.append(f"{message} [json-pointer:{at}]")

    def fields(self, node: JSON, at: str, allowed: Collection[str], required: Collection[str] = ()) -> None:
        """Complains of fields that Slack does not know and of required ones that are missing."""
        for name in node:
            if name not in allowed and name not in required and name != "type":
                self.complain(f"invalid additional property: {name}", at)
        for name in required:
            if node.get(name) is None:
                self.complain(f"missing required field: {name}", at)

    def string(self, node: JSON, name: str, at: str, *, most: int, least: int = 0) -> None:
        """Checks a string field, where it is there."""
        value = node.get(name)
        if value is None:
            return
        where = f"{at}/{name}"
        if not isinstance(value, str):
            self.complain("must provide a string", where)
            return
        self.length(value, where, most=most, least=least)

    def length(self, value: str, at: str, *, most: int, least: int = 0) -> None:
        """Checks a string's length in characters."""
        if len(value) > most:
            self.complain(f"must be less than {most + 1} characters", at)
        if len(value) < least:
            self.complain(f"must be more than {least - 1} characters", at)

    def text(
        self,
        node: JSON,
        name: str,
        at: str,
        *,
        most: int,
        least: int = 1,
        kinds: Collection[str] = ("plain_text",),
    ) -> None:
        """Checks a text object (docs.slack.dev/reference/block-kit/composition-objects/text-object)."""
        value = node.get(name)
        if value is not None:
            self.text_object(value, f"{at}/{name}", most=most, least=least, kinds=kinds)

    def text_object(
        self, value: Any, at: str, *, most: int, least: int = 1, kinds: Collection[str] = ("plain_text",)
    ) -> None:
        """Checks a text object that stands at `at`."""
        if not isinstance(value, dict):
            self.complain("must provide an object", at)
            return
        before = len(self.problems)
        if value.get("type") not in kinds:
            self.complain(f"unsupported type: {value.get('type')}", f"{at}/type")
        self.fields(value, at, {"emoji", "verbatim"}, {"text"})
        if value.get("type") == "mrkdwn" and "emoji" in value:
            self.complain("invalid additional property: emoji", at)
        self.string(value, "text", at, most=most, least=least)
        if len(self.problems) > before:
            self.complain("failed to match all allowed schemas", at)

    def items(
        self, node: JSON, name: str, at: str, *, most: int, least: int = 1
    ) -> Iterator[tuple[Any, str]]:
        """Checks a list's length and gives its items with their pointers."""
        value = node.get(name)
        if value is None:
            return
        where = f"{at}/{name}"
        if not isinstance(value, list):
            self.complain("must provide an array", where)
            return
        if len(value) > most:
            self.complain(f"no more than {most} items allowed", where)
        if len(value) < least:
            self.complain(f"no fewer than {least} items allowed", where)
        for index, item in enumerate(value):
            yield item, f"{where}/{index}"

    def objects(
        self, node: JSON, name: str, at: str, *, most: int, least: int = 1
    ) -> Iterator[tuple[JSON, str]]:
        """Like `items`, and every item must be an object."""
        for item, where in self.items(node, name, at, most=most, least=least):
            if isinstance(item, dict):
                yield item, where
            else:
                self.complain("must provide an object", where)

    def choice(self, node: JSON, name: str, at: str, values: Collection[Any]) -> None:
        """Checks a field that takes one of a few values, where it is there."""
        if node.get(name) is not None and node[name] not in values:
            self.complain(f"must be a valid enum value: {', '.join(map(str, values))}", f"{at}/{name}")

    def number(
        self, node: JSON, name: str, at: str, *, least: float | None = None, most: float | None = None
    ) -> None:
        """Checks a number, where it is there."""
        value = node.get(name)
        if value is None:
            return
        where = f"{at}/{name}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain("must provide a number", where)
            return
        if least is not None and value < least:
            self.complain(f"must be greater than or equal to {least}", where)
        if most is not None and value > most:
            self.complain(f"must be less than or equal to {most}", where)

    def flag(self, node: JSON, name: str, at: str) -> None:
        """Checks a boolean, where it is there."""
        if node.get(name) is not None and not isinstance(node[name], bool):
            self.complain("must provide a boolean", f"{at}/{name}")

    def url(self, node: JSON, name: str, at: str, *, most: int = 3000) -> None:
        """Checks an address, where it is there."""
        self.string(node, name, at, most=most, least=1)
        value = node.get(name)
        if isinstance(value, str) and not value.startswith(("http://", "https://", "mailto:", "slack://")):
            self.complain("invalid url", f"{at}/{name}")

    def unique(self, value: str, seen: set[str], name: str, at: str) -> None:
        """Complains of an identifier that came before."""
        if value in seen:
            self.complain(f"`{name}` {value!r} already exists", at)
        seen.add(value)
