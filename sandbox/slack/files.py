"""Files of the workspace: an upload in three steps, as Slack has it, and the file served to the page.

docs.slack.dev/messaging/working-with-files: ask for a URL, send the bytes there, complete.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.slack.errors import JSON, SlackError

MOST_BYTES = 20_000_000
IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
"""What an image block may show (docs.slack.dev/reference/block-kit/composition-objects/slack-file-object)."""


@dataclass
class File:
    """One file. It exists for others once it is `complete`."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    content: bytes | None = None
    title: str = ""
    complete: bool = False

    @property
    def media_type(self) -> str:
        """What it is, by its name."""
        suffix = self.name[self.name.rfind(".") :].lower() if "." in self.name else ""
        return IMAGES.get(suffix, "application/octet-stream")

    def document(self) -> JSON:
        """As Web API methods give it."""
        return {
            "id": self.id,
            "title": self.title or self.name,
            "name": self.name,
            "mimetype": self.media_type,
        }


@dataclass
class Files:
    """All files, and the routes to send and to see them."""

    known: dict[str, File] = field(default_factory=dict)
    _tickets: dict[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> list[Route]:
        """Where bytes go and where a browser finds them."""
        return [
            Route("/upload/{ticket}", self._take, methods=["POST"]),
            Route("/files/{id}", self._show),
        ]

    def begin(self, name: str, length: int, alt_text: str) -> tuple[File, str]:
        """A file to come, and the last part of the address to send it to."""
        file = File(f"F0{secrets.token_hex(5).upper()}", name, length, alt_text)
        ticket = secrets.token_urlsafe(24)
        self.known[file.id], self._tickets[ticket] = file, file.id
        return file, ticket

    def finish(self, file_id: str, title: str) -> File:
        """Completes an upload; `file_not_found` where its bytes did not come."""
        file = self.known.get(file_id)
        if file is None or file.content is None or file.complete:
            raise SlackError("file_not_found")
        file.complete, file.title = True, title
        return file

    def problems(self, blocks: Any) -> list[str]:
        """What is wrong with the files that image blocks show."""
        found = []
        for place, block in enumerate(blocks if isinstance(blocks, list) else []):
            shown = block.get("slack_file") if isinstance(block, dict) else None
            if isinstance(shown, dict) and not self._shows(shown):
                found.append(f"invalid slack file [json-pointer:/blocks/{place}/slack_file]")
        return found

    def _shows(self, shown: JSON) -> bool:
        if ("id" in shown) == ("url" in shown):
            return False
        file = self.known.get(str(shown.get("id", ""))) or self.known.get(
            str(shown.get("url")).rpartition("/")[2]
        )
        return file is not None and file.complete and file.media_type.startswith("image/")

    async def _take(self, request: Request) -> Response:
        file_id = self._tickets.pop(request.path_params["ticket"], None)
        if file_id is None:
            return PlainTextResponse("unknown or used upload URL", 404)
        file, content = self.known[file_id], await request.body()
        if len(content) != file.length or len(content) > MOST_BYTES:
            return PlainTextResponse("not the length that was announced", 400)
        file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    async def _show(self, request: Request) -> Response:
        file = self.known.get(request.path_params["id"])
        if file is None or not file.complete or file.content is None:
            return PlainTextResponse("no such file", 404)
        return Response(file.content, media_type=file.media_type)
