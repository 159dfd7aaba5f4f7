"""How a check ends from deep inside: the target is unhealthy, or it could not be told.

CheckFailed
└── CheckBlind
"""

from checks.reasons import Reason
from checks.result import Status


class CheckFailed(Exception):  # noqa: N818 - says what happened to the check; it is no error of whybot
    """The target is unhealthy, found deep inside a check; the runner turns it into a failing result."""

    def __init__(self, reason: Reason, message: str, *, status: Status = Status.FAIL) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status


class CheckBlind(CheckFailed):
    """The check could not tell; becomes `unknown`. The message says what would settle it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message, status=Status.UNKNOWN)
