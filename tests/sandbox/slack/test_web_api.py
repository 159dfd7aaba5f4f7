"""The Web API through Slack's own client: answers, errors, limits, injected troubles."""

import json
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SandboxServer
from sandbox.slack.limits import POST_BURST
from sandbox.slack.web_api import Failure
from sandbox.slack.workspace import Message
from tests.slack_workspace import MANIFEST, running_slack

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Redis*"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Details"}, "blocks": [SECTION]}


@pytest.fixture
def client(local_slack: SandboxServer) -> AsyncWebClient:
    return AsyncWebClient(local_slack.slack.bot_token, local_slack.slack.api_url)


async def refused(call: Any) -> Any:
    """The answer of a call that must fail."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_the_bot_learns_who_it_is(client: AsyncWebClient) -> None:
    """`auth.test`, `team.info` and `bots.info` describe the bot and its workspace."""
    identity = await client.auth_test()
    assert (identity["user_id"], identity["team_id"]) == ("UWHYBOT", "T0STAGING")
    assert (await client.team_info())["team"]["name"] == "Netra"
    assert (await client.bots_info(bot=identity["bot_id"]))["bot"]["user_id"] == "UWHYBOT"
    assert (await client.api_test(foo="bar"))["args"] == {"foo": "bar"}


async def test_a_message_is_posted_updated_and_deleted(client: AsyncWebClient) -> None:
    """The life of a message, with its metadata and its mark of having been edited."""
    metadata = {"event_type": "card", "event_payload": {"id": "1"}}
    posted = await client.chat_postMessage(
        channel="#incidents", text="checking", blocks=[SECTION], metadata=metadata
    )
    channel, ts = posted["channel"], posted["ts"]
    assert channel == "C0INCIDENTS"
    assert posted["message"]["blocks"][0]["block_id"]
    await client.chat_update(channel=channel, ts=ts, text="done", blocks=[])
    [held] = (await client.conversations_history(channel=channel, include_all_metadata=True))["messages"]
    assert (held["text"], held["metadata"], held.get("blocks")) == ("done", metadata, None)
    assert held["edited"]["user"] == "UWHYBOT"
    link = await client.chat_getPermalink(channel=channel, message_ts=ts)
    assert ts.replace(".", "") in link["permalink"]
    await client.chat_delete(channel=channel, ts=ts)
    assert (await client.conversations_history(channel=channel))["messages"] == []


async def test_forms_and_json_mean_the_same(local_slack: SandboxServer) -> None:
    """Blocks may come as JSON within a form, with the token among the fields, or in a JSON body."""
    slack = local_slack.slack
    async with httpx.AsyncClient(base_url=slack.api_url, trust_env=False) as http:
        form = {"token": slack.bot_token, "channel": "C0RANDOM", "text": "a", "blocks": json.dumps([SECTION])}
        by_form = (await http.post("chat.postMessage", data=form)).json()
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        body = {"channel": "C0RANDOM", "text": "a", "blocks": [SECTION]}
        by_json = (await http.post("chat.postMessage", json=body, headers=headers)).json()
        wrong = (await http.post("chat.postMessage", data={**form, "blocks": "[{"})).json()
    assert by_form["ok"]
    assert by_json["ok"]
    assert by_form["message"]["blocks"][0]["text"] == by_json["message"]["blocks"][0]["text"]
    assert wrong == {"ok": False, "error": "invalid_blocks_format"}


async def test_threads_count_their_replies(client: AsyncWebClient) -> None:
    """A reply is not in the history; the parent counts it; `conversations.replies` gives both."""
    parent = await client.chat_postMessage(channel="C0INCIDENTS", text="incident")
    reply = await client.chat_postMessage(channel="C0INCIDENTS", text="why", thread_ts=parent["ts"])
    nested = await client.chat_postMessage(channel="C0INCIDENTS", text="why?", thread_ts=reply["ts"])
    [shown] = (await client.conversations_history(channel="C0INCIDENTS"))["messages"]
    assert (shown["reply_count"], shown["latest_reply"]) == (2, nested["ts"])
    thread = await client.conversations_replies(channel="C0INCIDENTS", ts=parent["ts"])
    assert [message["text"] for message in thread["messages"]] == ["incident", "why", "why?"]


async def test_history_comes_in_pages(client: AsyncWebClient) -> None:
    """Newest first, with a cursor to the rest."""
    for number in range(3):
        await client.chat_postMessage(channel="C0RANDOM", text=str(number))
    first = await client.conversations_history(channel="C0RANDOM", limit=2)
    assert ([m["text"] for m in first["messages"]], first["has_more"]) == (["2", "1"], True)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel="C0RANDOM", limit=2, cursor=cursor)
    assert [m["text"] for m in rest["messages"]] == ["0"]


async def test_ephemeral_messages_are_for_one_person(
    client: AsyncWebClient, local_slack: SandboxServer
) -> None:
    """They are in no history and cannot be updated."""
    sent = await client.chat_postEphemeral(channel="C0INCIDENTS", user="UALICE", text="psst")
    assert (await client.conversations_history(channel="C0INCIDENTS"))["messages"] == []
    answer = await refused(client.chat_update(channel="C0INCIDENTS", ts=sent["message_ts"], text="x"))
    assert answer["error"] == "cant_update_message"
    answer = await refused(client.chat_postEphemeral(channel="C0RANDOM", user="UERIN", text="psst"))
    assert answer["error"] == "user_not_in_channel"
    [held] = local_slack.slack.workspace.channels["C0INCIDENTS"].messages.values()
    assert held.ephemeral_to == "UALICE"


async def test_people_channels_and_groups_can_be_looked_up(client: AsyncWebClient) -> None:
    """Guests and outsiders are marked, and a group gives its members."""
    assert (await client.users_info(user="UERIN"))["user"]["is_restricted"]
    outsider = (await client.users_info(user="UMALLORY"))["user"]
    assert (outsider["team_id"], outsider["is_stranger"]) == ("T0PARTNER", True)
    assert "UMALLORY" not in [user["id"] for user in (await client.users_list())["members"]]
    [group] = (await client.usergroups_list())["usergroups"]
    users = await client.usergroups_users_list(usergroup=group["id"])
    assert (group["handle"], users["users"]) == ("sre-staging", ["UBOB", "UCAROL"])
    assert not (await client.conversations_info(channel="C0GENERAL"))["channel"]["is_member"]
    assert len((await client.conversations_list())["channels"]) == 4
    assert "UALICE" in (await client.conversations_members(channel="C0INCIDENTS"))["members"]


async def test_joining_and_direct_conversations(client: AsyncWebClient) -> None:
    """The bot may post where it joined, and to a person by their id."""
    await client.conversations_join(channel="C0GENERAL")
    await client.chat_postMessage(channel="C0GENERAL", text="hello")
    direct = (await client.conversations_open(users="UALICE"))["channel"]["id"]
    assert (await client.chat_postMessage(channel="UALICE", text="hello"))["channel"] == direct


async def test_reactions_are_added_once(client: AsyncWebClient) -> None:
    """A second reaction of the same name is refused, and it can be taken back."""
    sent = await client.chat_postMessage(channel="C0INCIDENTS", text="incident")
    target = {"channel": "C0INCIDENTS", "timestamp": sent["ts"], "name": "eyes"}
    await client.reactions_add(**target)
    assert (await refused(client.reactions_add(**target)))["error"] == "already_reacted"
    await client.reactions_remove(**target)
    assert (await refused(client.reactions_remove(**target)))["error"] == "no_reaction"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0RANDOM"}, "no_text"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "a", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "a", "metadata": {}}, None),
        (
            "chat.postMessage",
            {"channel": "C0RANDOM", "text": "a", "metadata": {"x": 1}},
            "invalid_metadata_format",
        ),
        ("chat.update", {"channel": "C0RANDOM", "text": "a", "ts": "1.0"}, "message_not_found"),
        ("chat.update", {"channel": "C0RANDOM", "text": "a"}, "invalid_arguments"),
        ("chat.delete", {"channel": "C0RANDOM", "ts": "1.0"}, "message_not_found"),
        ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations.history", {"channel": "C0GENERAL"}, "not_in_channel"),
        ("conversations.history", {"channel": "C0RANDOM", "cursor": "zzz"}, "invalid_cursor"),
        ("conversations.history", {"channel": "C0RANDOM", "limit": "many"}, "invalid_arguments"),
        ("conversations.replies", {"channel": "C0RANDOM", "ts": "1.0"}, "thread_not_found"),
        ("conversations.open", {"users": "UNOBODY"}, "user_not_found"),
        ("users.info", {"user": "UNOBODY"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0"}, "no_such_subteam"),
        ("views.open", {"view": MODAL, "trigger_id": "1.2.3"}, "invalid_trigger_id"),
        ("views.open", {"trigger_id": "1.2.3"}, "invalid_arguments"),
        ("views.update", {"view": MODAL, "view_id": "V0"}, "not_found"),
        ("views.publish", {"view": MODAL, "user_id": "UALICE"}, "invalid_arguments"),
        ("files.upload", {}, "unknown_method"),
    ],
)
async def test_errors_have_slacks_names(
    client: AsyncWebClient, method: str, arguments: dict[str, Any], error: str | None
) -> None:
    """Each mistake is answered with the code that Slack documents."""
    if error is None:
        assert (await client.api_call(method, json=arguments))["ok"]
    else:
        assert (await refused(client.api_call(method, json=arguments)))["error"] == error


async def test_somebody_elses_message_cannot_be_changed(
    client: AsyncWebClient, local_slack: SandboxServer
) -> None:
    """The bot edits and deletes its own messages only."""
    said = local_slack.slack.gestures.say("UALICE", "C0INCIDENTS", "hello")
    target = {"channel": "C0INCIDENTS", "ts": said.ts}
    assert (await refused(client.chat_update(**target, text="x")))["error"] == "cant_update_message"
    assert (await refused(client.chat_delete(**target)))["error"] == "cant_delete_message"


async def test_wrong_blocks_come_back_with_every_problem(client: AsyncWebClient) -> None:
    """`invalid_blocks` says in `response_metadata.messages` what is wrong and where."""
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    answer = await refused(client.chat_postMessage(channel="C0RANDOM", text="a", blocks=blocks))
    assert answer["error"] == "invalid_blocks"
    problem = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert problem in answer["errors"]
    assert f"[ERROR] {problem}" in answer["response_metadata"]["messages"]


async def test_very_long_messages(client: AsyncWebClient) -> None:
    """A long text is cut at posting and refused at updating; blocks together have a limit as well."""
    posted = await client.chat_postMessage(channel="C0RANDOM", text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    target = {"channel": "C0RANDOM", "ts": posted["ts"]}
    assert (await refused(client.chat_update(**target, text="x" * 40_001)))["error"] == "msg_too_long"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5
    answer = await refused(client.chat_postMessage(channel="C0RANDOM", text="a", blocks=blocks))
    assert answer["error"] == "msg_blocks_too_long"


async def test_tokens_and_scopes_are_checked() -> None:
    """No token, a wrong one, the wrong kind, a revoked one, and a scope that the manifest lacks."""
    poor = {**MANIFEST, "oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    async with running_slack(poor) as sandbox:
        slack = sandbox.slack

        async def error(token: str | None, method: str = "auth.test") -> Any:
            return await refused(AsyncWebClient(token, slack.api_url).api_call(method))

        assert (await error(None))["error"] == "not_authed"
        assert (await error("xoxb-wrong"))["error"] == "invalid_auth"
        assert (await error(slack.app_token))["error"] == "not_allowed_token_type"
        assert (await error(slack.bot_token, "apps.connections.open"))["error"] == "not_allowed_token_type"
        answer = await error(slack.bot_token, "users.list")
        assert (answer["error"], answer["needed"], answer["provided"]) == (
            "missing_scope",
            "users:read",
            "chat:write",
        )
        slack.revoked.add(slack.bot_token)
        assert (await error(slack.bot_token))["error"] == "token_revoked"


async def test_metadata_is_for_those_who_may_read_it() -> None:
    """Without the scope `metadata.message:read` a history comes without metadata."""
    scopes = [*MANIFEST["oauth_config"]["scopes"]["bot"]]
    poor = {"oauth_config": {"scopes": {"bot": [s for s in scopes if s != "metadata.message:read"]}}}
    async with running_slack(poor) as sandbox:
        client = AsyncWebClient(sandbox.slack.bot_token, sandbox.slack.api_url)
        metadata = {"event_type": "card", "event_payload": {}}
        await client.chat_postMessage(channel="C0RANDOM", text="a", metadata=metadata)
        history = await client.conversations_history(channel="C0RANDOM", include_all_metadata=True)
        assert "metadata" not in history["messages"][0]


async def test_posting_too_fast_is_answered_with_retry_after(
    client: AsyncWebClient, local_slack: SandboxServer
) -> None:
    """HTTP 429 with Retry-After; the client's own handler then waits and succeeds; the breach is on
    record."""
    for number in range(POST_BURST):
        await client.chat_postMessage(channel="C0RANDOM", text=str(number))
    answer = await refused(client.chat_postMessage(channel="C0RANDOM", text="too fast"))
    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "1")
    assert [breach.method for breach in local_slack.slack.limits.breaches] == ["chat.postMessage"]
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    assert (await client.chat_postMessage(channel="C0RANDOM", text="patient"))["ok"]


async def test_injected_failures_end_by_themselves(
    client: AsyncWebClient, local_slack: SandboxServer
) -> None:
    """A 500, a rate limit, a Slack error and a lost answer, each as often as asked."""
    slack = local_slack.slack
    failures = slack.web_api.failures
    failures.append(Failure("auth.test", status=503))
    failures.append(Failure("auth.test", status=429, retry_after=7))
    failures.append(Failure("auth.test", status=200, error="fatal_error"))
    assert (await refused(client.auth_test())).status_code == 503
    assert (await refused(client.auth_test())).headers["Retry-After"] == "7"
    assert (await refused(client.auth_test()))["error"] == "fatal_error"
    assert (await client.auth_test())["ok"]
    failures.append(Failure("*", applied=True))
    await refused(client.chat_postMessage(channel="C0RANDOM", text="posted all the same"))
    [message] = slack.workspace.channels["C0RANDOM"].messages.values()
    assert message.text == "posted all the same"


async def test_every_call_is_logged_without_secrets(
    client: AsyncWebClient, local_slack: SandboxServer
) -> None:
    """Method, arguments, answer, status and time are kept; tokens are blotted out."""
    await client.chat_postMessage(channel="C0RANDOM", text=f"my token is {local_slack.slack.bot_token}")
    calls = [each.document() for each in local_slack.slack.calls.since()]
    [call] = [each for each in calls if each["direction"] == "bot→slack"]
    assert (call["method"], call["direction"], call["status"]) == ("chat.postMessage", "bot→slack", 200)
    assert call["arguments"]["text"] == "my token is •••"
    assert call["answer"]["ok"]
    assert local_slack.slack.bot_token not in json.dumps(call)


async def test_home_is_published_per_user_and_guarded_by_its_hash(client: AsyncWebClient) -> None:
    """A second publish with an old hash is a conflict."""
    home = {"type": "home", "blocks": [SECTION]}
    first = (await client.views_publish(user_id="UALICE", view=home))["view"]
    second = (await client.views_publish(user_id="UALICE", view=home, hash=first["hash"]))["view"]
    assert first["id"] == second["id"]
    answer = await refused(client.views_publish(user_id="UALICE", view=home, hash=first["hash"]))
    assert answer["error"] == "hash_conflict"


async def test_triggers_work_once_and_in_time(client: AsyncWebClient, local_slack: SandboxServer) -> None:
    """Open, push, update by external id; a used or old trigger, and a fourth view, are refused."""
    modals = local_slack.slack.modals
    trigger = modals.trigger("UALICE")
    opened = (await client.views_open(trigger_id=trigger, view={**MODAL, "external_id": "x"}))["view"]
    answer = await refused(client.views_open(trigger_id=trigger, view=MODAL))
    assert answer["error"] == "exchanged_trigger_id"
    for _ in range(2):
        pushed = (await client.views_push(trigger_id=modals.trigger("UALICE"), view=MODAL))["view"]
    assert pushed["root_view_id"] == opened["id"]
    answer = await refused(client.views_push(trigger_id=modals.trigger("UALICE"), view=MODAL))
    assert answer["error"] == "push_limit_reached"
    updated = (await client.views_update(external_id="x", view=MODAL, hash=opened["hash"]))["view"]
    assert updated["id"] == opened["id"]
    answer = await refused(client.views_update(view_id=opened["id"], view=MODAL, hash=opened["hash"]))
    assert answer["error"] == "hash_conflict"
    modals.trigger_seconds = -1.0
    answer = await refused(client.views_open(trigger_id=modals.trigger("UALICE"), view=MODAL))
    assert answer["error"] == "expired_trigger_id"


async def test_a_wrong_view_says_what_is_wrong(client: AsyncWebClient, local_slack: SandboxServer) -> None:
    """Views answer `invalid_arguments` with pointers below `/view`."""
    trigger = local_slack.slack.modals.trigger("UALICE")
    answer = await refused(client.views_open(trigger_id=trigger, view={"type": "modal", "blocks": []}))
    assert answer["error"] == "invalid_arguments"
    problem = "[ERROR] missing required field: title [json-pointer:/view]"
    assert answer["response_metadata"]["messages"] == [problem]


@pytest.fixture
async def message(local_slack: SandboxServer) -> Message:
    return local_slack.slack.gestures.say("UALICE", "C0INCIDENTS", "hello")


@pytest.mark.parametrize(
    ("body", "error"),
    [({}, "no_text"), ({"blocks": [{"type": "foo"}]}, "invalid_blocks"), ({"text": "a"}, None)],
)
async def test_response_urls_check_what_they_get(
    local_slack: SandboxServer, body: dict[str, Any], error: str | None
) -> None:
    """An empty or wrong answer is refused and does not count as a use."""
    url = local_slack.slack.response_url("C0INCIDENTS", "UALICE")
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(url, json=body)
    if error is None:
        assert (answer.status_code, answer.text) == (200, "ok")
    else:
        assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_response_urls_replace_delete_and_wear_out(
    local_slack: SandboxServer, message: Message
) -> None:
    """Replace and delete act on the source message; after five uses the address is dead."""
    slack = local_slack.slack
    url = slack.response_url("C0INCIDENTS", "UALICE", source=message.ts)
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.post(url, json={"replace_original": True, "text": "new"})
        assert message.text == "new"
        await http.post(url, json={"delete_original": True})
        assert message.ts not in slack.workspace.channels["C0INCIDENTS"].messages
        for kind in ("ephemeral", "in_channel", "ephemeral"):
            assert (await http.post(url, json={"text": kind, "response_type": kind})).text == "ok"
        last = await http.post(url, json={"text": "again"})
    assert (last.status_code, last.json()["error"]) == (404, "used_url")
    seen = [held.ephemeral_to for held in slack.workspace.channels["C0INCIDENTS"].messages.values()]
    assert seen == ["UALICE", None, "UALICE"]


async def test_response_urls_expire(local_slack: SandboxServer) -> None:
    """After half an hour, or at an address that never was, nothing is taken."""
    slack = local_slack.slack
    url = slack.response_url("C0INCIDENTS", "UALICE")
    slack.response_urls.clock = lambda: float("inf")
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(url, json={"text": "late"})
    assert (answer.status_code, answer.json()["error"]) == (404, "expired_url")
