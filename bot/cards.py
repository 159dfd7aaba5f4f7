"""Cards: what the store knows of a sweep, as the message that people see."""

from bot.outbox import Composed
from bot.store.messages import Due
from bot.store.results import from_document
from bot.store.sweeps import StoredCard, StoredSweep, Sweeps
from bot.views.card import CardState, Phase, card
from checks.result import Sweep, Vantage

UNDER_WAY = frozenset({"queued", "running"})
# A wait that people would notice; shorter ones are how filling in live works.
SLOW_SECONDS = 5.0


class Cards:
    """Composes the message of a card from the store."""

    def __init__(self, sweeps: Sweeps, vantage: Vantage) -> None:
        self._sweeps = sweeps
        self._vantage = vantage

    async def compose(self, due: Due) -> Composed | None:
        """The newest state of a card as a message; None where the card was forgotten."""
        stored = await self._sweeps.card(due.id)
        if stored is None:
            return None
        state = self.state(stored, delayed=int(due.lag) if due.lag >= SLOW_SECONDS else 0)
        return Composed(card(state), stored.version, stored.response_url)

    def state(self, stored: StoredCard, delayed: int = 0) -> CardState:
        """What the card shows; `delayed` is in seconds."""
        return CardState(
            card_id=stored.id,
            environment=stored.sweep.environment,
            sweep=self.sweep(stored.sweep),
            requesters=stored.requesters,
            phase=_phase(stored.sweep.phase),
            asked_at=stored.sweep.asked_at,
            finished_at=stored.sweep.finished_at,
            delayed=delayed,
        )

    async def shared(self, sweep_id: str) -> Sweep | None:
        """A sweep by its id, for whys that are about it; None where it is no longer kept."""
        stored = await self._sweeps.sweep(sweep_id)
        return None if stored is None else self.sweep(stored)

    def sweep(self, stored: StoredSweep) -> Sweep:
        """A sweep of the store as checks know it."""
        return Sweep(
            environment=stored.environment,
            vantage=Vantage(**stored.vantage) if stored.vantage else self._vantage,
            started_at=stored.started_at or stored.asked_at,
            expected=stored.expected,
            results=tuple(map(from_document, stored.results)),
            duration_ms=stored.duration_ms,
            titles=stored.titles,
        )


def _phase(phase: str) -> Phase:
    if phase in UNDER_WAY:
        return "running"
    return "finished" if phase == "finished" else "interrupted"
