"""The kinds of checks. A new one is a file here, one line in `KINDS`, and its test."""

from checks.spec import CheckSpec

KINDS: tuple[type[CheckSpec], ...] = ()
