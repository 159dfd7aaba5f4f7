"""What people do in the local Slack, and what the bot is told of it over a bare socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SandboxServer
from sandbox.slack.errors import GestureRefused
from sandbox.slack.socket_mode import MOST_CONNECTIONS
from tests.slack_workspace import running_slack

PLAIN = {"type": "plain_text", "text": "Pick"}
OPTIONS = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("redis", "postgres")]
CONTROLS = [
    {
        "type": "actions",
        "block_id": "controls",
        "elements": [
            {"type": "button", "action_id": "why", "value": "42", "text": PLAIN},
            {"type": "static_select", "action_id": "check", "options": OPTIONS},
        ],
    }
]
INPUT = {
    "type": "input",
    "block_id": "reason",
    "label": PLAIN,
    "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "none", "min_length": 2},
}
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": PLAIN,
    "submit": PLAIN,
    "private_metadata": "run 7",
    "blocks": [INPUT, *CONTROLS],
}
Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


@dataclass
class Bot:
    """A client of Socket Mode without any library: keeps envelopes, and acknowledges as told."""

    sandbox: SandboxServer
    answer: Answer = field(default=lambda _: {})
    envelopes: list[dict[str, Any]] = field(default_factory=list)

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            envelope = json.loads(message.data)
            if "envelope_id" not in envelope:
                continue
            self.envelopes.append(envelope)
            payload = self.answer(envelope["payload"])
            if payload is not None:
                answer = {"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})}
                await socket.send_json(answer)

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = self.envelopes[-1]["payload"]
        return payload

    def client(self) -> AsyncWebClient:
        return AsyncWebClient(self.sandbox.slack.bot_token, self.sandbox.slack.api_url)


@asynccontextmanager
async def bot_of(sandbox: SandboxServer) -> AsyncIterator[Bot]:
    bot = Bot(sandbox)
    async with aiohttp.ClientSession() as http, http.ws_connect(sandbox.slack.socket_url()) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        listening = asyncio.create_task(bot.listen(socket))
        assert await sandbox.slack.sockets.wait_connected(60)
        yield bot
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def bot(local_slack: SandboxServer) -> AsyncIterator[Bot]:
    async with bot_of(local_slack) as connected:
        yield connected


async def settled(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_command_carries_all_fields_of_slack(bot: Bot) -> None:
    """Every documented form field is there, and the answer of the acknowledgement is shown to its user."""
    bot.answer = lambda _: {"text": "running"}
    gestures = bot.sandbox.slack.gestures
    ack = await gestures.command("UERIN", "C0GENERAL", "staging-health", "redis")
    envelope = bot.envelopes[0]
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert set(bot.payload) == {
        "token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command",
        "text", "api_app_id", "is_enterprise_install", "response_url", "trigger_id",
    }  # fmt: skip
    assert (bot.payload["user_name"], bot.payload["command"]) == ("erin", "/staging-health")
    assert ack.payload == {"text": "running"}
    [shown] = bot.sandbox.slack.workspace.channels["C0GENERAL"].messages.values()
    assert (shown.text, shown.ephemeral_to) == ("running", "UERIN")


@pytest.mark.parametrize(
    ("user", "channel", "command", "code"),
    [
        ("UALICE", "C0INCIDENTS", "/unknown", "invalid_command"),
        ("UMALLORY", "C0STAGING", "/staging-health", "invalid_command"),
        ("UMALLORY", "C0INCIDENTS", "/staging-health", "not_in_channel"),
        ("UALICE", "C0NOWHERE", "/staging-health", "channel_not_found"),
        ("UNOBODY", "C0INCIDENTS", "/staging-health", "user_not_found"),
    ],
)
async def test_slacks_client_refuses_what_nobody_could_do(
    bot: Bot, user: str, channel: str, command: str, code: str
) -> None:
    """Unknown commands, outsiders and places where someone is not never reach the bot."""
    with pytest.raises(GestureRefused) as refused:
        await bot.sandbox.slack.gestures.command(user, channel, command, "")
    assert (refused.value.code, bot.envelopes) == (code, [])


async def test_without_a_connection_a_command_fails_for_its_user(local_slack: SandboxServer) -> None:
    """Slackbot tells the person, and nobody else, that dispatch failed."""
    ack = await local_slack.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
    assert ack.error == "dispatch_failed"
    [note] = local_slack.slack.workspace.channels["C0INCIDENTS"].messages.values()
    assert (note.ephemeral_to, note.text) == (
        "UALICE",
        '/staging-health failed with the error "dispatch_failed"',
    )


async def test_an_envelope_that_is_never_acknowledged_times_out() -> None:
    """The deadline passes, and the person is told."""
    async with running_slack(ack_seconds=0.05) as sandbox, bot_of(sandbox) as bot:
        bot.answer = lambda _: None
        ack = await sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
        assert ack.error == "operation_timeout"
        [note] = sandbox.slack.workspace.channels["C0INCIDENTS"].messages.values()
        assert "operation_timeout" in note.text


async def test_a_wrong_answer_of_an_acknowledgement_is_a_failed_command(bot: Bot) -> None:
    """Blocks that Slack refuses do not appear; the person reads an error."""
    bot.answer = lambda _: {"blocks": [{"type": "foo"}]}
    await bot.sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
    [note] = bot.sandbox.slack.workspace.channels["C0INCIDENTS"].messages.values()
    assert note.text == '/staging-health failed with the error "invalid_blocks"'


async def test_a_press_tells_who_where_what(bot: Bot) -> None:
    """`block_actions` of a message: the button with its value, the message, a trigger and a response_url."""
    posted = await bot.client().chat_postMessage(channel="C0STAGING", text="card", blocks=CONTROLS)
    gestures = bot.sandbox.slack.gestures
    assert (await gestures.press("UMALLORY", "C0STAGING", posted["ts"], "why", "controls", {})).ok
    payload = bot.payload
    assert (payload["type"], payload["user"]["team_id"]) == ("block_actions", "T0PARTNER")
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == posted["ts"]
    [action] = payload["actions"]
    assert (action["action_id"], action["value"], action["block_id"]) == ("why", "42", "controls")
    assert payload["response_url"].startswith(bot.sandbox.url)
    with pytest.raises(GestureRefused, match="'missing'"):
        await gestures.press("UALICE", "C0STAGING", posted["ts"], "missing", None, {})


async def test_a_choice_is_sent_as_the_option_that_was_offered(bot: Bot) -> None:
    """An option may be named by its value; one that is not offered cannot be chosen."""
    posted = await bot.client().chat_postMessage(channel="C0STAGING", text="card", blocks=CONTROLS)
    gestures = bot.sandbox.slack.gestures
    choose = ("UALICE", "C0STAGING", posted["ts"], "check", None)
    await gestures.press(*choose, {"selected_option": "redis"})
    assert bot.payload["actions"][0]["selected_option"] == OPTIONS[0]
    assert bot.payload["state"]["values"]["controls"]["check"]["selected_option"] == OPTIONS[0]
    with pytest.raises(GestureRefused) as refused:
        await gestures.press(*choose, {"selected_option": "clickhouse"})
    assert refused.value.code == "option_not_found"


async def test_ephemeral_messages_are_pressed_by_their_reader_only(bot: Bot) -> None:
    """The payload says that it was ephemeral and leaves the message out."""
    sent = await bot.client().chat_postEphemeral(
        channel="C0STAGING", user="UALICE", text="psst", blocks=CONTROLS
    )
    gestures = bot.sandbox.slack.gestures
    await gestures.press("UALICE", "C0STAGING", sent["message_ts"], "why", None, {})
    assert (bot.payload["container"]["is_ephemeral"], "message" in bot.payload) == (True, False)
    with pytest.raises(GestureRefused):
        await gestures.press("UBOB", "C0STAGING", sent["message_ts"], "why", None, {})


async def open_modal(bot: Bot, **fields: Any) -> str:
    trigger = bot.sandbox.slack.modals.trigger("UALICE")
    opened = await bot.client().views_open(trigger_id=trigger, view={**MODAL, **fields})
    return str(opened["view"]["id"])


def typed(text: str) -> dict[str, Any]:
    return {"reason": {"text": {"type": "plain_text_input", "value": text}}}


async def test_a_submission_carries_what_was_entered(bot: Bot) -> None:
    """`state.values` has what was typed, initial values elsewhere, and the view's private metadata."""
    view_id = await open_modal(bot)
    gestures = bot.sandbox.slack.gestures
    assert await gestures.submit("UALICE", view_id, {}) == {}
    view = bot.payload["view"]
    assert (bot.payload["type"], view["id"], view["private_metadata"]) == (
        "view_submission",
        view_id,
        "run 7",
    )
    assert view["state"]["values"]["reason"]["text"]["value"] == "none"
    assert bot.sandbox.slack.workspace.modals["UALICE"] == []
    with pytest.raises(GestureRefused) as refused:
        await gestures.submit("UALICE", view_id, {})
    assert refused.value.code == "view_not_found"


