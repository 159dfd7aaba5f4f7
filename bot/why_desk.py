"""Takes wishes to know why, and answers without a store for whoever asked alone."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.answers import Answers
from bot.errors import log_unforeseen
from bot.inquiry import Inquiry, Question, last
from bot.store.whys import StoredWhy, WhyAsked, Whys, WhyWish
from bot.views import ephemeral
from bot.views import why as view
from bot.views.message import Message
from bot.views.why_state import WhyState
from bot.whys import allowed_seconds
from checks.environment import Environment

log = structlog.get_logger(__name__)


class WhyDesk:
    """Whys for people. `runbooks` are the names of those that there are; `changed` wakes the outbox."""

    def __init__(
        self,
        store: Whys,
        environments: Mapping[str, Environment],
        inquiry: Inquiry,
        runbooks: tuple[str, ...],
        answers: Answers,
        changed: Callable[[], None],
    ) -> None:
        self.runbooks = runbooks
        self._store = store
        self._environments = environments
        self._inquiry = inquiry
        self._answers = answers
        self._changed = changed
        self._telling: set[asyncio.Task[None]] = set()

    async def ask(self, wish: WhyWish) -> WhyAsked:
        """Makes a wish durable: its run, its message and its job. Raises `StoreUnavailable`."""
        asked = await self._store.ask(wish, allowed_seconds(self._environments[wish.environment]))
        self._changed()
        return asked

    async def card(self, card_id: str) -> StoredWhy | None:
        """What one message shows; None where it is no longer kept. Raises `StoreUnavailable`."""
        return await self._store.card(card_id)

    def begin_unkept(self, wish: WhyWish) -> None:
        """Answers a wish while the store does not: for that person alone, and kept nowhere."""
        telling = asyncio.create_task(self._tell(wish))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def end(self) -> None:
        """Stops what is answered without a store."""
        tasks = list(self._telling)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, wish: WhyWish) -> None:
        message = await self._unkept(wish)
        # Classic blocks: whether this workspace takes newer ones is in the store.
        await self._answers.tell(wish.response_url, message.text, message.fallback_blocks)

    async def _unkept(self, wish: WhyWish) -> Message:
        asked_at = datetime.now(UTC)
        try:
            async with asyncio.timeout(allowed_seconds(self._environments[wish.environment])):
                found = await last(self._inquiry(Question(wish.environment, wish.runbook)))
        except TimeoutError:
            return ephemeral.known_problem(
                f"Why {wish.environment} is as it is could not be told: the evidence did not come in time. "
                f"Ask again; `whybot doctor {wish.environment}` says what fails."
            )
        except Exception as error:  # noqa: BLE001 - the border: whoever asked is told, whatever happened
            return ephemeral.problem(log_unforeseen(error))
        done = datetime.now(UTC)
        shown = WhyState("", "", wish.environment, "finished", found.document, (), (wish.person,), asked_at)
        return view.message(shown.ended(done, (done - asked_at).total_seconds() * 1000))
