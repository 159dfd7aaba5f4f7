"""`files.getUploadURLExternal` and `files.completeUploadExternal`."""

import json

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.web_api import Invocation, Method


async def get_upload_url_external(call: Invocation) -> JSON:
    """The address to send a file's bytes to."""
    name, length = str(call.need("filename")), call.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments")
    file, ticket = call.slack.files.begin(name, length, str(call.arguments.get("alt_txt") or ""))
    return {"upload_url": f"{call.slack.base_url}/upload/{ticket}", "file_id": file.id}


async def complete_upload_external(call: Invocation) -> JSON:
    """Ends uploads. Sharing them in a channel is not played here: whybot shows its files in image blocks."""
    if call.arguments.get("channel_id") or call.arguments.get("channels"):
        raise SlackError("invalid_arguments")
    given = call.need("files")
    try:
        files = json.loads(given) if isinstance(given, str) else given
        named = [(str(each["id"]), str(each.get("title", ""))) for each in files]
    except (ValueError, TypeError, KeyError):
        raise SlackError("invalid_arguments") from None
    return {"files": [call.slack.files.finish(*each).document() for each in named]}


METHODS = (
    Method("files.getUploadURLExternal", get_upload_url_external, ("files:write",), tier=4),
    Method("files.completeUploadExternal", complete_upload_external, ("files:write",), tier=4),
)
