"""Puts calls that come while one is under way into the next one: a hundred commands cost a few statements."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST = 200


class Together(Generic[Asked, Answer]):
    """Collects what is asked while `work` is busy, and gives it all to `work` at once.

    `work` takes at most `most` items in the order in which they came and returns as many answers. An item
    that comes alone is worked on at once. An error of a kind in `common` (the store is down) is everybody's;
    after any other the items are worked on one by one, so that one of them cannot spoil the others.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]],
        *,
        common: tuple[type[Exception], ...] = (),
        most: int = MOST,
    ) -> None:
        self._work = work
        self._common = common
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, item: Asked) -> Answer:
        """The answer to one item."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._answer([(item, future) for item, future in taken if not future.done()])

    async def _answer(self, taken: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in taken])
        except Exception as error:  # noqa: BLE001 - handed on to everyone who waits for it
            if len(taken) > 1 and not isinstance(error, self._common):
                for one in taken:
                    await self._answer([one])
                return
            for _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)
