"""ClickHouse's HTTP interface in front of the chdb engine: `/ping`, queries, users, error codes.

Run as a script, `clickhouse_front.py FOLDER`, in a process of its own, for the engine is 170 MB of native
code. It reads `account.json` once and `knobs.json` at every query, and writes its port to `port`. What it
answers follows ClickHouse's `HTTPHandler.cpp`: status by error code, `X-ClickHouse-Exception-Code`, the
message in the body. Queries run one after another, since the engine has one session.
"""

import base64
import hmac
import json
import os
import re
import sys
import threading
import time
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

# ClickHouse's exceptionCodeToHTTPStatus; whatever is not here is a 500.
STATUS_BY_CODE = {
    **dict.fromkeys((194,), 401),
    **dict.fromkeys((192, 193, 497, 516), 403),
    **dict.fromkeys((6, 26, 27, 38, 41, 43, 53, 62, 69, 70, 72), 400),
    **dict.fromkeys((16, 46, 47, 50, 56, 60, 81, 115), 404),
    **dict.fromkeys((159,), 408),
    **dict.fromkeys((48,), 501),
    **dict.fromkeys((209, 439), 503),
}
OWN_PARAMETERS = frozenset({"query", "user", "password", "database", "default_format", "query_id"})
# GET never changes data: ClickHouse runs it with `readonly`.
READING = re.compile(r"\s*(select|show|describe|desc|explain|exists|with|\()", re.IGNORECASE)
NAME = re.compile(r"^[a-z_]+$")


class ClickHouseError(Exception):
    """An error with ClickHouse's own code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def literal(value: object) -> str:
    """A setting's value as ClickHouse's SQL wants it."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


class Engine:
    """The one engine session; one query at a time."""

    def __init__(self) -> None:
        import chdb  # nothing but this process pays for it

        self.version: str = chdb.engine_version
        self._connection: Any = chdb.connect(":memory:")
        self._lock = threading.Lock()

    def query(self, sql: str, form: str, database: str, settings: dict[str, object], delay: float) -> bytes:
        """Runs one query with settings that last no longer; raises `ClickHouseError`."""
        with self._lock:
            time.sleep(delay)
            applied: list[str] = []
            try:
                self._run(f"USE `{database.replace('`', '')}`")
                for name, value in settings.items():
                    self._run(f"SET {name} = {literal(value)}")
                    applied.append(name)
                return self._run(sql, form)
            finally:
                for name in applied:
                    self._run(f"SET {name} = DEFAULT")

    def _run(self, sql: str, form: str = "TabSeparated") -> bytes:
        try:
            answer: bytes = self._connection.query(sql, form).bytes()
        except RuntimeError as error:
            text = str(error)
            code = re.search(r"Code: (\d+)\.", text)
            raise ClickHouseError(int(code[1]) if code else 1001, text) from error
        return answer or b""


class Front(ThreadingHTTPServer):
    """The HTTP server and its state."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account: dict[str, str] = json.loads((folder / "account.json").read_text(encoding="utf-8"))
        self.engine = Engine()
        self.running = 0
        self.count_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    def knobs(self) -> dict[str, Any]:
        """What the owner has set, as of now."""
        knobs: dict[str, Any] = json.loads((self.folder / "knobs.json").read_text(encoding="utf-8"))
        return knobs

    def run(self, sql: str, parameters: dict[str, str]) -> bytes:
        """Runs a query under the limits of the knobs."""
        knobs = self.knobs()
        with self.count_lock:
            if self.running >= knobs["max_concurrent_queries"]:
                limit = knobs["max_concurrent_queries"]
                raise ClickHouseError(
                    202,
                    f"Code: 202. DB::Exception: Too many simultaneous queries. Maximum: {limit}. "
                    "(TOO_MANY_SIMULTANEOUS_QUERIES)",
                )
            self.running += 1
        try:
            settings = knobs["settings"] | {k: v for k, v in parameters.items() if k not in OWN_PARAMETERS}
            return self.engine.query(
                sql,
                parameters.get("default_format", "TabSeparated"),
                parameters.get("database") or "default",
                settings,
                knobs["delay_ms"] / 1000,
            )
        finally:
            with self.count_lock:
                self.running -= 1


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Front

    def do_GET(self) -> None:
        """Answers `/`, `/ping` and a query in the URL."""
        self._serve(reading=True)

    def do_POST(self) -> None:
        """Answers a query in the URL, the body or both."""
        self._serve(reading=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Says nothing: a request line may hold a password."""

    def _serve(self, *, reading: bool) -> None:
        url = urlsplit(self.path)
        parameters = {name: values[-1] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        if url.path == "/ping" or (url.path == "/" and not body and "query" not in parameters):
            self._answer(200, b"Ok.\n")
        elif url.path not in ("/", "/query"):
            self._answer(
                404, f"There is no handle {url.path}\n\nUse / or /ping for health checks.\n".encode()
            )
        else:
            sql = "\n".join(part for part in (parameters.get("query", ""), body) if part)
            self._query(sql, parameters, reading=reading)

    def _query(self, sql: str, parameters: dict[str, str], *, reading: bool) -> None:
        try:
            self._authenticate(parameters)
            for name in parameters.keys() - OWN_PARAMETERS:
                if not NAME.match(name):
                    raise ClickHouseError(
                        115, f"Code: 115. DB::Exception: Unknown setting '{name}'. (UNKNOWN_SETTING)"
                    )
            if reading and not READING.match(sql):
                raise ClickHouseError(
                    164,
                    "Code: 164. DB::Exception: default: Cannot execute query in readonly mode. (READONLY)",
                )
            answer = self.server.run(sql, parameters)
        except ClickHouseError as error:
            text = f"{error} (version {self.server.engine.version} (official build))\n"
            self._answer(
                STATUS_BY_CODE.get(error.code, 500),
                text.encode(),
                {"X-ClickHouse-Exception-Code": str(error.code)},
            )
        else:
            self._answer(
                200, answer, {"X-ClickHouse-Query-Id": parameters.get("query_id") or str(uuid.uuid4())}
            )

    def _authenticate(self, parameters: dict[str, str]) -> None:
        user, password = self._credentials(parameters)
        account = self.server.account
        right = hmac.compare_digest(password.encode(), account["password"].encode())
        if user != account["user"] or not right:
            raise ClickHouseError(
                516,
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)",
            )

    def _credentials(self, parameters: dict[str, str]) -> tuple[str, str]:
        if user := self.headers.get("X-ClickHouse-User"):
            return user, self.headers.get("X-ClickHouse-Key") or ""
        scheme, _, encoded = (self.headers.get("Authorization") or "").partition(" ")
        if scheme.lower() == "basic":
            with suppress(ValueError):
                user, _, password = base64.b64decode(encoded).decode().partition(":")
                return user, password
        return parameters.get("user", "default"), parameters.get("password", "")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("X-ClickHouse-Server-Display-Name", "sandbox")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)


def main(folder: Path) -> None:
    """Serves until it is killed."""
    os.environ["TMPDIR"] = str(folder)  # where the engine makes a folder that it never removes
    front = Front(folder)
    unfinished = folder / "port.new"
    unfinished.write_text(str(front.server_address[1]), encoding="ascii")
    unfinished.rename(folder / "port")
    front.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