async def test_slacks_client_checks_inputs_before_it_submits(bot: Bot) -> None:
    """Empty and too short texts are refused without a word to the bot."""
    view_id = await open_modal(bot)
    gestures = bot.sandbox.slack.gestures
    assert await gestures.submit("UALICE", view_id, typed("")) == {
        "reason": "Please complete this required field."
    }
    assert await gestures.submit("UALICE", view_id, typed("x")) == {
        "reason": "Please enter at least 2 characters."
    }
    assert bot.envelopes == []


@pytest.mark.parametrize(
    ("action", "height"), [("update", 1), ("push", 2), ("clear", 0), ("errors", 1), (None, 0)]
)
async def test_response_actions_shape_the_stack(bot: Bot, action: str | None, height: int) -> None:
    """An answer to a submission updates, pushes, clears, shows errors, or closes."""
    answers: dict[str | None, dict[str, Any]] = {
        "update": {"response_action": "update", "view": {**MODAL, "private_metadata": "new"}},
        "push": {"response_action": "push", "view": {**MODAL, "private_metadata": "new"}},
        "clear": {"response_action": "clear"},
        "errors": {"response_action": "errors", "errors": {"reason": "Say more."}},
        None: {},
    }
    view_id = await open_modal(bot)
    bot.answer = lambda _: answers[action]
    errors = await bot.sandbox.slack.gestures.submit("UALICE", view_id, typed("because"))
    stack = bot.sandbox.slack.workspace.modals.get("UALICE", [])
    assert (len(stack), errors) == (height, {"reason": "Say more."} if action == "errors" else {})
    if action in ("update", "push"):
        assert stack[-1].body["private_metadata"] == "new"


