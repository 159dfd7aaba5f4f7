"""The control API: the exact calls that the page and other programs make."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.errors import UnknownNameError
from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack

BLOCKS = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "details", "text": {"type": "plain_text", "text": "Details"}}
        ],
    }
]
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Details"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


class PaperWorld:
    """A world that only keeps book of what it is told."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.scenario = "healthy"
        self.changes: list[dict[str, Any]] = []
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def describe(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "faults": self.faults,
            "services": [{"name": "redis", "up": True}],
            "cloud": {"changes": self.changes},
        }

    async def apply_scenario(self, name: str) -> None:
        self.scenario = name
        self._tell()

    async def apply_fault(self, fault: str, target: str, **options: Any) -> str:
        if fault != "latency":
            raise UnknownNameError("fault", fault, ("latency",))
        self.faults.append({"id": "f1", "fault": fault, "target": target, "options": options})
        self._tell()
        return "f1"

    async def change(self, wish: dict[str, Any]) -> str:
        if wish["change"] != "connector":
            raise UnknownNameError("change", wish["change"], ("connector",))
        self.changes.append(wish)
        self._tell()
        return "connector is ERROR"

    async def mend(self, fault_id: str | None = None, /) -> None:
        self.faults = [fault for fault in self.faults if fault_id not in (None, fault["id"])]
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


class PaperBot:
    """A bot's process that only keeps book of what it is told."""

    def __init__(self) -> None:
        self.changed: list[Callable[[], None]] = []
        self.acts: list[tuple[str, bool]] = []

    def describe(self) -> dict[str, Any]:
        return {"running": True, "pid": 4711}

    async def act(self, action: str, *, restart: bool = True) -> None:
        if action == "dance":
            raise ValueError("`action` is one of start, stop, kill.")
        self.acts.append((action, restart))


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    async with running_slack(world=PaperWorld(), bot=PaperBot()) as server:
        yield server


@pytest.fixture
async def http(sandbox: SandboxServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/sandbox/api", trust_env=False) as client:
        yield client


@pytest.fixture
async def bot(sandbox: SandboxServer) -> AsyncIterator[AsyncApp]:
    """A Bolt app with a command, a button and a modal, connected."""
    client = AsyncWebClient(sandbox.slack.bot_token, sandbox.slack.api_url)
    app = AsyncApp(client=client, signing_secret=sandbox.slack.signing_secret)

    @app.command("/staging-health")
    async def health(ack: Any, say: Any) -> None:
        await say(text="card", blocks=BLOCKS)
        await ack("running")

    @app.action("details")
    async def details(ack: Any, body: Any, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    @app.view("")
    async def save(ack: Any, view: Any) -> None:
        wrong = view["state"]["values"]["note"]["text"]["value"] == "wrong"
        await (ack(response_action="errors", errors={"note": "Wrong."}) if wrong else ack())

    @app.event("app_home_opened")
    async def home(event: Any, client: AsyncWebClient) -> None:
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]}
        )

    handler = AsyncSocketModeHandler(app, sandbox.slack.app_token, web_client=client, ping_interval=0.2)
    await handler.connect_async()
    assert await sandbox.slack.sockets.wait_connected(60)
    yield app
    await handler.close_async()
    await handler.client.aiohttp_client_session.close()


