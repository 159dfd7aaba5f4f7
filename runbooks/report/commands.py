"""Commands that carry a remedy out, of declared names and of names that Google Cloud gives; never of a log.

A name that is not spelled as Google Cloud spells names makes no command.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbooks.report.case import Case, status_of
from runbooks.report.reading import Fields, fields, look, number, records, text

NAME = re.compile(r"[a-z0-9]([-a-z0-9:.]{0,126}[a-z0-9])?")
"""Names of projects, regions, services, revisions and connectors (RFC 1035, and `example.com:project`)."""
PROGRAMS = frozenset({"gcloud", "terraform", "whybot", "redis-cli", "psql", "dig", "curl"})
LEFT_OUT = "A command of the runbook was left out: it is not one plain command."
UNDECLARED = "The environment file declares no connector to repair it with: `network.connector`."
PINNED = "Traffic is pinned to it then: a later revision gets none before --to-latest unpins it."
NOWHERE = "The evidence names no revision to give the traffic to."
TAG = "whybot"
"""The tag by which a revision without traffic is asked; Cloud Run gives it an address of its own."""
ASKED_FIRST = (
    "The new revision takes no traffic yet: ask its health page at the address that the last command prints "
    "for the tag, and go on only if it answers."
)
PINNED_AS_BEFORE = "Traffic stays pinned, as it is: a later revision gets none before --to-latest unpins it."
NO_SERVICE = "The environment file names no project, region or Cloud Run service to put into a command."


@dataclass(frozen=True, slots=True)
class Commands:
    """Shell commands that do something, those that take it back, and what to mind, or why there are none.

    `then` are those that finish it, once a person has looked at what the first ones did.
    """

    do: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    note: str = ""


def commands(case: Case, action: str, written: tuple[str, ...]) -> Commands:
    """The commands of an action of ours; else those that the runbook wrote, if they are commands at all."""
    if action in ACTIONS:
        return ACTIONS[action](case)
    kept = tuple(command for command in written if is_command(command) or is_query(command))
    note = "" if len(kept) == len(written) else LEFT_OUT
    return Commands(kept, note=note)


def is_command(line: str) -> bool:
    """Whether a line is one plain command of a program that we know, with nothing for a shell to expand."""
    if any(each in line for each in ("`", "$", "\n", "\\")) or not line.isprintable():
        return False
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return False
    return bool(words) and words[0] in PROGRAMS and not any(set(word) <= set("();<>|&") for word in words)


def is_query(line: str) -> bool:
    """Whether a line is one query that reads."""
    return bool(re.fullmatch(r"SELECT [^;`\\]+", line)) and line.isprintable()


def _repair(case: Case) -> Commands:
    connector, egress = text(case.env.get("connector")), text(case.env.get("egress"))
    if not NAME.fullmatch(connector):
        return Commands(note=UNDECLARED)
    do, then, undo, pinned = [], [], [], False
    for key, service in _affected(case).items():
        live = fields(case.root("services")).get(key)
        flags = ["--vpc-connector", connector, *(["--vpc-egress", egress] if egress else [])]
        if text(look(_busiest(live), "network")) and not text(look(_busiest(live), "connector")):
            flags.append("--clear-network")
        do.append(_run("update", case, service, *flags, "--no-traffic", "--tag", TAG))
        do.append(_run("describe", case, service, "--format", "value(status.traffic)"))
        held = look(live, "pinned") is True
        to = ("--to-tags", f"{TAG}=100") if held else ("--to-latest",)
        then.append(_run("update-traffic", case, service, *to))
        undo += _back(case, service, live)
        undo.append(_run("update-traffic", case, service, "--remove-tags", TAG))
        pinned = pinned or held
    note = " ".join([ASKED_FIRST, *([PINNED_AS_BEFORE] if pinned else [])])
    return Commands(tuple(do), tuple(then), tuple(undo), note if do else NO_SERVICE)


def _rollback(case: Case) -> Commands:
    do, undo = [], []
    for key, service in _affected(case).items():
        live = fields(case.root("services")).get(key)
        to = text(look(live, "rollback", "name"))
        if NAME.fullmatch(to):
            do.append(_run("update-traffic", case, service, "--to-revisions", f"{to}=100"))
            undo += _back(case, service, live)
    return Commands(tuple(do), undo=tuple(undo), note=PINNED if do else NOWHERE)


def _unpin(case: Case) -> Commands:
    pinned = {
        key: service
        for key, service in _on_cloud_run(case).items()
        if look(fields(case.root("services")).get(key), "pinned") is True
    }
    do = [_run("update-traffic", case, service, "--to-latest") for service in pinned.values()]
    undo = [
        command
        for key, service in pinned.items()
        for command in _back(case, service, fields(case.root("services")).get(key))
    ]
    return Commands(tuple(do), undo=tuple(undo), note="" if do else NO_SERVICE)


ACTIONS: Mapping[str, Callable[[Case], Commands]] = {
    "repair-vpc-access": _repair,
    "rollback-traffic": _rollback,
    "unpin-traffic": _unpin,
}


def _affected(case: Case) -> dict[str, Fields]:
    """The services with a closed path; without any, those of which a check fails."""
    known = _on_cloud_run(case)
    keys = [text(path.get("service")) for path in case.closed]
    keys = keys or [text(check.get("service")) for check in case.checks if status_of(check) == "fail"]
    return {key: known[key] for key in known if key in keys}


def _on_cloud_run(case: Case) -> dict[str, Fields]:
    if not all(NAME.fullmatch(text(case.env.get(each))) for each in ("project", "region")):
        return {}
    return {
        key: service
        for key, service in case.services.items()
        if NAME.fullmatch(text(service.get("cloud_run")))
    }


def _busiest(live: object) -> Fields:
    serving = records(live.get("serving")) if isinstance(live, Mapping) else []
    return serving[0] if serving else {}


def _back(case: Case, service: Fields, live: object) -> list[str]:
    """What gives the traffic back to the revisions that serve now."""
    if not isinstance(live, Mapping):
        return []
    shares = [(text(each.get("name")), number(each.get("percent"))) for each in records(live.get("serving"))]
    now = [f"{name}={share:.0f}" for name, share in shares if share and NAME.fullmatch(name)]
    if not now:
        return []
    return [_run("update-traffic", case, service, "--to-revisions", ",".join(now))]


def _run(verb: str, case: Case, service: Fields, *flags: str) -> str:
    where = ("--project", text(case.env.get("project")), "--region", text(case.env.get("region")))
    return shlex.join(("gcloud", "run", "services", verb, text(service.get("cloud_run")), *where, *flags))
