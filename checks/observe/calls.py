"""Calls of one reading: bounded in time, number and repetition, with every foreign error translated."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from checks.observations import Seen
from checks.observe.clients import Clients
from checks.observe.errors import NotUnderstood, Unseen, not_understood, status_of, too_slow, translated
from checks.observe.permissions import Need, Place

T = TypeVar("T")

ATTEMPTS = 3
ATTEMPT_SECONDS = 10.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
PAGE = 500
MOST_PAGES = 40
AT_ONCE = 24
AGAIN = frozenset({429, 500, 502, 503})
"""Answers after which the same question may be answered; reading twice does no harm."""


def foreign() -> tuple[type[Exception], ...]:
    """What Google's libraries, gRPC and requests raise, time-outs among them (they are OSErrors).

    Their modules are there once a call is made.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.protobuf import json_format, message
    from grpc import RpcError

    errors = (GoogleAPIError, GoogleAuthError, message.Error, json_format.Error, RpcError)
    return (*errors, ValueError, OSError)


class Calls:
    """Makes the calls of one reading until its `seconds` are over. `made` counts attempts, for measuring."""

    def __init__(self, clients: Clients, place: Place, seconds: float, at_once: asyncio.Semaphore) -> None:
        self.clients, self.place, self.seconds, self.made = clients, place, seconds, 0
        self._at_once = at_once
        self._end = asyncio.get_running_loop().time() + seconds

    def remaining(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - asyncio.get_running_loop().time())

    async def ask(self, need: Need, attempt: Callable[[float], Awaitable[T]]) -> T:
        """The answer to one question; `attempt` gets the seconds that it may take. Raises `Unseen`."""
        try:
            async with asyncio.timeout(self.remaining()), self._at_once:
                return await self._attempts(need, attempt)
        except TimeoutError:
            raise Unseen(too_slow(need, self.seconds)) from None

    async def _attempts(self, need: Need, attempt: Callable[[float], Awaitable[T]]) -> T:
        for turn in range(ATTEMPTS):
            self.made += 1
            allowed = min(ATTEMPT_SECONDS, self.remaining())
            try:
                async with asyncio.timeout(allowed):
                    return await attempt(allowed)
            except foreign() as error:
                pause = self._pause(error, turn)
                if pause is None:
                    raise Unseen(translated(error, need, self.place, allowed)) from error
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, error: Exception, turn: int) -> float | None:
        """Seconds to wait before asking again; None where that cannot help or there is no time."""
        if status_of(error) not in AGAIN or turn + 1 == ATTEMPTS:
            return None
        asked = _retry_delay(error)
        pause = max(asked, FIRST_PAUSE * 2**turn * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
        return pause if pause < min(self.remaining(), LONGEST_PAUSE) else None

    async def blocking(self, need: Need, attempt: Callable[[float], T]) -> T:
        """As `ask`, of a client that blocks: in a thread, which ends by its own time-out."""
        return await self.ask(need, lambda seconds: self.clients.thread(partial(attempt, seconds)))

    async def pages(
        self, need: Need, page: Callable[[str, float], Awaitable[Any]], most: int
    ) -> tuple[list[Any], bool]:
        """Pages to the end, at most so many, and whether there were more. `page` gets a token and seconds."""
        found: list[Any] = []
        token = ""
        for _ in range(most):
            found.append(await self.ask(need, partial(page, token)))
            token = str(found[-1].next_page_token)
            if not token:
                return found, False
        return found, True

    async def all_pages(self, need: Need, page: Callable[[str, float], Awaitable[Any]]) -> list[Any]:
        """Every page. More than `MOST_PAGES` are refused: what is not read must not count as absent."""
        found, more = await self.pages(need, page, MOST_PAGES)
        if more:
            raise Unseen(not_understood(need, f"more than {MOST_PAGES} pages"))
        return found

    async def login(self, need: Need) -> None:
        """Finds out who whybot is, for sentences and commands. Raises `Unseen` where it is nobody."""
        try:
            async with asyncio.timeout(self.remaining()):
                member = await self.clients.member()
        except TimeoutError:
            raise Unseen(too_slow(need, self.seconds)) from None
        except foreign() as error:
            raise Unseen(translated(error, need, self.place)) from error
        self.place = Place(self.place.project, self.place.region, member)


def _retry_delay(error: Exception) -> float:
    """Seconds that Google asks to wait (google.rpc.RetryInfo), 0 where it says nothing."""
    for detail in getattr(error, "details", None) or ():
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds) + float(delay.nanos) / 1e9
    return 0.0


def listing(method: Any, request: type[Any], **fields: Any) -> Callable[[str, float], Awaitable[Any]]:
    """Pages of an asynchronous client's list method, as plain protobuf messages: ten times faster to read."""

    request(**fields)  # a field that there is not is a mistake of ours, so not within a call

    async def page(token: str, seconds: float) -> Any:
        asked = request(**fields, page_token=token)
        pager = await method(request=asked, retry=None, timeout=seconds)
        async with aclosing(pager.pages) as pages:
            return plain(await anext(pages))

    return page


def blocking_listing(
    clients: Clients, method: Any, request: type[Any], **fields: Any
) -> Callable[[str, float], Awaitable[Any]]:
    """The same of a client that blocks."""

    request(**fields)  # as above

    def page(token: str, seconds: float) -> Any:
        pager = method(request=request(**fields, page_token=token), retry=None, timeout=seconds)
        return plain(next(iter(pager.pages)))

    return lambda token, seconds: clients.thread(partial(page, token, seconds))


def plain(message: Any) -> Any:
    """The protobuf message behind one of Google's wrappers; raises ValueError for an answer that is none."""
    if message is None:  # what grpc.aio gives for bytes that cannot be read as the message
        raise ValueError("The answer is no message.")
    return type(message).pb(message)


async def seen(reading: Awaitable[T]) -> Seen[T]:
    """The one place where blindness becomes a value."""
    try:
        return await reading
    except Unseen as unseen:
        return unseen.blind


def understood(need: Need, convert: Callable[[], T]) -> Seen[T]:
    """What was read, made into observations; a `Blind` where the answer cannot be understood."""
    try:
        return convert()
    except NotUnderstood as error:
        return not_understood(need, str(error))
