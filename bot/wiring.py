"""Builds the bot of real parts: the one place that makes clients of Slack, the store and the checks."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers import Answers
from bot.app import build_app
from bot.cards import Cards
from bot.drift_schedule import DriftSchedule
from bot.drifts import DriftDesk, compose_drift
from bot.eyes import open_eyes
from bot.inquiry import Inquiries
from bot.jobs import Jobs
from bot.outbox import Composer, Outbox, Patience
from bot.paths import COMPOSER as PATH_COMPOSER
from bot.paths import Paths
from bot.services import Services
from bot.settings import Settings, SettingsError, load_secrets
from bot.slack_errors import FOREIGN, Next, refusal
from bot.store.database import Database
from bot.store.drifts import Drifts
from bot.store.embedded import StoreUnavailable
from bot.store.messages import Messages, Rates
from bot.store.recovery import take_over
from bot.store.sweeps import Sweeps
from bot.store.whys import COMPOSER as WHY_COMPOSER
from bot.store.whys import Whys
from bot.sweeper import Sweeper
from bot.sweeps import SweepWorker
from bot.unkept import Unkept
from bot.uploads import Uploads
from bot.vantages import open_vantages
from bot.web import Readiness, Web
from bot.why_cards import WhyCards
from bot.why_desk import WhyDesk
from bot.whys import WhyWorker
from checks.environment import Environment, load_environments, load_overlay
from checks.eyes import Eyes
from runbooks.reader import load_library

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0
PING_SECONDS = 5  # also how long a cut socket may go unnoticed
GIVE_BACK_SECONDS = 4.0
SEND_SECONDS = 3.0
PATIENCE, RATES = Patience(), Rates()
CONNECTING = "not connected yet"


@dataclass(slots=True)
class Bot:
    """All parts of a running bot. `work` makes it answer; `end` brings its work to a safe stop."""

    settings: Settings
    database: Database
    services: Services
    outbox: Outbox
    jobs: Jobs
    sweeper: Sweeper
    schedule: DriftSchedule
    web: Web
    app: AsyncApp | None = None
    socket: AsyncSocketModeHandler | None = None
    migrated: bool = False
    _working: asyncio.Task[None] | None = None
    _sending: asyncio.Task[None] | None = None
    _tidying: asyncio.Task[None] | None = None
    _watching: asyncio.Task[None] | None = None

    async def work(self) -> None:
        """Takes requests and does the work, for ever; without a store, requests are refused until it comes.

        Raises `SettingsError` where Slack does not know our tokens.
        """
        identity, *_ = await asyncio.gather(self._identify(), self._prepare_store(), self._prepare_eyes())
        await self._connect(identity)
        while not self.migrated:
            await asyncio.sleep(RETRY_SECONDS)
            await self._prepare_store()
        self._watching = asyncio.create_task(self.schedule.run(identity.team_id or ""))
        await asyncio.Event().wait()

    async def _prepare_eyes(self) -> None:
        """Reads Google's libraries before requests come; later, who typed a command would wait for them."""
        for eyes in self.services.eyes.values():
            await eyes.cloud.prepare()

    async def _prepare_store(self) -> None:
        """Makes the tables and begins to work, if the store answers."""
        try:
            await self.database.migrate()
            if self.settings.database_url is None:
                await take_over(self.database, PATIENCE.settle)
        except StoreUnavailable as error:
            log.warning("waiting for the store", error=str(error))
            return
        self.migrated = True
        self._working = asyncio.create_task(self.jobs.run())
        self._sending = asyncio.create_task(self.outbox.run())
        self._tidying = asyncio.create_task(self.sweeper.run())

    async def _connect(self, identity: AuthorizeResult) -> None:
        secret = self.settings.slack_signing_secret
        http = self.settings.slack_mode == "http"
        self.app = build_app(self.services, identity, secret.get_secret_value() if http and secret else None)
        if http:
            self.web.take_requests(self.app)
        else:
            await self._open_socket(self.app)
        log.info("taking requests", workspace=identity.team_id, mode=self.settings.slack_mode)

    async def _identify(self) -> AuthorizeResult:
        answer = await _asked(self.services.slack.auth_test, "SLACK_BOT_TOKEN")
        token = self.settings.slack_bot_token
        return AuthorizeResult(
            enterprise_id=answer.get("enterprise_id"),
            team_id=answer.get("team_id"),
            bot_id=answer.get("bot_id"),
            bot_user_id=answer.get("user_id"),
            bot_token=token.get_secret_value() if token else None,
        )

    async def _open_socket(self, app: AsyncApp) -> None:
        token = self.settings.slack_app_token or SecretStr("")
        handler = AsyncSocketModeHandler(
            app, token.get_secret_value(), web_client=self.services.slack, ping_interval=PING_SECONDS
        )
        handler.client.proxy = self.services.slack.proxy
        self.socket = handler
        # Asked for here, since the client itself would try a wrong token again for ever.
        opened = await _asked(
            lambda: self.services.slack.apps_connections_open(app_token=token.get_secret_value()),
            "SLACK_APP_TOKEN",
        )
        handler.client.wss_uri = opened["url"]
        await handler.client.connect()  # type: ignore[no-untyped-call]  # the SDK gives it no type

    async def slack_problem(self) -> str | None:
        """Why requests of Slack do not reach us, or None."""
        if self.app is None:
            return CONNECTING
        if self.socket is not None and not await self.socket.client.is_connected():
            return "the socket is down; connecting again"
        return None

    async def store_problem(self) -> str | None:
        """Why nothing can be kept, or None."""
        try:
            await self.database.ping()
        except StoreUnavailable as error:
            return str(error)
        return None if self.migrated else "the tables are not made yet"

    async def end(self) -> None:
        """Gives running sweeps back, sends what may go out now, closes the socket."""
        await _ended(self._watching, 0)
        await _ended(self._tidying, 0)
        self.jobs.stop()
        await _ended(self._working, GIVE_BACK_SECONDS)
        self.outbox.stop()
        await _ended(self._sending, SEND_SECONDS)
        if self.socket is not None:
            await self.socket.client.close()  # type: ignore[no-untyped-call]  # as above


