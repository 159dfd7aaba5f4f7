"""Work under a lease: done by one worker at a time, given back when whybot stops, let go when it is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.store.embedded import StoreUnavailable

LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
STORE_PAUSE_SECONDS = 0.5


class NotDone(Exception):  # noqa: N818 - how a run ended, not a mistake
    """The work is still to be done: someone else holds it, or whybot stops. Try in `delay` seconds."""

    def __init__(self, delay: float) -> None:
        super().__init__(delay)
        self.delay = delay


class Lost(Exception):  # noqa: N818 - see above
    """Another worker has the work, or it has ended; nothing of ours is written any more."""


async def hold(
    work: Coroutine[Any, Any, None],
    renew: Callable[[], Awaitable[bool]],
    release: Callable[[], Awaitable[None]],
    stopping: asyncio.Event,
) -> None:
    """Does the work while the lease is renewed; ends it when the lease is lost.

    Raises `NotDone` where whybot stops first; the lease is then given back.
    """
    working = asyncio.create_task(work)
    others = [asyncio.create_task(_keep(renew)), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait({working, *others}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        finished = working.done()
        for task in (working, *others):
            task.cancel()
        await asyncio.gather(working, *others, return_exceptions=True)
    if finished:
        working.result()
    elif stopping.is_set():
        await release()
        raise NotDone(delay=0.0)


async def _keep(renew: Callable[[], Awaitable[bool]]) -> None:
    """Renews the lease; ends when it is lost."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            if not await renew():
                return
        except StoreUnavailable:
            continue  # the lease may yet be renewed in time; if not, the next write finds out