async def call(http: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await http.post(path, json=body)
    return {"status": answer.status_code, **answer.json()}


async def test_state_describes_slack_bot_and_world(http: httpx.AsyncClient) -> None:
    """All that the page needs to draw itself."""
    state = (await http.get("state")).json()
    assert state["workspace"]["name"] == "Netra"
    assert state["bot"] == {
        "user_id": "UWHYBOT", "name": "whybot", "connected": False, "mode": "socket", "running": True,
        "pid": 4711,
    }  # fmt: skip
    people = {user["name"]: user["role"] for user in state["users"]}
    assert people["alice"] == "on-call engineer"
    assert "slackbot" not in people
    assert [channel["name"] for channel in state["channels"]] == ["incidents", "staging", "general", "random"]
    assert state["commands"][0]["command"] == "/staging-health"
    assert (state["scenario"], state["alert_receivers"]) == ("healthy", [])
    assert state["services"] == [{"name": "redis", "up": True}]


async def test_the_main_job_through_the_control_api(http: httpx.AsyncClient, bot: AsyncApp) -> None:
    """Command, card, button, modal with an error and then without, all as a program would."""
    answer = await call(
        http, "command", user="UALICE", channel="C0INCIDENTS", command="/staging-health", text=""
    )
    assert answer["ok"]
    assert answer["ack_ms"] > 0
    assert answer["ack"] == {"text": "running"}
    query = {"channel": "C0INCIDENTS"}
    [card] = (await http.get("messages", params=query)).json()["messages"]
    assert (card["text"], card["reply_count"], card["bot_id"]) == ("card", 0, "B0WHYBOT")
    with_private = (await http.get("messages", params={**query, "user": "UALICE"})).json()["messages"]
    assert [(m["text"], m.get("ephemeral_to")) for m in with_private] == [
        ("card", None),
        ("running", "UALICE"),
    ]

    pressed = await call(
        http, "action", user="UALICE", channel="C0INCIDENTS", ts=card["ts"], action_id="details"
    )
    assert pressed["ok"]
    [modal] = (await http.get("views", params={"user": "UALICE"})).json()["modals"]
    target = {"user": "UALICE", "view_id": modal["id"]}
    wrong = {"note": {"text": {"type": "plain_text_input", "value": "wrong"}}}
    assert (await call(http, "view", **target, values=wrong))["errors"] == {"note": "Wrong."}
    right = {"note": {"text": {"type": "plain_text_input", "value": "right"}}}
    assert (await call(http, "view", **target, values=right)) == {"status": 200, "ok": True}
    assert (await http.get("views", params={"user": "UALICE"})).json()["modals"] == []


async def test_home_messages_threads_and_reactions(http: httpx.AsyncClient, bot: AsyncApp) -> None:
    """A person talks, answers in a thread, reacts, and opens the Home tab."""
    await call(http, "home", user="UALICE")

    async def home() -> Any:
        return (await http.get("views", params={"user": "UALICE"})).json()["home"]

    async with asyncio.timeout(60):
        while await home() is None:
            await asyncio.sleep(0.01)
    said = await call(http, "message", user="UALICE", channel="C0RANDOM", text="hello")
    await call(http, "message", user="UBOB", channel="C0RANDOM", text="hi", thread_ts=said["ts"])
    await call(http, "reaction", user="UBOB", channel="C0RANDOM", ts=said["ts"], name="eyes")
    [parent] = (await http.get("messages", params={"channel": "C0RANDOM"})).json()["messages"]
    assert (parent["reply_count"], parent["reactions"][0]["users"]) == (1, ["UBOB"])
    thread = {"channel": "C0RANDOM", "thread_ts": said["ts"]}
    replies = (await http.get("messages", params=thread)).json()["messages"]
    assert [message["text"] for message in replies] == ["hello", "hi"]


async def test_modals_can_be_closed(http: httpx.AsyncClient, sandbox: SandboxServer) -> None:
    """Cancel closes the view."""
    view = sandbox.slack.modals.open("UALICE", MODAL)
    assert (await call(http, "view", user="UALICE", view_id=view.id, close=True))["ok"]
    assert sandbox.slack.workspace.modals["UALICE"] == []


async def test_calls_are_listed_since_a_number(http: httpx.AsyncClient, bot: AsyncApp) -> None:
    """Both directions, oldest first, and only newer ones on request."""
    await call(http, "command", user="UALICE", channel="C0INCIDENTS", command="/staging-health", text="")
    calls = (await http.get("calls")).json()["calls"]
    directions = {each["method"]: each["direction"] for each in calls}
    assert directions["chat.postMessage"] == "bot→slack"
    assert directions["/staging-health"] == "slack→bot"
    newer = (await http.get("calls", params={"since": calls[-2]["id"]})).json()["calls"]
    assert newer == calls[-1:]
    assert (await http.get("calls", params={"since": "x"})).status_code == 400


async def test_faults_are_passed_to_the_world(http: httpx.AsyncClient) -> None:
    """A scenario, one fault with options in either place, a wrong one, and mending."""
    assert (await call(http, "faults", scenario="seed-503"))["ok"]
    assert (await http.get("state")).json()["scenario"] == "seed-503"
    broken = await call(http, "faults", fault="latency", target="redis", ms=5, options={"jitter": 1})
    assert broken["faults"][0]["options"] == {"ms": 5, "jitter": 1}
    wrong = await call(http, "faults", fault="latencies", target="redis")
    assert (wrong["status"], wrong["error"]) == (400, "unknown_fault")
    assert "Did you mean latency?" in wrong["message"]
    assert (await http.delete("faults", params={"id": "f1"})).json() == {"ok": True, "faults": []}


async def test_changes_of_the_configuration_are_passed_to_the_world(http: httpx.AsyncClient) -> None:
    """A change is told in words, a wrong one with the nearest name, and the cloud can be read."""
    wish = {"change": "connector", "state": "ERROR"}
    changed = await call(http, "cloud", **wish)
    assert (changed["title"], changed["cloud"]) == ("connector is ERROR", {"changes": [wish]})
    assert (await http.get("cloud")).json() == {"ok": True, "cloud": {"changes": [wish]}}
    wrong = await call(http, "cloud", change="conector")
    assert (wrong["status"], wrong["error"]) == (400, "unknown_change")
    assert (await call(http, "cloud", state="ERROR"))["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("command", {"user": "UALICE", "channel": "C0INCIDENTS"}, 400, "invalid_arguments"),
        ("command", {"user": "U0", "channel": "C0INCIDENTS", "command": "/x"}, 404, "user_not_found"),
        ("action", {"user": "UALICE", "action_id": "x"}, 400, "invalid_arguments"),
        (
            "action",
            {"user": "UALICE", "action_id": "x", "channel": "C0INCIDENTS", "ts": "1.0"},
            404,
            "message_not_found",
        ),
        ("view", {"user": "UALICE", "view_id": "V0"}, 404, "view_not_found"),
        (
            "message",
            {"user": "UERIN", "channel": "C0RANDOM", "text": "hello"},
            400,
            "not_in_channel",
        ),
        ("faults", {}, 400, "invalid_arguments"),
        ("slack", {"explode": True}, 400, "invalid_arguments"),
        ("slack", {"disconnect": "because"}, 400, "invalid_arguments"),
        ("slack", {"fail": {"when": "now"}}, 400, "invalid_arguments"),
        ("bot", {"action": "dance"}, 400, "invalid_arguments"),
        ("nothing", {}, 404, "endpoint_not_found"),
    ],
)
async def test_mistakes_get_a_code_and_a_sentence(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, error: str
) -> None:
    """4xx, `ok` false, a code for programs and words for people."""
    answer = await call(http, path, **body)
    assert (answer["status"], answer["ok"], answer["error"]) == (status, False, error)
    assert answer["message"].endswith(".")


