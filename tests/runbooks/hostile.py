"""Runs runbooks that mean harm, each in a process with little memory and time, and says how that ended.

As a program: reads `[folder, …]` as JSON, writes one JSON object for each folder. The modules are read once,
then each folder gets a fork of its own.
"""

import json
import os
import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbooks.engine import reason
from runbooks.lint import lint
from runbooks.output.why import document
from runbooks.reader import RunbookError, load_library, read_library
from runbooks.values import CITE, Value

MEMORY = 1_500_000_000  # bytes of address space, most of which are the modules
SECONDS = 40  # of one processor
NOBODY = 65534
AT = datetime(2025, 9, 15, 1, 52, tzinfo=UTC)


def record(name: str) -> Mapping[str, Value]:
    """One check, with a message that looks like a template."""
    message = f"{{{{ 7 * 7 }}}} {{% for x in y %}} {'a' * 4_000}!"
    cite = {"id": name, "text": message, "source": "test", "at": AT, "url": ""}
    return {"name": name, "title": name, "status": "fail", "kind": "redis", "message": message, CITE: cite}


def facts() -> Mapping[str, Value]:
    """Much evidence, so that going through it costs."""
    checks = {f"c{number}": record(f"c{number}") for number in range(300)}
    empty = {"logs": {}, "services": {}, "paths": (), "changes": (), "history": ()}
    return {"env": {"name": "staging", "services": {}}, "checks": checks, **empty}


def tried(folder: Path) -> dict[str, Any]:
    """What loading, linting and asking the runbooks of a folder came to."""
    try:
        library = load_library(folder)
    except RunbookError as error:
        return {"refused": str(error).replace(f"{folder}/", "")}
    findings = lint(read_library(folder))
    known = facts()
    mine = [each.id for each in library.runbooks if Path(each.file).parent == folder]
    asked = [reason(library, known, AT, runbook=name).diagnosis for name in [None, *mine]]
    said = [json.dumps(document(each), ensure_ascii=False) for each in asked]
    return {"findings": [each.found for each in findings], "said": said[-1], "longest": max(map(len, said))}


def alone(folder: Path) -> dict[str, Any]:
    """As `tried`, in a fork within limits; a crash and the end by a limit are told too."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        try:
            outcome = tried(folder)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the test looks for
            outcome = {"crashed": f"{type(error).__name__}: {error}"[:500]}
        with os.fdopen(writing, "w") as pipe:
            json.dump(outcome, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        written = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(written) if written else {"ended": os.waitstatus_to_exitcode(status)}


if __name__ == "__main__":
    tried(
        Path(__file__).parent
    )  # reads our own library and all modules, which a fork without rights could not
    for each in json.load(sys.stdin):
        sys.stdout.write(json.dumps(alone(Path(each))) + "\n")
        sys.stdout.flush()
