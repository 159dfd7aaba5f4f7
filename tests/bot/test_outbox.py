"""The outbox against a Slack that is slow, refuses, or loses its answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from bot.answers import Answers
from bot.outbox import Composed, Outbox, Patience
from bot.store.database import Database
from bot.store.messages import Due, Messages, Rates
from bot.views.message import Message
from sandbox.server import SandboxServer
from sandbox.slack.web_api import Failure
from sandbox.slack.workspace import Message as Said
from tests.bot.running import CHANNEL, PLENTY, cards, private, until
from tests.slack_workspace import running_slack

QUICK = Patience(call=0.5, lease=4.0, settle=0.3, longest=0.2)
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "redis"}]]}
CLASSIC = {"type": "section", "text": {"type": "mrkdwn", "text": "redis"}}
WRONG = {"type": "section"}


@asynccontextmanager
async def sending(
    database: Database,
    sandbox: SandboxServer,
    *,
    rates: Rates = PLENTY,
    compose: Callable[[Due], Awaitable[Composed | None]] | None = None,
) -> AsyncIterator[tuple[Messages, Outbox]]:
    """A running outbox."""
    async with aiohttp.ClientSession() as session:
        slack = AsyncWebClient(
            sandbox.slack.bot_token, base_url=sandbox.slack.api_url, session=session, retry_handlers=[]
        )
        messages = Messages(database, rates)
        composers = {"card": compose} if compose else {}
        outbox = Outbox(messages, slack, Answers(session), composers, QUICK)
        running = asyncio.create_task(outbox.run())
        yield messages, outbox
        outbox.stop()
        await running


async def all_sent(messages: Messages) -> None:
    async def nothing_waits() -> bool:
        return await messages.waiting() == (0, 0.0)

    await until(nothing_waits)


async def test_a_message_is_posted_and_updated(database: Database, local_slack: SandboxServer) -> None:
    """A change goes to the same message."""
    async with sending(database, local_slack) as (messages, _):
        await messages.add("m", "T", CHANNEL, payload={"text": "one"})
        await all_sent(messages)
        await messages.change("m", {"text": "two"})
        await all_sent(messages)
    assert [card.text for card in cards(local_slack)] == ["two"]


@pytest.mark.parametrize(
    "failure",
    [
        Failure("chat.postMessage", status=429, retry_after=1),
        Failure("chat.postMessage", status=500, times=3),
        Failure("chat.postMessage", status=200, error="internal_error"),
        Failure("chat.postMessage", status=503, applied=True),
        Failure("chat.postMessage", status=200, error="fatal_error", applied=True),
        Failure("chat.postMessage", status=0, delay_s=0.6),
    ],
    ids=["429", "500", "internal_error", "503 after posting", "error after posting", "answer too late"],
)
async def test_a_post_that_fails_comes_through_once(
    database: Database, local_slack: SandboxServer, failure: Failure
) -> None:
    """Whatever Slack answers, and whether or not it took the post, there is one message in the end."""
    local_slack.slack.web_api.failures.append(failure)
    async with sending(database, local_slack) as (messages, _):
        await messages.add("m", "T", CHANNEL, payload={"text": "one"})
        await all_sent(messages)
    assert [card.text for card in cards(local_slack)] == ["one"]


@pytest.mark.parametrize("status", [429, 500])
async def test_the_last_state_is_never_lost(
    database: Database, local_slack: SandboxServer, status: int
) -> None:
    """However often Slack refuses updates, the newest state arrives, and older ones are not sent late."""
    async with sending(database, local_slack) as (messages, _):
        await messages.add("m", "T", CHANNEL, payload={"text": "0"})
        await all_sent(messages)
        local_slack.slack.web_api.failures.append(Failure("chat.update", status=status, times=2))
        for number in range(1, 6):
            await messages.change("m", {"text": str(number)})
        await all_sent(messages)
    assert [card.text for card in cards(local_slack)] == ["5"]


async def test_a_crash_between_post_and_note_makes_no_second_message(
    database: Database, local_slack: SandboxServer
) -> None:
    """What a killed process had posted is found by its metadata, page by page, and goes on from there."""
    async with sending(database, local_slack) as (messages, _):
        await messages.add("m", "T", CHANNEL, payload={"text": "one"})
        await all_sent(messages)
    posted = cards(local_slack)[0]
    await database.fetch(
        text("UPDATE messages SET ts = NULL, sent = 0, posting_at = now() - interval '9 seconds'")
    )
    for number in range(120):
        local_slack.slack.workspace.post(_noise(local_slack, number))
    async with sending(database, local_slack) as (messages, _):
        await messages.change("m", {"text": "two"})
        await all_sent(messages)
    assert [(card.ts, card.text) for card in cards(local_slack)] == [(posted.ts, "two")]


def _noise(sandbox: SandboxServer, number: int) -> Said:
    return Said(sandbox.slack.workspace.next_ts(), CHANNEL, "UALICE", f"noise {number}")


async def test_a_thread_is_in_order(database: Database, local_slack: SandboxServer) -> None:
    """Answers come after their parent and in the order in which they were wanted, also after a failure."""
    local_slack.slack.web_api.failures.append(Failure("chat.postMessage", status=500, times=2))
    async with sending(database, local_slack) as (messages, _):
        await messages.add("p", "T", CHANNEL, payload={"text": "parent"})
        for number in range(5):
            await messages.add(f"m{number}", "T", CHANNEL, payload={"text": str(number)}, thread="p")
        await all_sent(messages)
    parent, *answers = cards(local_slack)
    assert [(answer.text, answer.thread_ts) for answer in answers] == [(str(n), parent.ts) for n in range(5)]


async def test_rates_are_kept(database: Database, local_slack: SandboxServer) -> None:
    """With the product's own rates, Slack never has to refuse."""
    async with sending(database, local_slack, rates=Rates()) as (messages, _):
        for number in range(6):
            await messages.add(f"m{number}", "T", CHANNEL, payload={"text": str(number)})
        await all_sent(messages)
    assert local_slack.slack.limits.breaches == []
    assert sorted(card.text for card in cards(local_slack)) == [str(n) for n in range(6)]


