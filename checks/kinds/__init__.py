"""The kinds of checks. A new one is a file here, one line in `KINDS`, and its test."""

from checks.kinds.clickhouse import ClickHouseCheck
from checks.kinds.cloud_run import CloudRunCheck
from checks.kinds.dns import DnsCheck
from checks.kinds.drift import DriftCheck
from checks.kinds.http import HttpCheck
from checks.kinds.logs import LogsCheck
from checks.kinds.postgres import PostgresCheck
from checks.kinds.redis import RedisCheck
from checks.kinds.tls import TlsCheck
from checks.kinds.vpc_path import VpcPathCheck
from checks.kinds.websocket import WebsocketCheck
from checks.spec import CheckSpec

KINDS: tuple[type[CheckSpec], ...] = (
    ClickHouseCheck,
    CloudRunCheck,
    DnsCheck,
    DriftCheck,
    HttpCheck,
    LogsCheck,
    PostgresCheck,
    RedisCheck,
    TlsCheck,
    VpcPathCheck,
    WebsocketCheck,
)
