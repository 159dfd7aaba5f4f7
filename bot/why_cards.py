"""Messages about whys: what the store knows of a run, as what people see."""

from bot.cards import SLOW_SECONDS, UNDER_WAY
from bot.outbox import Composed
from bot.store.messages import Due
from bot.store.whys import StoredWhy, Whys, spoken
from bot.views.why import message
from bot.views.why_state import Phase, WhyState


class WhyCards:
    """Composes the message of a run from the store."""

    def __init__(self, store: Whys) -> None:
        self._store = store

    async def compose(self, due: Due) -> Composed | None:
        """The newest state of a message; None where it was forgotten."""
        stored = await self._store.card(due.id)
        if stored is None:
            return None
        delayed = int(due.lag) if due.lag >= SLOW_SECONDS else 0
        return Composed(message(state(stored, delayed)), stored.version, stored.response_url)


def state(stored: StoredWhy, delayed: int = 0) -> WhyState:
    """A run of the store as views know it; `delayed` is in seconds."""
    shown = WhyState(
        card_id=stored.card_id,
        spoken=spoken(stored.number),
        environment=stored.environment,
        phase=_phase(stored.phase),
        document=stored.diagnosis,
        waiting=tuple(stored.progress.get("waiting", ())),
        people=stored.people,
        asked_at=stored.asked_at,
        runbook=stored.runbook,
        shared=bool(stored.sweep_id),
        delayed=delayed,
        note=stored.note or "",
    )
    if stored.finished_at is None:
        return shown
    took = (stored.finished_at - (stored.started_at or stored.asked_at)).total_seconds() * 1000
    return shown.ended(stored.finished_at, took)


def _phase(phase: str) -> Phase:
    if phase in UNDER_WAY:
        return "running"
    return "finished" if phase == "finished" else "interrupted"
