"""A staging world in words only: the real tables of faults and targets, nothing behind them."""

from collections.abc import Callable
from typing import Any

from sandbox.faults import FAULTS, fault_kind
from sandbox.faults.kind import FaultKind, Order
from sandbox.targets import BACKEND, DNS, HERE, SOURCES, STORES, TARGETS

SCENARIOS: dict[str, tuple[tuple[str, str], ...]] = {
    "healthy": (),
    "seed-503": (("blackhole", "redis"), ("postgres_slow", "postgres")),
}
TITLES = {"healthy": "Everything works", "seed-503": "The incident of the write-up"}


class WorldOfWords:
    """What the control API needs of a world, in the shapes of `sandbox.world.World.describe`."""

    def __init__(self) -> None:
        self.scenario = "healthy"
        self.faults: dict[str, tuple[FaultKind, Order]] = {}
        self.changes: list[str] = []
        self._given = 0
        self._subscribers: list[Callable[[], None]] = []

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each change."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def apply_scenario(self, name: str) -> None:
        """Replaces the faults."""
        self.faults.clear()
        self.scenario = name
        for fault, target in SCENARIOS[name]:
            self._add(fault, target, {})
        self._tell()

    async def apply_fault(self, fault: str, target: str, **options: Any) -> str:
        """Adds a fault; refuses what the real world would refuse."""
        given = self._add(fault, target, options)
        self._tell()
        return given

    async def change(self, wish: dict[str, Any]) -> str:
        """Keeps a deployment; one with `legacy-connector` closes the backend's way to Redis."""
        self.changes.append(f"{wish['by']} deploys {wish['connector']}")
        self._tell()
        return self.changes[-1]

    async def mend(self, fault_id: str | None = None, /) -> None:
        """Removes one fault or all."""
        if fault_id is None:
            self.faults.clear()
            self.changes.clear()
        else:
            del self.faults[fault_id]
        self._tell()

    def describe(self) -> dict[str, Any]:
        """The world's part of the state."""
        return {
            "scenario": self.scenario,
            "scenarios": [
                {"name": name, "title": TITLES[name], "description": f"{name}."} for name in SCENARIOS
            ],
            "faults": [self._fault(key) for key in self.faults],
            "fault_kinds": [kind.describe() for kind in FAULTS],
            "services": [
                {"name": t.name, "title": t.title, "address": t.host_name or t.address, "up": True}
                for t in TARGETS.values()
            ],
            "links": [
                *(self._link(HERE, name) for name in TARGETS),
                *(self._link(BACKEND, name) for name in STORES),
                self._link(HERE, DNS),
            ],
            "cloud": self._cloud(),
        }

    def _cloud(self) -> dict[str, Any]:
        wrong = any("legacy-connector" in change for change in self.changes[-1:])
        connector = "legacy-connector" if wrong else "staging-connector"
        share = {"revision": "netra-backend-staging-00041-t2m", "percent": 100, "connector": connector}
        return {
            "changes": self.changes,
            "services": [{"name": "netra-backend-staging", "serving": [share]}],
            "connectors": [{"name": connector, "state": "READY", "network": "staging-vpc"}],
        }

    def _add(self, fault: str, target: str, options: dict[str, Any]) -> str:
        kind = fault_kind(fault)
        self._given += 1
        self.faults[f"f{self._given}"] = (kind, kind.order(target, options))
        return f"f{self._given}"

    def _fault(self, key: str) -> dict[str, Any]:
        kind, order = self.faults[key]
        title = TARGETS[order.target].title
        return {
            "id": key,
            "fault": kind.fault,
            "target": order.target,
            "options": dict(order.options),
            "title": f"{title}: {kind.title.removeprefix(title + ': ')}",
            "since": "2026-11-23T14:00:00.000Z",
        }

    def _link(self, source: str, target: str) -> dict[str, Any]:
        felt = [kind for kind, order in self.faults.values() if order.target == target]
        effects = {kind.effect for kind in felt}
        configured = source == BACKEND
        lost = configured and target == "redis" and "legacy" in "".join(self.changes[-1:])
        effects |= {"closed"} if lost else set()
        return {
            "source": source,
            "target": target,
            "title": f"{SOURCES[source]} → {TARGETS[target].title if target in TARGETS else 'DNS'}",
            "address": TARGETS[target].address if target in TARGETS else "127.0.0.1:5353",
            "state": "closed" if "closed" in effects else "impaired" if effects else "open",
            "why": "; ".join(kind.title for kind in felt) or ("default has no route to it" if lost else None),
            "way": ["legacy-connector", "default"] if lost else ["staging-connector"] if configured else None,
        }

    def _tell(self) -> None:
        for callback in tuple(self._subscribers):
            callback()
