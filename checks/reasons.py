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
    # Google Cloud and Terraform
    REVISION_NOT_READY = "revision_not_ready"
    REVISION_RECONCILING = "revision_reconciling"
    NO_SERVING_REVISION = "no_serving_revision"
    PATH_BROKEN = "path_broken"
    PATH_UNKNOWN = "path_unknown"
    DRIFTED = "drifted"
    DRIFT_UNKNOWN = "drift_unknown"
    ERRORS_LOGGED = "errors_logged"
    CLOUD_PERMISSION = "cloud_permission"
    CLOUD_API_DISABLED = "cloud_api_disabled"
    CLOUD_NOT_FOUND = "cloud_not_found"
    CLOUD_UNREACHABLE = "cloud_unreachable"
    CLOUD_QUOTA = "cloud_quota"
    CLOUD_LOGIN = "cloud_login"
    CLOUD_ANSWER = "cloud_answer"
    FILE_UNREADABLE = "file_unreadable"
    # the vantage
    VANTAGE_CANNOT_TELL = "vantage_cannot_tell"
    # whybot itself
    PROBER_OVERLOADED = "prober_overloaded"
    CHECK_CRASHED = "check_crashed"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    NOT_SELECTED = "not_selected"


@dataclass(frozen=True, slots=True)
class Words:
    """How a reason is said, to someone who was woken up.

    `brief` follows a title in a headline ("Redis unreachable"); `explained` is what it means, decoded;
    `try_next` is a concrete next step.
    """

    brief: str
    explained: str
    try_next: str


