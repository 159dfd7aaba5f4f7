"""What a fault is: a way of breaking something that can be undone fully."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.errors import UnknownNameError, WrongOptionError
from sandbox.staging import Staging
from sandbox.targets import SOURCES


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a fault. `unit` is for people: `ms`, `bytes`, `name`, …; its type is that of `default`."""

    name: str
    unit: str
    default: int | float | str

    def read(self, value: object) -> int | float | str:
        """The value in the option's type; raises `WrongOptionError`."""
        kind = type(self.default)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise WrongOptionError(f"{self.name} is {value!r}; it must be {_noun(kind)}")
        try:
            read = kind(value)
        except (ValueError, OverflowError):
            raise WrongOptionError(f"{self.name} is {value!r}; it must be {_noun(kind)}") from None
        if isinstance(read, (int, float)) and not 0 <= read <= 1e9:
            raise WrongOptionError(f"{self.name} is {value!r}; it must be between 0 and 1,000,000,000")
        return read


def _noun(kind: type) -> str:
    return {int: "a whole number", float: "a number"}.get(kind, "text")


@dataclass(frozen=True, slots=True)
class Order:
    """A fault kind bound to its target, with every option filled in."""

    target: str
    options: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The source that it is limited to; empty for all."""
        return str(self.options.get("source", ""))


Effect = Literal["impaired", "closed"]
Enter = Callable[[Staging, Order], AbstractAsyncContextManager[None]]
SOURCE = Option("source", "name", "")
"""Limits a fault of the network to one source: `here` or `backend`; empty is all."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault.

    `enter` breaks the world on entering and mends it on leaving. `effect` is how the links to the target
    look meanwhile. Kinds that share a `slot` turn the same knob: on one target the newest replaces the other.
    """

    fault: str
    title: str
    description: str
    targets: tuple[str, ...]
    enter: Enter
    options: tuple[Option, ...] = ()
    effect: Effect = "impaired"
    slot: str = ""

    def order(self, target: str, options: Mapping[str, object]) -> Order:
        """Checks a wish, filling in defaults; raises `UnknownNameError` or `WrongOptionError`."""
        if target not in self.targets:
            raise UnknownNameError("target", target, self.targets, f"of the fault {self.fault}")
        known = {option.name: option for option in self.options}
        for name in options:
            if name not in known:
                raise UnknownNameError("option", name, tuple(known), f"of the fault {self.fault}")
        filled = {name: option.read(options.get(name, option.default)) for name, option in known.items()}
        source = filled.get("source", "")
        if source and source not in SOURCES:
            raise UnknownNameError("source", str(source), tuple(SOURCES))
        return Order(target, filled)

    def describe(self) -> dict[str, Any]:
        """The kind as the page's panel wants it."""
        return {
            "fault": self.fault,
            "title": self.title,
            "description": self.description,
            "targets": list(self.targets),
            "options": [{"name": o.name, "unit": o.unit, "default": o.default} for o in self.options],
        }
