"""The kinds of checks. A new one is a file here, one line in `KINDS`, and its test."""

from checks.kinds.clickhouse import ClickHouseCheck
from checks.kinds.dns import DnsCheck
from checks.kinds.http import HttpCheck
from checks.kinds.postgres import PostgresCheck
from checks.kinds.redis import RedisCheck
from checks.kinds.tls import TlsCheck
from checks.kinds.websocket import WebsocketCheck
from checks.spec import CheckSpec

KINDS: tuple[type[CheckSpec], ...] = (
    ClickHouseCheck,
    DnsCheck,
    HttpCheck,
    PostgresCheck,
    RedisCheck,
    TlsCheck,
    WebsocketCheck,
)
