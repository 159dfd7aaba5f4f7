"""Files to Slack: a picture goes up in three calls, and image blocks then name it by its id.

https://docs.slack.dev/messaging/working-with-files
"""

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.picture import Picture
from bot.slack_errors import FOREIGN, refusal

log = structlog.get_logger(__name__)


class Uploads:
    """Uploads pictures. One that Slack does not take is logged, never raised: a message stands without it."""

    def __init__(self, slack: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._session = session

    async def picture(self, name: str, title: str, picture: Picture) -> str | None:
        """The id of the file in Slack, None where it could not be uploaded."""
        try:
            begun = await self._slack.files_getUploadURLExternal(
                filename=name, length=len(picture.png), alt_txt=picture.alt[:1_000]
            )
            async with self._session.post(
                begun["upload_url"],
                data=picture.png,
                headers={"content-type": "application/octet-stream"},
                proxy=self._slack.proxy,
            ) as response:
                if response.status != 200:
                    log.warning("a picture was not taken", status=response.status, name=name)
                    return None
            await self._slack.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": title}])
        except FOREIGN as error:
            log.warning("a picture could not be uploaded", error=refusal(error).code, name=name)
            return None
        return str(begun["file_id"])
