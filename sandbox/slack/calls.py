"""The log of traffic between Slack and the bot, as the page's inspector and tests read it. Secrets
are blotted out."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sandbox.slack.errors import JSON

KEPT = 5000
"""A demo may run for days; older calls are dropped."""
BLOT = "•••"
SECRET_FIELDS = frozenset({"token", "client_secret", "authorization"})
Direction = Literal["bot→slack", "slack→bot"]


@dataclass(frozen=True)
class Call:
    """One exchange. `status` is the HTTP status, or `timeout` or `unreachable` where the bot did
    not answer."""

    id: int
    direction: Direction
    method: str
    arguments: Any
    answer: Any
    status: int | str
    time: datetime
    duration_ms: float

    def document(self) -> JSON:
        """The call as JSON."""
        return {
            "id": self.id,
            "direction": self.direction,
            "method": self.method,
            "arguments": self.arguments,
            "answer": self.answer,
            "status": self.status,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "duration_ms": round(self.duration_ms, 1),
        }


@dataclass
class CallLog:
    """The newest calls, numbered from 1."""

    secrets: tuple[str, ...]
    changed: list[Callable[[], None]] = field(default_factory=list)
    _calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT))
    _count: int = 0

    def add(
        self,
        direction: Direction,
        method: str,
        arguments: object,
        answer: object,
        status: int | str,
        duration_s: float,
    ) -> Call:
        """Keeps one exchange."""
        self._count += 1
        call = Call(
            self._count,
            direction,
            method,
            self._blot(arguments),
            self._blot(answer),
            status,
            datetime.now(UTC),
            duration_s * 1000,
        )
        self._calls.append(call)
        for listener in self.changed:
            listener()
        return call

    def since(self, number: int = 0) -> Iterable[Call]:
        """Calls with an id above `number`, oldest first."""
        return [call for call in self._calls if call.id > number]

    def _blot(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: BLOT if k in SECRET_FIELDS else self._blot(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._blot(item) for item in value]
        if isinstance(value, str):
            for secret in self.secrets:
                value = value.replace(secret, BLOT)
        return value
