"""What listeners work with, built by `wiring` and handed to each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.answers import Answers
from bot.cards import Cards
from bot.drifts import DriftDesk
from bot.paths import Paths
from bot.store.sweeps import Asked, Request, Sweeps
from bot.sweeps import allowed_seconds
from bot.unkept import Unkept
from bot.why_desk import WhyDesk
from checks.environment import Environment
from checks.eyes import Eyes


@dataclass(frozen=True, slots=True)
class Services:
    """The environments, the store's sweeps, and the ways to Slack. `changed` wakes the outbox.

    `eyes` are those of environments that name a project; `drift` and `paths` answer with what they see.
    """

    environments: Mapping[str, Environment]
    sweeps: Sweeps
    cards: Cards
    slack: AsyncWebClient
    answers: Answers
    unkept: Unkept
    changed: Callable[[], None]
    eyes: Mapping[str, Eyes]
    drift: DriftDesk
    paths: Paths
    whys: WhyDesk

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """Environment names, each with the names of its checks."""
        return {name: tuple(environment.checks) for name, environment in self.environments.items()}

    async def ask(self, environment: str, names: tuple[str, ...], asker: "Asker") -> Asked:
        """Asks for a sweep over some checks (all for none): durable on return. Raises `UnknownCheck`."""
        file = self.environments[environment]
        chosen = tuple(spec.name for spec in file.select(names))
        asked = await self.sweeps.ask(
            Request(
                delivery=asker.delivery,
                environment=environment,
                names=chosen,
                everything=len(chosen) == len(file.checks),
                titles={name: file.checks[name].title or name for name in chosen},
                seconds=allowed_seconds(file, chosen),
                workspace=asker.workspace,
                channel=asker.channel,
                person=asker.person,
                response_url=asker.response_url,
            )
        )
        self.changed()
        return asked


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a card, and where it goes. `delivery` is the same when Slack delivers again."""

    delivery: str
    workspace: str
    channel: str
    person: str
    response_url: str | None = None