WORDS: dict[Reason, Words] = {
    Reason.OK: Words(
        "ok",
        "It answered as it should, within its budget.",
        "Nothing.",
    ),
    Reason.OVER_BUDGET: Words(
        "over budget",
        "It answers, but more slowly than it should.",
        (
            "Look at the phases: a slow connect points to the network path or to a full accept queue, a "
            "slow query to the server's own load or locks."
        ),
    ),
    Reason.DNS_NXDOMAIN: Words(
        "has no DNS name",
        "The DNS says that this name does not exist (NXDOMAIN).",
        (
            "Compare the name in the environment file with the DNS zone: a typing error, a deleted "
            "record, or a private zone that is not visible from here."
        ),
    ),
    Reason.DNS_SERVFAIL: Words(
        "DNS failing",
        (
            "The resolver was reached but could not answer (SERVFAIL): the name servers of the zone "
            "fail, or DNSSEC does not validate."
        ),
        (
            "Ask another resolver; if it fails there too, look at the zone's name servers and at its "
            "DNSSEC records."
        ),
    ),
    Reason.DNS_TIMEOUT: Words(
        "DNS not answering",
        (
            "The resolver did not answer in time, so the name could not be turned into an address. A C "
            "library calls this EAI_AGAIN, or error -3."
        ),
        (
            "Check that the resolver can be reached from here: the VPC's DNS, the connector, a firewall "
            "rule on port 53."
        ),
    ),
    Reason.DNS_NO_RECORD: Words(
        "has no DNS record",
        "The name exists, but has no record of the type that was asked for.",
        (
            "Look at the zone: an A record may have been replaced by another type, or is missing in the "
            "private zone."
        ),
    ),
    Reason.DNS_WRONG_RECORD: Words(
        "DNS record wrong",
        "The name points somewhere else than the environment file says.",
        (
            "Find out which one is right; then correct the DNS record or the `expect` of the check. Old "
            "answers live as long as the record's TTL."
        ),
    ),
    Reason.CONNECT_REFUSED: Words(
        "refusing connections",
        (
            "The machine answered that nothing listens on this port: the path is open, the server is "
            "not there."
        ),
        "Check that the server runs, and on this port; look at its log and its last restart.",
    ),
    Reason.CONNECT_TIMEOUT: Words(
        "unreachable",
        "Nothing answered the attempt to connect: packets are lost on the way, or the host is gone.",
        (
            "Check the network path: VPC connector and egress setting of the revision, routes and "
            "peering, firewall rules, then the state of the target."
        ),
    ),
    Reason.CONNECT_UNREACHABLE: Words(
        "unreachable",
        "The network said that there is no route to this address.",
        (
            "Check the routes: the VPC network, its peering with the target's network, and whether "
            "whybot runs in the right one."
        ),
    ),
    Reason.CONNECTION_RESET: Words(
        "resetting connections",
        "The connection was made and then torn down by the other side or by something on the way.",
        (
            "Look at the server's log at this time; a proxy, a load balancer or a TLS mismatch on the "
            "port does this too."
        ),
    ),
    Reason.CONNECTION_CLOSED: Words(
        "closing connections",
        "The server accepted the connection and closed it without an answer.",
        (
            "Look at the server's log at this time: it may be shutting down, out of connections, or "
            "expecting TLS."
        ),
    ),
    Reason.ADDRESS_REFUSED: Words(
        "not asked",
        "whybot refused to connect: the address is not one that the environment file allows.",
        (
            "If the address is right, name the host in a check or add its range to `network.ranges`; if "
            "not, find out who changed the DNS record or the redirect."
        ),
    ),
    Reason.READ_TIMEOUT: Words(
        "not answering",
        "The connection was made, but no answer came in time.",
        "The server accepts and does not work: look at its load, its locks and its own dependencies.",
    ),
    Reason.PROTOCOL_ERROR: Words(
        "answering nonsense",
        "What answered does not speak the protocol that was expected.",
        "Check the port, whether it wants TLS, and what listens there.",
    ),
    Reason.TLS_EXPIRED: Words(
        "certificate expired",
        "The certificate is past its last day, so clients refuse to connect.",
        "Renew the certificate, and find out why the automatic renewal did not.",
    ),
    Reason.TLS_EXPIRING: Words(
        "certificate expiring",
        "The certificate is still valid, but not for much longer.",
        "Renew it now, and check that the automatic renewal works.",
    ),
    Reason.TLS_NOT_YET_VALID: Words(
        "certificate not yet valid",
        "The certificate begins in the future.",
        "Compare the clocks of both machines; otherwise wait for, or replace, the certificate.",
    ),
    Reason.TLS_WRONG_NAME: Words(
        "certificate for another name",
        "The certificate is valid, but was made for other names.",
        (
            "Issue a certificate that includes this name, or correct the host: a load balancer may be "
            "serving its default certificate."
        ),
    ),
    Reason.TLS_UNKNOWN_AUTHORITY: Words(
        "certificate not trusted",
        (
            "The certificate was signed by an authority that is not trusted here, or an intermediate "
            "certificate is missing."
        ),
        (
            "Check that the server sends its whole chain; a self-signed or private authority has to be "
            "trusted explicitly."
        ),
    ),
    Reason.TLS_HANDSHAKE_FAILED: Words(
        "TLS failing",
        "The connection was made, but both sides did not agree on encryption.",
        (
            "Check that the port speaks TLS, which versions and ciphers it allows, and whether it wants "
            "a client certificate."
        ),
    ),
    Reason.AUTH_FAILED: Words(
        "login refused",
        "The server answered, and refused the user or the password.",
        (
            "Compare the secret that the check refers to with the server's: it may have been rotated on "
            "one side only."
        ),
    ),
    Reason.AUTH_REQUIRED: Words(
        "wants a login",
        "The server answered, but wants a password and none is configured.",
        "Add `user` and `password` (a reference) to the check.",
    ),
    Reason.PERMISSION_DENIED: Words(
        "permission denied",
        "The login worked, but this user may not do what the check needs.",
        "Grant the user the read permission that the message names.",
    ),
    Reason.SECRET_MISSING: Words(
        "not asked: secret missing",
        "The secret that the check refers to is not set where whybot runs, so the target was not asked.",
        "Set the variable, or mount the file, that the message names.",
    ),
    Reason.HTTP_STATUS: Words(
        "wrong HTTP status",
        "It answered with another HTTP status than the environment file expects.",
        "Open the URL by hand; if the new status is right, change `expect` of the check.",
    ),
    Reason.HTTP_503: Words(
        "HTTP 503",
        (
            "The service says of itself that it cannot serve now: it has no healthy instance, or a "
            "dependency of it fails."
        ),
        "Look first at the dependencies in this sweep, then at the service's log and its latest revision.",
    ),
    Reason.HTTP_5XX: Words(
        "HTTP 5xx",
        "The service failed while it answered.",
        "Look at the service's log at this time, then at the last deployment.",
    ),
    Reason.HTTP_4XX: Words(
        "HTTP 4xx",
        "The service says that the request is wrong: the path is not there, or a login is needed.",
        (
            "Check the URL of the check, and whether the path or its access rules changed with the "
            "latest revision."
        ),
    ),
    Reason.HTTP_REDIRECT_REFUSED: Words(
        "redirecting elsewhere",
        "It redirects to a host that the environment file does not name, so whybot did not follow.",
        "If the redirect is right, name the host in a check; otherwise find out who changed it.",
    ),
    Reason.BODY_MISMATCH: Words(
        "wrong answer",
        "It answered with the right status, but the content is not what the environment file expects.",
        (
            "Compare the content in the details with `expect` of the check: the service may report a "
            "problem of its own there."
        ),
    ),
    Reason.BODY_TOO_LARGE: Words(
        "answer too large",
        "The answer did not end within the size that a health check may have.",
        "Point the check to a smaller page, such as /health.",
    ),
    Reason.UPGRADE_REFUSED: Words(
        "WebSocket refused",
        "It answered over HTTP, but did not switch to WebSocket.",
        "Check the path, and whether a load balancer or proxy on the way passes upgrades on.",
    ),
    Reason.WS_CLOSED: Words(
        "WebSocket closed",
        "The WebSocket was opened and then closed by the server before it answered.",
        "The close code in the details says why; look at the service's log at this time.",
    ),
    Reason.WS_NO_ECHO: Words(
        "WebSocket silent",
        "The WebSocket is open, but the expected message did not come back.",
        "Check what the service does with messages: a worker or broker behind it may be stuck.",
    ),
    Reason.POOL_EXHAUSTED: Words(
        "out of pooled connections",
        "More connections were asked for at once than the pool could give in time.",
        "Look for connections that are held too long or never given back; then consider a larger pool.",
    ),
    Reason.POOL_NOT_RECOVERED: Words(
        "pool not recovering",
        "The pool was used up and did not become usable again after its connections were given back.",
        "Restart the clients that hold connections, and look for a leak in their code.",
    ),
    Reason.TOO_MANY_CONNECTIONS: Words(
        "out of connections",
        "The server has no connection left for another client.",
        (
            "See which clients hold connections and close idle ones; check the pool sizes of all "
            "instances against the server's limit."
        ),
    ),
    Reason.CONNECTIONS_NEARLY_USED: Words(
        "nearly out of connections",
        "The server still answers, but most of its connections are taken.",
        "See which clients hold them, before new instances can no longer connect.",
    ),
    Reason.READ_ONLY: Words(
        "read-only",
        "The server answers, but refuses writes: it is a replica, or was switched to read-only.",
        "Check for a failover that clients did not follow, and for a full disk.",
    ),
    Reason.OUT_OF_MEMORY: Words(
        "out of memory",
        "The server refuses work because its memory is used up.",
        "Look at its memory and its largest users; set an eviction policy or a larger size.",
    ),
    Reason.LOADING: Words(
        "still loading",
        "The server has started and is reading its data; it answers when that is done.",
        "Wait for it, and find out why it restarted.",
    ),
    Reason.LOCK_WAITS: Words(
        "waiting for locks",
        "Sessions wait for locks that others hold.",
        "See who blocks whom: SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE "
        "cardinality(pg_blocking_pids(pid)) > 0; end the blocker if that is safe.",
    ),
    Reason.REPLICATION_LAG: Words(
        "replication behind",
        "The replica is behind its primary, so that reads may be old.",
        "Look at the load of both, and for a long transaction or a network problem between them.",
    ),
    Reason.DATABASE_MISSING: Words(
        "database missing",
        "The server answered, but has no database of that name.",
        (
            "Compare the name in the check with the server's databases: it may be another instance, or "
            "a migration did not run."
        ),
    ),
    Reason.QUERY_FAILED: Words(
        "query failing",
        "The login worked, but the query ended in an error.",
        "The server's error code is in the details; look at its log at this time.",
    ),
    Reason.STARTING_UP: Words(
        "still starting",
        "The server is starting, recovering or shutting down, and takes no queries now.",
        "Wait for it, and find out why it restarted.",
    ),
    Reason.REVISION_NOT_READY: Words(
        "revision not ready",
        "Cloud Run says of the revision that gets traffic, or of the service, that it is not ready.",
        "The condition's reason is in the details; look at the revision's log, then at the last deployment.",
    ),
    Reason.REVISION_RECONCILING: Words(
        "being changed",
        "Cloud Run is still carrying a change out, so what it says is not final.",
        "Ask again in a minute; if it stays so, look at the service's conditions.",
    ),
    Reason.NO_SERVING_REVISION: Words(
        "serving nothing",
        "No revision of the service gets traffic.",
        "Give traffic to a revision that is ready: gcloud run services update-traffic.",
    ),
    Reason.PATH_BROKEN: Words(
        "closed",
        "The configuration keeps the serving revision from reaching this address.",
        "The step that fails names the field and what it would have to be.",
    ),
    Reason.PATH_UNKNOWN: Words(
        "could not be told",
        "Nothing that was read closes the path, but not every step could be read.",
        "Grant the role that the step names, then ask again.",
    ),
    Reason.DRIFTED: Words(
        "drift found",
        "What is live is not what is declared, or not what Terraform has.",
        "The table says field by field what differs and what that does.",
    ),
    Reason.DRIFT_UNKNOWN: Words(
        "drift could not be told",
        "Nothing that was compared differs, but not everything could be read.",
        "Grant the role that the message names, then ask again.",
    ),
    Reason.ERRORS_LOGGED: Words(
        "shows errors",
        "The service answered requests with errors, or logged some.",
        "The most frequent ones are in the details; the console link opens them in Cloud Logging.",
    ),
    Reason.CLOUD_PERMISSION: Words(
        "permission missing",
        "whybot's service account may not read this in Google Cloud.",
        "Grant the role that the message names; `whybot doctor` prints every missing one with its command.",
    ),
    Reason.CLOUD_API_DISABLED: Words(
        "API switched off",
        "This API of Google Cloud is not enabled in the project.",
        "Enable it with the command in the message, or take the check out of the environment file.",
    ),
    Reason.CLOUD_NOT_FOUND: Words(
        "not found",
        "Google Cloud has nothing of this name in this project and region.",
        "Compare project, region and name in the environment file with the console.",
    ),
    Reason.CLOUD_UNREACHABLE: Words(
        "could not be read",
        "Google Cloud's API did not answer in time, or could not be reached.",
        "Ask again; if it stays so, look at status.cloud.google.com and at the way out of whybot's network.",
    ),
    Reason.CLOUD_QUOTA: Words(
        "quota used up",
        "Google Cloud refused to answer more requests for now.",
        "Ask again in a minute; if it happens often, raise the read quota of that API.",
    ),
    Reason.CLOUD_LOGIN: Words(
        "not logged in",
        "whybot has no valid credentials for Google Cloud here.",
        "On a laptop: gcloud auth application-default login. On Cloud Run: set a service account.",
    ),
    Reason.CLOUD_ANSWER: Words(
        "answer not understood",
        "Google Cloud's API answered something that whybot does not understand.",
        "Ask again; if it stays so, report it with the reference from the log.",
    ),
    Reason.FILE_UNREADABLE: Words(
        "file not readable",
        "A file of Terraform could not be read.",
        "The message names the file, the line and what is wrong there.",
    ),
    Reason.VANTAGE_CANNOT_TELL: Words(
        "could not be told from here",
        "It was asked from a place that is not in the service's network, so it says nothing of the path.",
        "The line below the table says why the job could not tell; `whybot doctor` says what it needs.",
    ),
    Reason.PROBER_OVERLOADED: Words(
        "could not be told",
        "whybot itself was too slow during this check, so the time says nothing about the target.",
        "Run it again when this machine is less busy, or from another one.",
    ),
    Reason.CHECK_CRASHED: Words(
        "could not be told",
        "The check itself failed, which is a mistake in whybot, not of the target.",
        "Find the reference in whybot's log and report it; the other checks are not affected.",
    ),
    Reason.DEADLINE: Words(
        "could not be told",
        "The check did not end in time and was left behind.",
        "Run it again; if it happens again, report it with the name of the check.",
    ),
    Reason.CANCELLED: Words(
        "stopped",
        "The run was stopped before this check had its answer.",
        "Run it again.",
    ),
    Reason.NOT_SELECTED: Words(
        "not asked",
        "This check was not part of the run.",
        "Ask for it by name, or run all checks.",
    ),
}
