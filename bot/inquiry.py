"""An inquiry: gathers evidence of one environment and has the runbooks say why, again as evidence comes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from bot.store.embedded import StoreUnavailable
from checks.environment import Environment
from checks.eyes import Eyes
from checks.result import Sweep
from checks.secrets import Secrets
from checks.vantage.mixed import Vantages
from runbooks import bundle as evidence
from runbooks.bundle import Bundle
from runbooks.engine import diagnose
from runbooks.evidence.source import Scope
from runbooks.gather import awaited, gather, scope_of
from runbooks.output import why
from runbooks.runbook import Library
from runbooks.values import Json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `runbook` is empty for all; `sweep` is one to share, None where checks run anew."""

    environment: str
    runbook: str = ""
    sweep: Sweep | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What is known so far: `document` is `whybot/why/1`.

    `waiting` are sources that are still asked, as people call them. `bundle` is the evidence as
    `whybot/bundle/1`, with the last of an inquiry alone.
    """

    document: Json
    waiting: tuple[str, ...] = ()
    bundle: Json = None

    @property
    def final(self) -> bool:
        """Whether no more evidence comes."""
        return self.bundle is not None


Inquiry = Callable[[Question], AsyncGenerator[Found, None]]
"""Answers a question, better as evidence comes. Close it (`contextlib.aclosing`) to cancel what it asks."""

Past = Callable[[str], Awaitable[list[Json]]]
"""Earlier diagnoses of an environment, newest first. Raises `StoreUnavailable`."""


class Inquiries:
    """Makes inquiries with these runbooks. The values of `secrets` are kept out of the evidence."""

    def __init__(
        self,
        library: Library,
        environments: Mapping[str, Environment],
        vantages: Mapping[str, Vantages],
        eyes: Mapping[str, Eyes],
        secrets: Secrets,
        past: Past,
    ) -> None:
        self._library = library
        self._environments = environments
        self._vantages = vantages
        self._eyes = eyes
        self._secrets = secrets
        self._past = past

    async def ask(self, question: Question) -> AsyncGenerator[Found, None]:
        """See `Inquiry`. Raises KeyError for an environment or a runbook that there is not."""
        runbook = question.runbook or None
        bundle, document = None, None
        async with aclosing(gather(self._library, self._scope(question), runbook=runbook)) as bundles:
            async for bundle in bundles:
                document = await asyncio.to_thread(self._said, bundle, runbook)
                yield Found(document, awaited(bundle))
        if bundle is not None:
            yield Found(document, (), evidence.document(bundle, document))

    def _said(self, bundle: Bundle, runbook: str | None) -> Json:
        return why.document(diagnose(self._library, bundle, runbook=runbook))

    def _scope(self, question: Question) -> Scope:
        name = question.environment
        return scope_of(
            self._environments[name],
            self._eyes.get(name),
            self._vantages[name],
            kept=question.sweep,
            secrets=self._secrets,
            past=lambda: self._told(name),
        )

    async def _told(self, environment: str) -> list[Json]:
        """Earlier diagnoses; none while the store does not answer."""
        try:
            return await self._past(environment)
        except StoreUnavailable as error:
            log.warning("whys are told without those before", error=str(error))
            return []


async def last(found: AsyncGenerator[Found, None]) -> Found:
    """The final answer of an inquiry."""
    async with aclosing(found) as states:
        return [state async for state in states][-1]
