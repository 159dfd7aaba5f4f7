"""Errors of the local Slack: what the Web API answers, and what a person's client refuses before
anything is sent."""

from typing import Any

JSON = dict[str, Any]


class SlackError(Exception):
    """A Web API call that answers `{"ok": false, "error": code}`.

    `extra` are further fields of the answer (such as `needed`), `status` and `headers` those of the
    HTTP response.
    """

    def __init__(
        self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = headers or {}
        self.extra = extra

    def answer(self) -> JSON:
        """The JSON body of the answer."""
        return {"ok": False, "error": self.code, **self.extra}


class GestureRefused(Exception):  # noqa: N818 - says what happened to a person; it is no error of the sandbox
    """Something that a person cannot do in Slack's own client: no such button, not in the channel,
    unknown command."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
