"""Translates what Google's libraries raise into a `Blind`: the border behind which nothing of theirs goes.

How Google names a missing permission differs: most APIs in an ErrorInfo, Compute Engine and Cloud Storage in
the sentence, Cloud SQL not at all. https://cloud.google.com/apis/design/errors
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from checks.observations import Blind
from checks.observe.permissions import LOGGING, Need, Place, enable, missing
from checks.reasons import Reason

PERMISSION = re.compile(r"(?:[Pp]ermission|Required) '([a-z]+\.[A-Za-z]+\.[A-Za-z]+)'")
REQUEST_LINE = re.compile(r"^(?:GET|POST) \S+: ")
LONGEST = 200
CREDENTIALS = ("Getting metadata from plugin failed", "invalid_grant", "Reauthentication is needed")
CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "SSLError", "SSL_ERROR", "certificate verify failed")
NO_PROJECT = frozenset({"CONSUMER_INVALID", "USER_PROJECT_DENIED", "RESOURCE_PROJECT_INVALID"})
LOGIN = (
    "whybot has no valid credentials for Google Cloud here. On a laptop: gcloud auth application-default "
    "login. On Cloud Run: give the service a service account."
)
LOGIN_COMMAND = "gcloud auth application-default login"


class Unseen(Exception):  # noqa: N818 - blindness is no error of whybot; `blind` becomes the value
    """Something could not be read. Raised by readers, caught in `checks.observe.google`."""

    def __init__(self, blind: Blind) -> None:
        super().__init__(blind.message)
        self.blind = blind


class NotUnderstood(ValueError):  # noqa: N818 - about an answer, not an error of whybot
    """An answer holds a value that this whybot does not know and that must not be guessed."""


def too_slow(need: Need, seconds: float) -> Blind:
    """Google did not answer in time."""
    message = f"Could not {need.act}: {need.api} did not answer within {seconds:.1f} s."
    return Blind(Reason.CLOUD_UNREACHABLE, message)


def not_logged_in() -> Blind:
    """There are no credentials, or they are no longer taken."""
    return Blind(Reason.CLOUD_LOGIN, LOGIN, command=LOGIN_COMMAND)


def not_understood(need: Need, what: str = "") -> Blind:
    """The answer makes no sense."""
    said = f": {short(what)}" if what else ""
    message = f"Could not {need.act}: {need.api} answered something that whybot does not understand{said}."
    return Blind(Reason.CLOUD_ANSWER, message)


def translated(error: BaseException, need: Need, place: Place, seconds: float = 0.0) -> Blind:
    """What an error of a Google library, of gRPC or of requests means. Takes those of `calls.foreign()`."""
    if isinstance(error, NotUnderstood):
        return not_understood(need, str(error))
    if isinstance(error, TimeoutError):
        return too_slow(need, seconds)
    module, text = type(error).__module__, str(error)
    if any(mark in text for mark in CERTIFICATE):
        message = f"Could not {need.act}: the certificate of {need.api} is not trusted here."
        return Blind(Reason.CLOUD_UNREACHABLE, message)
    if any(mark in text for mark in CREDENTIALS) or module.startswith("google.auth"):
        return not_logged_in()
    if module.startswith("google.api_core"):
        return _answered(error, need, place, seconds)
    if not isinstance(error, OSError):
        return not_understood(need)  # what came could not be parsed
    message = f"Could not {need.act}: {need.api} could not be reached ({type(error).__name__})."
    return Blind(Reason.CLOUD_UNREACHABLE, message)


def _answered(error: Any, need: Need, place: Place, seconds: float) -> Blind:
    """An error that Google answered: first what it is about as a whole, then by its status."""
    reason, metadata = str(getattr(error, "reason", None) or ""), _metadata(error)
    message = str(getattr(error, "message", "") or error)
    if reason == "SERVICE_DISABLED" or "it is disabled. Enable it" in message:
        return _disabled(metadata.get("service") or need.api, need, place)
    if reason in NO_PROJECT or _names_no_project(message, place):
        return _no_project(place)
    if reason == "LOCATION_POLICY_VIOLATED" or f"'locations/{place.region}'" in message:
        return _no_region(place)
    status = status_of(error)
    if status == HTTPStatus.FORBIDDEN:
        return missing(need, place, metadata.get("permission") or _permission(message))
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return too_slow(need, seconds)
    return _by_status(status, message, need, place)


def _by_status(status: int, message: str, need: Need, place: Place) -> Blind:
    if status == HTTPStatus.UNAUTHORIZED:
        return not_logged_in()
    if status == HTTPStatus.NOT_FOUND:
        return Blind(Reason.CLOUD_NOT_FOUND, _not_found(message, need, place))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _quota(need)
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY):
        said = f"Could not {need.act}: {need.api} is not available now."
        return Blind(Reason.CLOUD_UNREACHABLE, said)
    garbled = "deserializing" in message or not status
    return not_understood(need) if garbled else not_understood(need, f"{status} {message}")


def status_of(error: Any) -> int:
    """The HTTP status of an error of google.api_core, 0 where it has none."""
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int) else 0


def _metadata(error: Any) -> Mapping[str, str]:
    found = getattr(error, "metadata", None)
    return dict(found) if found else {}


def _permission(message: str) -> str:
    found = PERMISSION.search(message)
    return found[1] if found else ""


def _names_no_project(message: str, place: Place) -> bool:
    """Compute Engine and Resource Manager speak of the project itself."""
    return message.rstrip(".").endswith(f"The resource 'projects/{place.project}' was not found")


def _disabled(api: str, need: Need, place: Place) -> Blind:
    return Blind(
        Reason.CLOUD_API_DISABLED,
        f"Could not {need.act}: {api} is not enabled in project {place.project}.",
        command=enable(api, place.project),
    )


def _no_project(place: Place) -> Blind:
    return Blind(
        Reason.CLOUD_NOT_FOUND,
        f"There is no project {place.project}, or whybot's account may not know of it. Compare `project` in "
        "the environment file with the console; it is the project's id, not its title.",
    )


def _no_region(place: Place) -> Blind:
    return Blind(
        Reason.CLOUD_NOT_FOUND,
        f"There is no region {place.region}, or project {place.project} may not use it. Compare `region` in "
        "the environment file with the console; it looks like us-central1.",
    )


def _quota(need: Need) -> Blind:
    limit = " (60 reads a minute)" if need.api == LOGGING else ""
    quota = "quota" if need.does else "read quota"
    message = f"Could not {need.act}: the {quota} of {need.api}{limit} is used up. Ask again in a minute."
    return Blind(Reason.CLOUD_QUOTA, message)


def _not_found(message: str, need: Need, place: Place) -> str:
    """What there is not. Cloud Storage says "the specified bucket" and leaves its name to the reader."""
    if need.on != "bucket" or not place.resource:
        return f"Not found in project {place.project}, region {place.region}: {short(message)}."
    if "bucket does not exist" in message:
        return f"There is no bucket gs://{place.resource}."
    return f"In bucket gs://{place.resource} there is nothing of this name: {short(message)}."


def short(text: str) -> str:
    """One line of what Google says, without a final full stop."""
    line = REQUEST_LINE.sub("", " ".join(text.split())).rstrip(".")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