@asynccontextmanager
async def build(
    settings: Settings, address: str, patience: Patience = PATIENCE, rates: Rates = RATES
) -> AsyncIterator[Bot]:
    """The bot for these settings, on the PostgreSQL at `address`, not connected yet.

    Raises `EnvironmentFileError` with every mistake in the environment files and the overlay, `RunbookError`
    with every mistake in runbooks.
    """
    environments = load_environments(settings.environments)
    overlay = load_overlay(settings.overlay) if settings.overlay else None
    library = load_library(settings.runbooks)
    async with AsyncExitStack() as stack:
        database = Database(address)
        stack.push_async_callback(database.close)
        eyes = await _eyes(stack, settings, environments)
        vantages = {
            name: await stack.enter_async_context(
                open_vantages(settings, environment, overlay, eyes.get(name))
            )
            for name, environment in environments.items()
        }
        timeout = aiohttp.ClientTimeout(total=patience.call)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        slack = slack_client(settings, session, patience)
        sweeps, whys, messages = Sweeps(database), Whys(database), Messages(database, rates)
        cards, answers = Cards(sweeps, settings.vantage), Answers(session, slack.proxy)
        paths = Paths(eyes, messages, Uploads(slack, session), answers)
        stack.push_async_callback(paths.end)
        composers: dict[str, Composer] = {
            "card": cards.compose,
            "drift": compose_drift,
            PATH_COMPOSER: paths.compose,
            WHY_COMPOSER: WhyCards(whys).compose,
        }
        outbox = Outbox(messages, slack, answers, composers, patience)
        owner = f"{socket.gethostname()}/{os.getpid()}"
        worker = SweepWorker(sweeps, environments, vantages, owner, outbox.wake)
        unkept = Unkept(environments, vantages, answers)
        stack.push_async_callback(unkept.end)
        looks = {name: seen.drift for name, seen in eyes.items()}
        drifts = Drifts(database)
        drift = DriftDesk(drifts, looks, answers, outbox.wake)
        stack.push_async_callback(drift.end)
        inquiries = Inquiries(library, environments, vantages, eyes, load_secrets(), whys.past)
        runbooks = tuple(each.id for each in library.runbooks)
        desk = WhyDesk(whys, environments, inquiries.ask, runbooks, answers, outbox.wake)
        stack.push_async_callback(desk.end)
        inquirer = WhyWorker(whys, environments, inquiries.ask, cards.shared, owner, outbox.wake)
        readiness = Readiness()
        bot = Bot(
            settings=settings,
            database=database,
            services=Services(
                environments, sweeps, cards, slack, answers, unkept, outbox.wake, eyes, drift, paths, desk
            ),
            outbox=outbox,
            jobs=Jobs(database, worker, inquirer, drift),
            schedule=DriftSchedule(drifts, environments, looks, outbox.wake),
            sweeper=Sweeper(sweeps, whys, messages, outbox.wake),
            web=Web(readiness),
        )
        readiness.parts = {"store": bot.store_problem, "slack": bot.slack_problem}
        yield bot


async def _eyes(
    stack: AsyncExitStack, settings: Settings, environments: Mapping[str, Environment]
) -> dict[str, Eyes]:
    """The eyes of every environment that names a project."""
    opened = {
        name: await stack.enter_async_context(open_eyes(settings, environment))
        for name, environment in environments.items()
    }
    return {name: eyes for name, eyes in opened.items() if eyes is not None}


def slack_client(settings: Settings, session: aiohttp.ClientSession, patience: Patience) -> AsyncWebClient:
    """The client of Slack's Web API that these settings ask for."""
    token = settings.slack_bot_token
    client = AsyncWebClient(
        token=token.get_secret_value() if token else None,
        base_url=settings.slack_api_url,
        session=session,
        timeout=int(patience.call),
        # By default a cut connection is tried again at once, which posts a message twice.
        retry_handlers=[],
    )
    if _is_here(settings.slack_api_url):
        client.proxy = None  # slack-sdk takes HTTPS_PROXY for every host and knows no NO_PROXY
    return client


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _asked(call: Any, variable: str) -> Any:
    """What Slack answers to a first call. Waits while it cannot be reached; a wrong token is told at once."""
    while True:
        try:
            return await call()
        except FOREIGN as error:
            why = refusal(error)
            if why.next is Next.STOP:
                raise SettingsError(
                    (f"Slack does not accept {variable} ({why.code}). Copy it again from the app's page.",)
                ) from error
            log.warning("waiting for Slack", error=why.code)
            await asyncio.sleep(why.retry_after or RETRY_SECONDS)


async def _ended(task: asyncio.Task[None] | None, seconds: float) -> None:
    """Waits for a task that was told to stop; cancels it if it goes on for longer."""
    if task is None:
        return
    await asyncio.wait({task}, timeout=seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
