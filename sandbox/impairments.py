"""What slows, cuts or resets the connections of a link, be it a fault or the way that they take."""

import random

from sandbox.errors import WrongOptionError
from sandbox.network import Cut, Flow, Impairment

APPLIES_TO = ("query", "first_byte", "connection")
AUTHENTICATION = b"R"  # this and the next are of PostgreSQL's protocol
READY_FOR_QUERY = b"Z\0\0\0\5"
PARSED = b"1\0\0\0\4"
RESULT_OF_QUERY = b"2TCI"
"""Begins an answer to a query: BindComplete, RowDescription, CommandComplete, EmptyQueryResponse."""


class Latency(Impairment):
    """Holds answers back by `ms` ± `spread`: the first of a connection, each one, or the opening itself."""

    def __init__(self, ms: float, spread: float, applies_to: str) -> None:
        if applies_to not in APPLIES_TO:
            raise WrongOptionError(f"applies_to is {applies_to!r}; it must be one of {', '.join(APPLIES_TO)}")
        self._ms, self._spread, self._applies_to = ms, spread, applies_to
        self._chance = random.Random()

    def opening(self, flow: Flow) -> float:
        """Delays the whole connection."""
        return self._delay() if self._applies_to == "connection" else 0.0

    def answering(self, flow: Flow, data: bytes) -> float:
        """Delays an answer."""
        concerned = self._applies_to == "query" or (self._applies_to == "first_byte" and flow.sent == 0)
        return self._delay() if concerned else 0.0

    def _delay(self) -> float:
        return max(0.0, self._ms + self._chance.uniform(-self._spread, self._spread)) / 1000


class Reset(Impairment):
    """Resets every so manyth connection as soon as the client has spoken."""

    def __init__(self, every: int) -> None:
        self._every = max(1, every)

    def asking(self, flow: Flow, data: bytes) -> None:
        """The client's first bytes are answered with a reset."""
        if flow.number % self._every == 0:
            raise Cut(reset=True)


class CutMidway(Impairment):
    """Closes a connection once so many bytes have gone to the client."""

    def __init__(self, after: int) -> None:
        self._after = after

    def passing(self, flow: Flow, size: int) -> int:
        """Lets pass what is left."""
        return max(0, min(size, self._after - flow.sent))


class Bandwidth(Impairment):
    """Lets so many bytes a second pass to the client."""

    def __init__(self, rate: float) -> None:
        self._rate = max(1.0, rate)

    def bytes_per_second(self) -> float:
        """The rate."""
        return self._rate


class SlowServer(Impairment):
    """Makes PostgreSQL slow where it would be: at the end of the login, and in the answers to queries.

    The first query of a connection takes `query_ms`, later ones `next_ms`. Preparing a statement takes
    no time of its own, so that a driver that prepares first is not slowed twice.
    """

    def __init__(self, login_ms: float, query_ms: float, next_ms: float) -> None:
        self._login_ms, self._query_ms, self._next_ms = login_ms, query_ms, next_ms

    def answering(self, flow: Flow, data: bytes) -> float:
        """How late this answer is."""
        if data[:1] == AUTHENTICATION and READY_FOR_QUERY in data:
            return self._login_ms / 1000
        answer = data.removeprefix(PARSED)[:1]
        if answer and answer in RESULT_OF_QUERY:
            asked = flow.notes.get(self, 0)
            flow.notes[self] = asked + 1
            return (self._next_ms if asked else self._query_ms) / 1000
        return 0.0
