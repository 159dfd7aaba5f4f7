"""Every reason that a check can give, with the words that people read.

The codes are a public interface (JSON, runbooks). A new one is one line in the enum and one in `WORDS`; a
test fails where one of them is missing.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a check has its status. Codes are grouped by the layer at which the answer was decided."""

    OK = "ok"
    OVER_BUDGET = "over_budget"
    # names
    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_SERVFAIL = "dns_servfail"
    DNS_TIMEOUT = "dns_timeout"
    DNS_NO_RECORD = "dns_no_record"
    DNS_WRONG_RECORD = "dns_wrong_record"
    # connections
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_UNREACHABLE = "connect_unreachable"
    CONNECTION_RESET = "connection_reset"
    CONNECTION_CLOSED = "connection_closed"
    ADDRESS_REFUSED = "address_refused"
    READ_TIMEOUT = "read_timeout"
    PROTOCOL_ERROR = "protocol_error"
    # TLS
    TLS_EXPIRED = "tls_expired"
    TLS_EXPIRING = "tls_expiring"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_WRONG_NAME = "tls_wrong_name"
    TLS_UNKNOWN_AUTHORITY = "tls_unknown_authority"
    TLS_HANDSHAKE_FAILED = "tls_handshake_failed"
    # who we are
    AUTH_FAILED = "auth_failed"
    AUTH_REQUIRED = "auth_required"
    PERMISSION_DENIED = "permission_denied"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - a code, no password
    # HTTP and WebSocket
    HTTP_STATUS = "http_status"
    HTTP_503 = "http_503"
    HTTP_5XX = "http_5xx"
    HTTP_4XX = "http_4xx"
    HTTP_REDIRECT_REFUSED = "http_redirect_refused"
    BODY_MISMATCH = "body_mismatch"
    BODY_TOO_LARGE = "body_too_large"
    UPGRADE_REFUSED = "upgrade_refused"
    WS_CLOSED = "ws_closed"
    WS_NO_ECHO = "ws_no_echo"
    # stores
    POOL_EXHAUSTED = "pool_exhausted"
    POOL_NOT_RECOVERED = "pool_not_recovered"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    CONNECTIONS_NEARLY_USED = "connections_nearly_used"
    READ_ONLY = "read_only"
    OUT_OF_MEMORY = "out_of_memory"
    LOADING = "loading"
    LOCK_WAITS = "lock_waits"
    REPLICATION_LAG = "replication_lag"
    DATABASE_MISSING = "database_missing"
    QUERY_FAILED = "query_failed"
    STARTING_UP = "starting_up"
    # whybot itself
    PROBER_OVERLOADED = "prober_overloaded"
    CHECK_CRASHED = "check_crashed"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    NOT_SELECTED = "not_selected"


@dataclass(frozen=True, slots=True)
class Words:
    """How a reason is said: `brief` after a title in a headline ("Redis unreachable"), then what to try."""

    brief: str
    explained: str
    try_next: str


WORDS: dict[Reason, Words] = {}
