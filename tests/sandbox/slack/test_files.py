"""Uploads to the local Slack, by the official client."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import manifest
from bot.picture import Picture
from bot.uploads import Uploads
from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
CHANNEL = "C0INCIDENTS"


def client(sandbox: SandboxServer) -> AsyncWebClient:
    """The official client, with the bot's token."""
    return AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url)


async def test_a_picture_goes_up_and_is_shown() -> None:
    """Three calls, then an image block that names it, then anyone's browser loads it."""
    async with running_slack(manifest.build(["staging"])) as sandbox, aiohttp.ClientSession() as session:
        slack = client(sandbox)
        file_id = await Uploads(slack, session).picture("a.png", "A", Picture(PNG, "a path"))
        block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "a path"}
        await slack.chat_postMessage(channel=CHANNEL, text="a path", blocks=[block])
        async with session.get(f"{sandbox.url}/files/{file_id}") as response:
            assert (response.content_type, await response.read()) == ("image/png", PNG)


async def test_a_file_that_is_not_complete_cannot_be_shown() -> None:
    """Slack refuses an image block whose file is unknown or not completed."""
    async with running_slack(manifest.build(["staging"])) as sandbox:
        slack = client(sandbox)
        begun = await slack.files_getUploadURLExternal(filename="a.png", length=3)
        for file_id in (begun["file_id"], "F0NONE"):
            block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "a path"}
            with pytest.raises(SlackApiError, match="invalid_blocks"):
                await slack.chat_postMessage(channel=CHANNEL, text="a path", blocks=[block])
        with pytest.raises(SlackApiError, match="file_not_found"):
            await slack.files_completeUploadExternal(files=[{"id": begun["file_id"]}])


async def test_an_upload_has_the_length_that_was_announced_and_one_chance() -> None:
    """Other bytes are refused, and an upload URL is used up."""
    async with running_slack(manifest.build(["staging"])) as sandbox, aiohttp.ClientSession() as session:
        begun = await client(sandbox).files_getUploadURLExternal(filename="a.png", length=3)
        for expected in (400, 404):
            async with session.post(begun["upload_url"], data=b"four") as response:
                assert response.status == expected


async def test_without_the_scope_there_is_no_picture() -> None:
    """The upload gives nothing and raises nothing."""
    built = manifest.build(["staging"])
    built["oauth_config"]["scopes"]["bot"].remove("files:write")
    async with running_slack(built) as sandbox, aiohttp.ClientSession() as session:
        assert await Uploads(client(sandbox), session).picture("a.png", "A", Picture(PNG, "")) is None
