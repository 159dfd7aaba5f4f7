"""Known signs in what services and Cloud Run log: what each looks like."""

import re
from collections.abc import Mapping
from typing import Final

SIGNALS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        # https://cloud.google.com/run/docs/troubleshooting has the sentences of Cloud Run itself.
        "no_instance": r"no available instance",
        "cold_start": r"starting new instance",
        "out_of_memory": r"memory limit of .{0,80} exceeded|exceeded .{0,40}memory limit|"
        r"using too much memory and was terminated",
        "startup_failed": r"failed to start|failed to listen|startup (?:tcp |http |grpc )?probe failed|"
        r"container called exit",
        "secret_denied": r"permission denied on secret|secret .{0,160} was not found|access_secret_version|"
        r"secretmanager\.versions\.access",
        "quota": r"quota (?:was )?exceeded|exceeded .{0,80}quota|quota exhausted",
        "timeout": r"timed out|timeout|deadline exceeded|maximum request timeout",
        # PostgreSQL's 53300 in its own words: https://www.postgresql.org/docs/current/errcodes-appendix.html
        "db_exhausted": r"remaining connection slots|too many clients already|too many connections",
        # Redis refuses writes at maxmemory with this word: https://redis.io/docs/latest/develop/reference/eviction/
        "redis_out_of_memory": r"\boom command not allowed",
        "auth_failed": r"password authentication failed|wrongpass|noauth|invalid username-password",
        "connection_refused": r"connection refused|connect call failed",
        "name_unresolved": r"name or service not known|temporary failure in name resolution|"
        r"error -[23] connecting",
        "certificate": r"certificate verify failed|certificate has expired",
    }.items()
}


def signals_in(text: str) -> tuple[str, ...]:
    """The names of the signs that a log line shows."""
    return tuple(name for name, pattern in SIGNALS.items() if pattern.search(text))