async def test_a_body_must_be_an_object(http: httpx.AsyncClient) -> None:
    """Anything but a JSON object is refused, and half a character too: no answer could ever repeat it."""
    for content in (b"", b"[]", b"{", b'{"user": "\\ud83d"}'):
        answer = await http.post("home", content=content)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_json")


async def test_troubles_of_slack_can_be_ordered(http: httpx.AsyncClient, sandbox: SandboxServer) -> None:
    """Failures, newer blocks, a revoked token, and the end of them."""
    client = AsyncWebClient(sandbox.slack.bot_token, sandbox.slack.api_url)
    await call(
        http, "slack", fail={"method": "auth.test", "status": 429, "retry_after": 3}, newer_blocks=False
    )
    response = await http.get(f"{sandbox.slack.api_url}auth.test", params={"token": sandbox.slack.bot_token})
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert not (await http.get("state")).json()["workspace"]["newer_blocks"]
    await call(http, "slack", revoke_token=True)
    refused = await http.get(f"{sandbox.slack.api_url}auth.test", params={"token": sandbox.slack.bot_token})
    assert refused.json()["error"] == "token_revoked"
    await call(http, "slack", revoke_token=False)
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize("trouble", [{"cut": True}, {"disconnect": "refresh_requested"}])
async def test_connections_can_be_ended(
    http: httpx.AsyncClient, sandbox: SandboxServer, bot: AsyncApp, trouble: dict[str, Any]
) -> None:
    """The bot loses its connection and comes back with another."""
    [before] = sandbox.slack.sockets.connections
    assert (await call(http, "slack", **trouble))["ok"]
    async with asyncio.timeout(60):
        while before in sandbox.slack.sockets.connections or not sandbox.slack.sockets.connected:
            await asyncio.sleep(0.01)