def composing(message: Message, response_url: str | None = None) -> Callable[[Due], Awaitable[Composed]]:
    async def compose(due: Due) -> Composed:
        return Composed(message, due.version, response_url)

    return compose


async def test_a_workspace_without_newer_blocks_gets_classic_ones(database: Database) -> None:
    """The refusal is remembered, so that later messages go out right the first time, also after a restart."""
    compose = composing(Message("redis", [TABLE], [CLASSIC]))
    async with running_slack(newer_blocks=False) as sandbox:
        for name in ("first", "second"):
            async with sending(database, sandbox, compose=compose) as (messages, _):
                await messages.add(name, "T", CHANNEL, composer="card")
                await all_sent(messages)
        posted = [call for call in sandbox.slack.calls.since(0) if call.method == "chat.postMessage"]
        assert [card.blocks[0]["type"] for card in cards(sandbox)] == ["section", "section"]
        assert len(posted) == 3
        assert await messages.refused("T") == {"table"}


async def test_a_refused_block_is_tried_again_after_a_week(database: Database) -> None:
    """Slack rolls blocks out in steps, so no refusal is for ever."""
    messages = Messages(database)
    await messages.refuse("T", {"table"})
    await database.fetch(text("UPDATE refused_blocks SET at = at - interval '8 days'"))
    assert await messages.refused("T") == frozenset()
    await messages.refuse("T", {"table"})
    assert await messages.refused("T") == {"table"}


async def test_blocks_that_are_wrong_are_left_out(database: Database, local_slack: SandboxServer) -> None:
    """A message that Slack finds fault with still says all in its text; nothing is remembered."""
    compose = composing(Message("redis", [WRONG], [WRONG]))
    async with sending(database, local_slack, compose=compose) as (messages, _):
        await messages.add("m", "T", CHANNEL, composer="card")
        await all_sent(messages)
        assert await messages.refused("T") == frozenset()
    assert [(card.text, card.blocks) for card in cards(local_slack)] == [("redis", [])]


@pytest.mark.parametrize(
    ("channel", "error", "said"),
    [
        ("C0NOWHERE", None, "/invite @whybot"),
        (CHANNEL, "not_in_channel", "/invite @whybot"),
        (CHANNEL, "is_archived", "archived"),
        (CHANNEL, "token_revoked", "SLACK_BOT_TOKEN"),
        (CHANNEL, "msg_too_new", "msg_too_new"),
    ],
)
async def test_the_requester_hears_why_there_is_no_card(
    database: Database, local_slack: SandboxServer, channel: str, error: str | None, said: str
) -> None:
    """What trying again cannot help is told to the person who asked, with what to do; others go on."""
    answer = local_slack.slack.response_url(CHANNEL, "UALICE")
    if error:
        local_slack.slack.web_api.failures.append(Failure("chat.postMessage", status=200, error=error))
    compose = composing(Message("redis", [CLASSIC], [CLASSIC]), answer)
    async with sending(database, local_slack, compose=compose) as (messages, _):
        await messages.add("m", "T", channel, composer="card")
        await all_sent(messages)
        await until(lambda: private(local_slack, "UALICE"))
        await messages.add("n", "T", CHANNEL, payload={"text": "another"})
        await all_sent(messages)
    assert said in private(local_slack, "UALICE")[0]
    assert [card.text for card in cards(local_slack)] == ["another"]


async def test_a_deleted_card_is_let_go_quietly(database: Database, local_slack: SandboxServer) -> None:
    """Who deletes a card does not want it back, nor to hear of it."""
    async with sending(database, local_slack) as (messages, _):
        await messages.add("m", "T", CHANNEL, payload={"text": "one"})
        await all_sent(messages)
        local_slack.slack.workspace.channels[CHANNEL].messages.clear()
        await messages.change("m", {"text": "two"})
        await all_sent(messages)
    assert cards(local_slack) == []


async def test_one_that_cannot_be_composed_does_not_stop_the_others(
    database: Database, local_slack: SandboxServer
) -> None:
    """A mistake in one message is logged, and the rest goes out."""

    async def broken(_due: Due) -> Composed:
        raise ZeroDivisionError

    async with sending(database, local_slack, compose=broken) as (messages, _):
        await messages.add("m", "T", CHANNEL, composer="card")
        await messages.add("n", "T", CHANNEL, payload={"text": "fine"})
        await until(lambda: cards(local_slack))
    assert json.dumps([card.text for card in cards(local_slack)]) == '["fine"]'
