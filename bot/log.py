"""Structured logs on standard error, as text for people or JSON for machines. No token gets into them."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from checks.secrets import REDACTED

# Tokens of Slack (https://docs.slack.dev/authentication/tokens), its answer addresses, and passwords in URLs.
TOKENS = re.compile(
    r"\bx(?:ox[a-z](?:\.xox[a-z])?|app|wfp)-[A-Za-z0-9-]{4,}"
    r"|https?://hooks\.slack\.com/\S+"
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
)
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# What these say at `info` is about their own machinery.
QUIETER = ("slack_bolt", "slack_sdk", "alembic", "pgqueuer", "uvicorn", "aiohttp", "httpx", "asyncio")

Event = MutableMapping[str, Any]


class Redactor:
    """Takes secrets out of log lines: what looks like a token, and every value that it was told of."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, _logger: object, _name: str, event: Event) -> Event:
        """The processor of structlog."""
        return {key: self.redact(value) for key, value in event.items()}

    def redact(self, value: Any) -> Any:
        """The same value with secrets replaced, inside lists and mappings too."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, REDACTED)
            return TOKENS.sub(REDACTED, value)
        if isinstance(value, Mapping):
            return {key: self.redact(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact(item) for item in value]
        return value if value is None or isinstance(value, int | float | bool) else self.redact(str(value))


def set_up(style: str, level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Makes structlog and the standard library write one kind of line. `style` is `text` or `json`."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        Redactor(secrets),
    ]
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())
    )
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(LEVELS[level])
    for name in QUIETER:
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[level]))
    # Its warnings are hints to developers, such as that the token of the environment is not used twice.
    logging.getLogger("slack_bolt").setLevel(max(logging.ERROR, LEVELS[level]))
