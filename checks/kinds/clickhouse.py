"""ClickHouse over HTTP: `/ping`, a query, and its error codes in words."""

import contextlib
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, Literal, Self
from urllib.parse import urlencode

import h11
from pydantic import Field

from checks.exchange import MAX_BODY, Answer, ask, header_map, read_body, request_head
from checks.failures import CheckFailed
from checks.hosts import HostName, Port
from checks.kinds.http import status_reason
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.secrets import SecretRef
from checks.spec import CheckSpec, Finding
from checks.stream import Stream, open_stream
from checks.url import Url

# ClickHouse's ErrorCodes.cpp: the codes that mean something for the health of a server.
CODES: dict[int, tuple[Reason, str]] = {
    81: (Reason.DATABASE_MISSING, "there is no such database"),
    159: (Reason.QUERY_FAILED, "the server stopped the query at its own time limit"),
    160: (Reason.QUERY_FAILED, "the server expects the query to take too long and refused it"),
    164: (Reason.READ_ONLY, "the query would write, and the server only lets this user read"),
    173: (Reason.OUT_OF_MEMORY, "the server could not get memory"),
    192: (Reason.AUTH_FAILED, "the user or its password is refused"),
    193: (Reason.AUTH_FAILED, "the user or its password is refused"),
    194: (Reason.AUTH_REQUIRED, "the server wants a password"),
    202: (Reason.TOO_MANY_CONNECTIONS, "the server runs as many queries at once as it may"),
    241: (Reason.OUT_OF_MEMORY, "the query reached the server's memory limit"),
    242: (Reason.READ_ONLY, "the table is read-only: its replica has lost its keeper"),
    497: (Reason.PERMISSION_DENIED, "this user lacks a grant"),
    516: (Reason.AUTH_FAILED, "the user or its password is refused"),
}
ERROR_TEXT = re.compile(
    r"Code: (\d+)\. DB::Exception: (.*?)(?: \(([A-Z0-9_]+)\))?(?: \(version .*)?$", re.DOTALL
)


class ClickHouseCheck(CheckSpec):
    """Asks a ClickHouse server whether it lives and answers a query; GET, so that nothing can be written."""

    title_default: ClassVar[str] = "ClickHouse"

    kind: Literal["clickhouse"] = "clickhouse"
    host: HostName
    port: Port = Field(default=8123, description="Of the HTTP interface; 8443 with TLS.")
    user: str = "default"
    password: SecretRef | None = None
    database: str | None = None
    tls: bool = False
    query: str = Field(default="SELECT 1", min_length=1, max_length=4000)

    @property
    def target(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    async def run(self, probe: Probe) -> Finding:
        """One connection. The budget is about the way from nothing to the answer of the query."""
        credentials = self._credentials(probe)
        began = time.perf_counter()
        async with Session(probe, self.host, self.port, tls=self.tls) as session:
            await session.get("ping", "/ping", {}, self._demand_pong)
            await session.get("query", self._target(self.query), credentials, self._demand_success)
            measured_ms = (time.perf_counter() - began) * 1000
            if measured_ms <= self.budget:  # slow enough is the finding; asking on could only hide it
                state_query = self._target("SELECT version(), uptime()")
                state = await session.get("state", state_query, credentials, self._demand_success)
                version, _, uptime = state.text.strip().partition("\t")
                probe.note(version=version, uptime_s=int(uptime) if uptime.isdecimal() else None)
        return Finding(Status.PASS, Reason.OK, "answers queries", measured_ms)

    def _credentials(self, probe: Probe) -> dict[str, str]:
        password = probe.secret(self.password)
        headers = {"X-ClickHouse-User": self.user}
        return headers if password is None else headers | {"X-ClickHouse-Key": password}

    def _target(self, query: str) -> str:
        parameters = {"query": query, "default_format": "TabSeparated"}
        if self.database is not None:
            parameters["database"] = self.database
        return f"/?{urlencode(parameters)}"

    def _demand_pong(self, answer: Answer, probe: Probe) -> None:
        if answer.status != 200:
            raise http_failed(answer, "to /ping")
        if answer.text.strip() != "Ok.":
            words = f"what answers at {self.target} is not ClickHouse: /ping does not say Ok"
            raise CheckFailed(Reason.PROTOCOL_ERROR, words)

    def _demand_success(self, answer: Answer, probe: Probe) -> None:
        """Raises `CheckFailed` for an error; one that came late is in a body with status 200."""
        found = ERROR_TEXT.search(answer.text.strip())
        header = answer.headers.get("x-clickhouse-exception-code", "")
        if answer.status == 200 and not header and not (found and found.start() == 0):
            return
        if not header.isdecimal() and found is None:
            raise http_failed(answer, "to the query")
        code = int(header) if header.isdecimal() else int(found[1]) if found else 0
        name = (found[3] if found else None) or "error"
        probe.note(error_code=code, error_name=name)
        raise self._refused(code, name, found[2] if found else "")

    def _refused(self, code: int, name: str, said: str) -> CheckFailed:
        if code == 516 and self.password is None:
            words = (
                f"the server wants a password for the user {self.user}, and the environment file names none"
            )
            return CheckFailed(Reason.AUTH_REQUIRED, words)
        if code in CODES:
            reason, words = CODES[code]
            if reason is Reason.AUTH_FAILED:
                words = f"the password for the user {self.user} is refused, or there is no such user"
            return CheckFailed(reason, f"{words} ({code} {name})")
        first_line = said.strip().partition("\n")[0]
        return CheckFailed(Reason.QUERY_FAILED, f"the query failed ({code} {name}): {first_line[:200]}")


class Session:
    """Requests on one connection; on a new one where the server or a proxy closes after an answer."""

    def __init__(self, probe: Probe, host: str, port: int, *, tls: bool) -> None:
        self._probe = probe
        self._host, self._port = host, port
        self._context = probe.dialer.tls_context() if tls else None
        self._scheme = "https" if tls else "http"
        self._open = contextlib.AsyncExitStack()
        self._stream: Stream | None = None
        self._parser = h11.Connection(h11.CLIENT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def get(
        self, phase: str, target: str, headers: dict[str, str], demand: Callable[[Answer, Probe], None]
    ) -> Answer:
        """One GET, noted as a phase that `demand` may fail. Raises `CheckFailed`, also for no answer."""
        stream = await self._reusable() or await self._connect()
        url = Url(self._scheme, self._host, self._port, "/", target)
        head = request_head(url, "GET", {"connection": "keep-alive", **headers}, b"")
        async with stream.step(phase, f"waiting for the answer to the {phase}"):
            answered = await ask(stream, self._parser, head)
            body = await read_body(stream, self._parser, MAX_BODY)
            answer = Answer(answered.status_code, header_map(answered), body)
            demand(answer, self._probe)
        return answer

    async def _reusable(self) -> Stream | None:
        if self._stream is None:
            return None
        if self._parser.our_state is h11.DONE and self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
            return self._stream
        await self._open.aclose()
        return None

    async def _connect(self) -> Stream:
        self._open = contextlib.AsyncExitStack()
        stream = open_stream(self._probe, self._host, self._port, tls=self._context)
        self._parser = h11.Connection(h11.CLIENT)
        self._stream = await self._open.enter_async_context(stream)
        return self._stream


def http_failed(answer: Answer, to_what: str) -> CheckFailed:
    """An HTTP status without a code of ClickHouse: something in between answers."""
    return CheckFailed(
        status_reason(answer.status), f"HTTP {answer.status} {to_what}, not from ClickHouse itself"
    )
