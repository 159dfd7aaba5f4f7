"""Takes secrets out of log lines by their shape, and what differs from entry to entry out of messages."""

import re

from checks.secrets import REDACTED

LONGEST = 300
SHAPES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),  # user:password of a URL
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),  # JSON web token
    re.compile(r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,}"),  # Slack
    re.compile(r"\b(?:AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]+|GOCSPX-[0-9A-Za-z_-]+)"),  # Google
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bsk[-_][A-Za-z0-9_-]{16,}"),
)
NAMED = re.compile(
    r"""(?ix)
    (["']?[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|credential)[\w.-]*["']?\s*[=:]\s*)
    ("[^"]*"|'[^']*'|[^\s,;&)}\]]+)
    """
)
VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<![\w.])\d+(?:\.\d+){3}(?::\d+)?"), "<address>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)


def redact(text: str) -> str:
    """The text without what looks like a secret."""
    for shape in SHAPES:
        text = shape.sub(REDACTED, text)
    return NAMED.sub(rf"\1{REDACTED}", text)


def masked(text: str) -> str:
    """The text with numbers, addresses, times and ids replaced: what says the same is then equal."""
    for shape, stand_in in VARYING:
        text = shape.sub(stand_in, text)
    return shortened(text)


def shortened(text: str) -> str:
    """One line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
