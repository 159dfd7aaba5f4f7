"""What an execution prints, as Cloud Logging takes it from Cloud Run."""

import hashlib
import hmac
import json
from typing import Any

from google.cloud.logging_v2.types import LogEntry
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf import json_format, struct_pb2

from sandbox.cloud.calls import Caller
from sandbox.cloud.names import parse
from sandbox.cloud.project import Project, log_entry

LINE = 256 * 1024
"""Bytes of an entry, as cloud.google.com/logging/quotas has it; a longer line is cut."""


class JobLogs:
    """Turns an execution's lines into log entries; lines of JSON become `jsonPayload`.

    `held`: entries wait for `release`. `forged`: a key with which answers are signed anew, a lie in them.
    """

    def __init__(
        self, project: Project, job: str, execution: str, *, held: bool = False, forged: bytes | None = None
    ) -> None:
        self._project = project
        self._job = job
        self._execution = execution
        self._forged = forged
        self._waiting: list[LogEntry] = []
        self.held = held

    def write(self, line: str) -> None:
        """A line of standard output."""
        self._log("run.googleapis.com%2Fstdout", line)

    def warn(self, line: str) -> None:
        """A line of standard error."""
        self._log("run.googleapis.com%2Fstderr", line)

    def release(self) -> None:
        """Lets entries go that were held back, and those that follow."""
        self.held = False
        self._project.resources.log(*self._waiting)
        self._waiting.clear()

    def _log(self, log: str, line: str) -> None:
        if not line.strip():
            return
        entry = self._entry(log, line[:LINE])
        if self.held:
            self._waiting.append(entry)
        else:
            self._project.resources.log(entry)

    def _entry(self, log: str, line: str) -> LogEntry:
        monitored = self._project.monitored(
            "cloud_run_job", job_name=parse(self._job).id, location=parse(self._job).location
        )
        more: dict[str, Any] = {
            "labels": {
                "run.googleapis.com/execution_name": parse(self._execution).id,
                "run.googleapis.com/task_index": "0",
                "run.googleapis.com/task_attempt": "0",
            }
        }
        document = _object(line)
        if document is None:
            more["text_payload"] = line
        else:
            if self._forged is not None:
                forge(document, self._forged)
            more["severity"] = _severity(document.pop("severity", "DEFAULT"))
            more["json_payload"] = json_format.ParseDict(document, struct_pb2.Struct())
        return log_entry(self._project.log_name(log), monitored, Caller("").now(), **more)


def forge(document: dict[str, Any], key: bytes) -> None:
    """Makes an answer say that all is well, signed with a key of the forger's own."""
    answer = document.get("whybot")
    if not isinstance(answer, dict) or "signature" not in answer:
        return
    body = str(answer.get("body", ""))
    answer["body"] = body.replace('"fail"', '"pass"').replace('"degraded"', '"pass"')
    answer["signature"] = hmac.new(key, answer["body"].encode(), hashlib.sha256).hexdigest()


def _object(line: str) -> dict[str, Any] | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _severity(name: object) -> int:
    known: dict[str, int] = dict(LogSeverity.items())
    return known.get(str(name).upper(), 0)