async def test_limits_failures_and_socket_mode_can_be_switched(
    http: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    """Rate limits off, ordered failures dropped, and Socket Mode refused."""
    await call(http, "slack", rate_limits=False, socket_mode=False, fail=[{"method": "*"}, {"method": "*"}])
    await call(http, "slack", clear_failures=True)
    client = AsyncWebClient(sandbox.slack.bot_token, sandbox.slack.api_url)
    for number in range(10):
        assert (await client.chat_postMessage(channel="C0RANDOM", text=str(number)))["ok"]
    assert (await http.get("state")).json()["rate_limits"]["breaches"] == []
    opened = await http.post(
        f"{sandbox.slack.api_url}apps.connections.open", data={"token": sandbox.slack.app_token}
    )
    assert opened.json()["error"] == "socket_mode_disabled"


async def test_the_bot_process_is_at_its_disposal(http: httpx.AsyncClient, sandbox: SandboxServer) -> None:
    """Kill, with or without a restart afterwards."""
    assert (await call(http, "bot", action="kill"))["bot"]["pid"] == 4711
    await call(http, "bot", action="kill", restart=False)
    bot = sandbox.control.bot
    assert isinstance(bot, PaperBot)
    assert bot.acts == [("kill", True), ("kill", False)]


async def test_without_world_and_bot_it_says_so(local_slack: SandboxServer) -> None:
    """A sandbox of Slack alone has nothing to break and nothing to kill."""
    async with httpx.AsyncClient(base_url=f"{local_slack.url}/sandbox/api", trust_env=False) as http:
        assert (await call(http, "faults", scenario="healthy"))["error"] == "no_world"
        assert (await call(http, "bot", action="kill"))["error"] == "no_bot"
        assert (await http.get("state")).json()["faults"] == []


async def test_the_page_hears_of_changes(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    """Messages, views, calls and the world each give an event of their kind."""
    kinds: list[dict[str, Any]] = []
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as listener,
        listener.stream("GET", f"{sandbox.url}/sandbox/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == ": connected"
        await call(http, "message", user="UALICE", channel="C0RANDOM", text="hello")
        sandbox.slack.modals.open("UALICE", MODAL)
        await call(http, "faults", scenario="seed-503")
        await AsyncWebClient(sandbox.slack.bot_token, sandbox.slack.api_url).auth_test()
        async for line in lines:
            if line.startswith("data: "):
                kinds.append(json.loads(line.removeprefix("data: ")))
            if {event["kind"] for event in kinds} == {"message", "view", "state", "call"}:
                break
    [message] = [event for event in kinds if event["kind"] == "message"]
    assert message["channel"] == "C0RANDOM"


async def test_other_sites_cannot_use_the_sandbox(sandbox: SandboxServer) -> None:
    """A foreign Host (DNS rebinding) and a foreign Origin on a change are refused; its own are not."""
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        assert (await http.get("/sandbox/api/state", headers={"Host": "evil.example"})).status_code == 403
        forged = await http.post("/sandbox/api/home", json={}, headers={"Origin": "https://evil.example"})
        assert (forged.status_code, forged.json()["error"]) == (403, "forbidden")
        own = await http.post("/sandbox/api/home", json={"user": "UALICE"}, headers={"Origin": sandbox.url})
        assert own.json() == {"ok": True}
        by_name = sandbox.url.replace("http://127.0.0.1", "localhost")
        assert (await http.get("/sandbox/api/state", headers={"Host": by_name})).status_code == 200


async def test_the_page_is_served(sandbox: SandboxServer) -> None:
    """`/` gives the page, and its files are never cached."""
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        page = await http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