async def test_a_wrong_response_action_is_trouble_for_the_person(bot: Bot) -> None:
    """A view that Slack refuses leaves the modal open with an error."""
    view_id = await open_modal(bot)
    bot.answer = lambda _: {"response_action": "update", "view": {"type": "modal"}}
    errors = await bot.sandbox.slack.gestures.submit("UALICE", view_id, typed("because"))
    assert errors == {"": "We had some trouble connecting. Try again?"}
    assert len(bot.sandbox.slack.workspace.modals["UALICE"]) == 1


@pytest.mark.parametrize("everything", [False, True])
async def test_closing_tells_the_bot_where_it_asked(bot: Bot, everything: bool) -> None:
    """`view_closed` comes for views with `notify_on_close`, and says whether the whole stack went."""
    await open_modal(bot, notify_on_close=True)
    modals = bot.sandbox.slack.modals
    top = (await bot.client().views_push(trigger_id=modals.trigger("UALICE"), view=MODAL))["view"]["id"]
    await bot.sandbox.slack.gestures.close("UALICE", top, everything=everything)
    left = bot.sandbox.slack.workspace.modals.get("UALICE", [])
    assert (len(left), len(bot.envelopes)) == ((0, 1) if everything else (1, 0))
    if everything:
        assert (bot.payload["type"], bot.payload["is_cleared"]) == ("view_closed", True)


async def test_elements_of_a_modal_act_at_once(bot: Bot) -> None:
    """`block_actions` of a view carry the view, and a choice stays in its state."""
    view_id = await open_modal(bot)
    gestures = bot.sandbox.slack.gestures
    await gestures.press_in_view("UALICE", view_id, "check", None, {"selected_option": OPTIONS[1]})
    assert bot.payload["container"] == {"type": "view", "view_id": view_id}
    state = bot.payload["view"]["state"]["values"]["controls"]["check"]
    assert state["selected_option"] == OPTIONS[1]


