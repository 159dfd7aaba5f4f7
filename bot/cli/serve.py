"""`whybot serve`: connects to Slack and answers until it is told to stop."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
import typer

from bot import log as logs
from bot.settings import Settings, SettingsError, load_settings
from bot.store.embedded import EmbeddedPostgres, StoreUnavailable
from checks.document import FileError

if TYPE_CHECKING:  # it is read beside the start of PostgreSQL, see below
    from bot.store.database import Database

# sysexits.h: a setting is wrong; something else is in the way and may be gone later.
WRONG_SETTINGS = 78
NOT_NOW = 75
END_SECONDS = 3.0
LOOK_SECONDS = 2.0
TAKEN = (
    "The web server cannot use {host}:{port} ({why}). Set WHYBOT_HTTP_PORT to another port; 0 takes any that "
    "is free."
)


def serve() -> None:
    """Connects to Slack and answers until it is stopped (Ctrl-C or SIGTERM)."""
    raise typer.Exit(run())


def run() -> int:
    """Serves until SIGTERM or Ctrl-C; returns the exit code."""
    try:
        settings = load_settings()
        settings.demand_slack()
        return _serve(settings)
    except (SettingsError, FileError) as error:
        return _refused(str(error), WRONG_SETTINGS)
    except StoreUnavailable as error:
        return _refused(str(error), NOT_NOW)


def _refused(why: str, code: int) -> int:
    sys.stderr.write(f"whybot cannot start:\n{why}\n")
    return code


def _serve(settings: Settings) -> int:
    secrets = (
        settings.slack_bot_token,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.vantage_key,
    )
    shown = [secret.get_secret_value() for secret in secrets if secret]
    logs.set_up(settings.log_format, settings.log_level, shown)
    listening = _listen(settings)
    if settings.database_url is not None:
        with listening:
            return asyncio.run(_run(settings, listening, settings.database_url.get_secret_value))
    store = EmbeddedPostgres(settings.data_dir)
    # PostgreSQL starts while Python reads the Slack libraries, which takes as long.
    with ThreadPoolExecutor(1) as beside, listening:
        starting: Future[str] = beside.submit(store.start)
        try:
            import bot.wiring  # noqa: F401 - read now, see above

            return asyncio.run(_run(settings, listening, starting.result, store))
        finally:
            with suppress(StoreUnavailable):
                starting.result()
            store.stop()


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.http_host, settings.http_port))
    except OSError as error:
        raise SettingsError(
            (TAKEN.format(host=settings.http_host, port=settings.http_port, why=error.strerror),)
        ) from error


async def _run(
    settings: Settings,
    listening: socket.socket,
    address: Callable[[], str],
    store: EmbeddedPostgres | None = None,
) -> int:
    from bot.web import server
    from bot.wiring import build

    # Modules stay for ever. Not to look at them again spares each full collection a pause of 0.1 s, which
    # whoever typed a command at that moment would wait for.
    gc.freeze()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with build(settings, address()) as bot:
        host, port = listening.getsockname()[:2]
        structlog.get_logger(__name__).info("web server", address=f"http://{host}:{port}")
        web = server(bot.web)
        serving = asyncio.create_task(web.serve(sockets=[listening]))
        others = {asyncio.create_task(bot.work()), asyncio.create_task(stopping.wait())}
        if store is not None:
            others.add(asyncio.create_task(_keep_alive(store, bot.database)))
        try:
            ended, _ = await asyncio.wait({serving, *others}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await bot.end()
            web.should_exit = True
            await asyncio.wait({serving}, timeout=END_SECONDS)
    return 0


async def _keep_alive(store: EmbeddedPostgres, database: "Database") -> None:
    """Starts whybot's own PostgreSQL again when something killed it; nobody else would."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await database.ping()
        except StoreUnavailable:
            try:
                await asyncio.to_thread(store.revive)
            except (StoreUnavailable, OSError) as error:
                structlog.get_logger(__name__).warning("PostgreSQL does not start again", error=str(error))
