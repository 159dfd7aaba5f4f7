"""The bot as a child process: restarted when it dies, left down when asked, its end reported."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox.bot_process import BotFailed, BotProcess

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
DIE = (sys.executable, "-c", "raise SystemExit('no token')")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    process = BotProcess(os.environ, tmp_path / "log", command=SLEEP)
    yield process
    await process.stop()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_killed_bot_comes_back(bot: BotProcess) -> None:
    """After kill -9 there is another process; those who listen hear of it."""
    heard: list[bool] = []
    bot.changed.append(lambda: heard.append(bot.running))
    await bot.start()
    first = bot.describe()["pid"]
    await bot.act("kill")
    await until(lambda: bot.running and bot.describe()["pid"] != first)
    assert (bot.starts, bot.describe()["last_exit_code"]) == (2, -signal.SIGKILL)
    assert heard == [True, False, True]


async def test_a_stopped_bot_stays_down_until_it_is_started(bot: BotProcess) -> None:
    """`stop` ends it politely and for good; `start` brings it up, and twice is once."""
    await bot.start()
    await bot.act("stop")
    assert bot.describe()["pid"] is None
    assert bot.describe()["last_exit_code"] == -signal.SIGTERM
    await bot.act("start")
    await bot.act("start")
    assert (bot.running, bot.starts) == (True, 2)


async def test_a_kill_without_restart_leaves_it_down(bot: BotProcess) -> None:
    """Crash tests decide themselves when the bot comes back."""
    await bot.start()
    await bot.act("kill", restart=False)
    assert not bot.running
    await bot.act("start")
    assert bot.running


async def test_only_known_actions_are_done(bot: BotProcess) -> None:
    """Anything else names what there is."""
    with pytest.raises(ValueError, match="start, stop, kill"):
        await bot.act("dance")


async def test_a_bot_that_ends_before_it_is_connected_shows_its_log(tmp_path: Path) -> None:
    """The failure carries what the bot wrote."""
    bot = BotProcess(os.environ, tmp_path / "log", command=DIE, restart=False)

    async def never() -> bool:
        await asyncio.sleep(0.01)
        return False

    await bot.start()
    with pytest.raises(BotFailed, match="no token"):
        await asyncio.wait_for(bot.wait_until(never), 60)
    await bot.stop()


async def test_what_the_bot_writes_is_kept_over_restarts(bot: BotProcess) -> None:
    """The log is one file for all starts."""
    await bot.start()
    await until(lambda: bot.log_tail() == "up\n")
    await bot.act("kill")
    await until(lambda: bot.log_tail() == "up\nup\n")
