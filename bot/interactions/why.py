"""*Why?* of a card, *Ask again* under whys, *Why?* of the Home tab: each asks for a run of the runbooks."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import show
from bot.commands.why import said, wished
from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.store.sweeps import StoredCard
from bot.store.whys import WhyWish
from bot.views import ephemeral
from bot.views.card import WHY
from bot.views.home import WHY_NOW
from bot.views.why import ASK_AGAIN
from checks.runner import utc_now
from runbooks.gather import is_fresh


def register(app: AsyncApp, services: Services) -> None:
    """Takes the buttons."""

    async def on_why(ack: AsyncAck, body: dict[str, Any]) -> None:
        card = await services.sweeps.card(pressed_card(body))
        if card is None or card.sweep.environment not in services.environments:
            await _too_old(services, ack, body)
            return
        who = replace(asker(body), channel=card.channel, workspace=card.workspace)
        share = card.sweep.id if _is_shared(services, card) else ""
        await _ask(services, ack, wished(card.sweep.environment, "", who, sweep_id=share, thread=card.id))

    async def on_ask_again(ack: AsyncAck, body: dict[str, Any]) -> None:
        before = await services.whys.card(pressed_card(body))
        if before is None or before.environment not in services.environments:
            await _too_old(services, ack, body)
            return
        known = before.runbook if before.runbook in services.whys.runbooks else ""
        who = replace(asker(body), channel=before.channel, workspace=before.workspace)
        await _ask(services, ack, wished(before.environment, known, who, thread=before.thread))

    async def on_why_now(ack: AsyncAck, body: dict[str, Any]) -> None:
        name = pressed_card(body)
        if name not in services.environments:
            await ack()
            await show(services.slack, body, ephemeral.no_environment(name))
            return
        opened = await services.slack.conversations_open(users=body["user"]["id"])
        who = replace(asker(body), channel=opened["channel"]["id"])
        await services.whys.ask(wished(name, "", who))
        await ack()

    app.action(WHY)(on_why)
    app.action(ASK_AGAIN)(on_ask_again)
    app.action(WHY_NOW)(on_why_now)


def _is_shared(services: Services, card: StoredCard) -> bool:
    """Whether the whys are about the very checks of the card, since they are fresh enough."""
    specs = services.environments[card.sweep.environment].select()
    return card.sweep.phase == "finished" and is_fresh(services.cards.sweep(card.sweep), specs, utc_now())


async def _ask(services: Services, ack: AsyncAck, wish: WhyWish) -> None:
    """Makes the wish durable before it is acknowledged; says what became of it where that is not plain."""
    asked = await services.whys.ask(wish)
    await ack()
    if not (asked.begun or asked.repeated):
        message = said(wish, asked)
        await services.answers.tell(wish.response_url, message.text, message.blocks)


async def _too_old(services: Services, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    await services.answers.tell(asker(body).response_url, ephemeral.old_button().text)