async def test_events_come_as_slack_sends_them(bot: Bot) -> None:
    """Mentions, messages, reactions, joins and Home each arrive once, in an `event_callback` with an id."""
    gestures = bot.sandbox.slack.gestures
    said = gestures.say("UALICE", "C0STAGING", "<@UWHYBOT> hello")
    gestures.react("UBOB", "C0STAGING", said.ts, "eyes")
    gestures.join("UDEPLOY", "C0RANDOM")
    gestures.open_home("UALICE")
    await settled(lambda: len(bot.envelopes) == 5)
    kinds = [envelope["payload"]["event"]["type"] for envelope in bot.envelopes]
    assert sorted(kinds) == [
        "app_home_opened", "app_mention", "member_joined_channel", "message", "reaction_added",
    ]  # fmt: skip
    assert all(envelope["payload"]["event_id"].startswith("Ev") for envelope in bot.envelopes)
    assert {envelope["payload"]["is_ext_shared_channel"] for envelope in bot.envelopes} == {True, False}


async def test_places_without_the_bot_are_silent(bot: Bot) -> None:
    """What is said where the bot is no member does not reach it; a direct message does."""
    gestures = bot.sandbox.slack.gestures
    gestures.say("UALICE", "C0GENERAL", "hello all")
    gestures.say("UALICE", "UWHYBOT", "hello bot")
    await settled(lambda: bool(bot.envelopes))
    assert [envelope["payload"]["event"]["text"] for envelope in bot.envelopes] == ["hello bot"]
    assert bot.payload["event"]["channel_type"] == "im"


async def test_an_event_comes_again_until_it_is_acknowledged() -> None:
    """The same event id, with `retry_attempt` and its reason."""
    async with (
        running_slack(ack_seconds=0.05, event_retries=(0, 0)) as sandbox,
        bot_of(sandbox) as bot,
    ):
        bot.answer = lambda _: {} if len(bot.envelopes) == 3 else None
        sandbox.slack.gestures.open_home("UALICE")
        await settled(lambda: len(bot.envelopes) == 3 and not sandbox.slack.delivery.pending)
        assert [envelope["retry_attempt"] for envelope in bot.envelopes] == [0, 1, 2]
        assert bot.envelopes[1]["retry_reason"] == "http_timeout"
        assert len({envelope["payload"]["event_id"] for envelope in bot.envelopes}) == 1


async def test_an_envelope_goes_to_one_of_several_connections(local_slack: SandboxServer) -> None:
    """Two connections share the work; each envelope is delivered once."""
    slack = local_slack.slack
    seen: list[str] = []

    async def listen(name: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            envelope = json.loads(message.data)
            seen.append(name)
            await socket.send_json({"envelope_id": envelope["envelope_id"]})

    async with aiohttp.ClientSession() as http:
        first = await http.ws_connect(slack.socket_url())
        second = await http.ws_connect(slack.socket_url())
        assert (await first.receive_json())["num_connections"] == 1
        assert (await second.receive_json())["num_connections"] == 2
        tasks = [asyncio.create_task(listen("first", first)), asyncio.create_task(listen("second", second))]
        await settled(lambda: len(slack.sockets.connections) == 2)
        for _ in range(4):
            assert (await slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")).ok
        for socket in (first, second):
            await socket.close()
        await asyncio.gather(*tasks)
    assert sorted(seen) == ["first", "first", "second", "second"]


async def test_sockets_need_a_ticket_and_are_few(local_slack: SandboxServer) -> None:
    """A ticket works once; an eleventh connection is told that there are too many."""
    slack = local_slack.slack
    address = slack.socket_url()
    async with aiohttp.ClientSession() as http:
        sockets = [await http.ws_connect(address)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(address)
        sockets += [await http.ws_connect(slack.socket_url()) for _ in range(MOST_CONNECTIONS - 1)]
        await settled(lambda: len(slack.sockets.connections) == MOST_CONNECTIONS)
        extra = await http.ws_connect(slack.socket_url())
        refusal = await extra.receive_json()
        assert (refusal["type"], refusal["reason"]) == ("disconnect", "too_many_websockets")
        for socket in (*sockets, extra):
            await socket.close()
