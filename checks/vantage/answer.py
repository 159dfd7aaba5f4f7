"""The lines in which the job answers, written there and believed here only where they are signed. Pure.

A line is an entry of Cloud Logging: `{"severity", "message", "whybot": {"request", "run", "sequence", "part",
"parts", "body", "signature"}}`. The signature binds request, nonce, run, sequence and body. `body` is JSON as
text, since Cloud Logging turns every number into a double. `run` tells a job that was started again
from the first one.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from checks.output.json import check_document, result_from_document
from checks.result import CheckResult
from checks.vantage.request import Request, canonical, is_signed, signature

MESSAGE: Final = "whybot answer"
LONGEST: Final = 100_000
"""Characters of a body in one line; Cloud Logging takes 256 KB an entry (quotas, "size of a LogEntry")."""
MOST_PARTS: Final = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """The job does not carry the request out. `code` is for programs, `message` for people."""

    code: str
    message: str


class Writer:
    """Writes the lines of one run of one request; `write` takes a line without its end."""

    def __init__(self, request: Request, key: str, write: Callable[[str], None]) -> None:
        self._request = request
        self._key = key
        self._write = write
        self._run = secrets.token_hex(4)
        self._sequence = 0
        self._results = 0

    def begun(self) -> None:
        """The container runs: what came before was its cold start."""
        self._say({"type": "begun"})

    def result(self, result: CheckResult) -> None:
        """One check has answered."""
        self._results += 1
        self._say({"type": "result", "check": check_document(result)})

    def end(self) -> None:
        """All have answered."""
        self._say({"type": "end", "count": self._results})

    def refused(self, code: str, message: str) -> None:
        """Nothing is run."""
        self._say({"type": "refused", "code": code, "message": message})

    def _say(self, document: Mapping[str, Any]) -> None:
        body = canonical(document)
        pieces = [body[start : start + LONGEST] for start in range(0, len(body), LONGEST)]
        for part, piece in enumerate(pieces):
            self._write(self._line(part, len(pieces), piece))
        self._sequence += 1

    def _line(self, part: int, parts: int, piece: str) -> str:
        place = (self._run, self._sequence, part, parts)
        told = {
            "request": self._request.id,
            "run": self._run,
            "sequence": self._sequence,
            "part": part,
            "parts": parts,
            "body": piece,
            "signature": signature(self._key, "answer", self._request.id, self._request.nonce, *place, piece),
        }
        return canonical({"severity": "INFO", "message": MESSAGE, "whybot": told})


@dataclass(slots=True)
class Reader:
    """Takes the entries of the log in any order and as often as they are read.

    `results` come once each, by the name of the check: the first one counts. `ended` is the number of
    results that the job says it sent.
    """

    request: Request
    key: str
    begun: bool = False
    ended: int | None = None
    refusal: Refusal | None = None
    forged: int = 0
    unreadable: int = 0
    results: dict[str, CheckResult] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _pieces: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every check that was asked for has answered."""
        return len(self.results) == len(self.request.checks)

    def take(self, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> list[CheckResult]:
        """Reads entries, each with its id in the log; returns the results that are new."""
        known = set(self.results)
        for id_, payload in entries:
            if id_ not in self._seen:
                self._seen.add(id_)
                self._line(payload)
        return [result for name, result in self.results.items() if name not in known]

    def _line(self, payload: Mapping[str, Any]) -> None:
        told = payload.get("whybot")
        if not isinstance(told, Mapping) or told.get("request") != self.request.id:
            return  # a line of the container that is no answer, or the answer to another request
        line = self._verified(told)
        if line is None:
            self.forged += 1
            return
        run, sequence, part, parts, piece = line
        pieces = self._pieces.setdefault((run, sequence), {})
        if part in pieces or len(pieces) == parts:
            return  # repeated
        pieces[part] = piece
        if len(pieces) == parts:
            self._body("".join(pieces[place] for place in sorted(pieces)))

    def _verified(self, told: Mapping[str, Any]) -> tuple[str, int, int, int, str] | None:
        """The parts of a line that this whybot's job signed for this request; None for any other."""
        try:
            run, piece, signed = str(told["run"]), str(told["body"]), str(told["signature"])
            sequence, part, parts = (int(told[name]) for name in ("sequence", "part", "parts"))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        place = (run, sequence, part, parts)
        if not is_signed(signed, self.key, "answer", self.request.id, self.request.nonce, *place, piece):
            return None
        return (*place, piece) if 0 <= part < parts <= MOST_PARTS else None

    def _body(self, body: str) -> None:
        """What a job of this key says; one of another version may say what is not understood."""
        try:
            document = json.loads(body)
            match document["type"]:
                case "begun":
                    self.begun = True
                case "result":
                    self._result(result_from_document(document["check"]))
                case "end":
                    self.ended = int(document["count"])
                case "refused":
                    self.refusal = Refusal(str(document["code"]), str(document["message"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            self.unreadable += 1

    def _result(self, result: CheckResult) -> None:
        if result.name in self.request.checks:
            self.results.setdefault(result.name, result)
