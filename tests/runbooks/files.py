"""Runbook files for tests: a small one that is right, to change one thing of."""

from pathlib import Path
from textwrap import indent

CAUSE = """\
id: down
title: Cache down
when: "values(checks).exists(c, c.name == 'cache' && c.status == 'fail')"
because: "{{ checks.cache.title }} does not answer"
ruled_out: it answers
evidence: [checks.cache]
"""
HEAD = """\
schema: whybot/runbook/1
runbook: cache
title: Cache
asks: Why is the cache slow?
applies: "values(checks).exists(c, c.name == 'cache')"
"""


def listed(*causes: str) -> str:
    """`causes:` with these, each given as a mapping of its own."""
    items = (f"- {indent(cause, '  ').strip()}\n" for cause in causes)
    return f"causes:\n{indent(''.join(items), '  ')}"


def book(*causes: str, head: str = HEAD) -> str:
    """A runbook file with these causes, by default with one that is right."""
    return f"{head}{listed(*(causes or (CAUSE,)))}"


def changed(**fields: str | None) -> str:
    """The cause with some lines changed, added or, for None, left out."""
    lines = dict(line.split(": ", 1) for line in CAUSE.splitlines())
    lines |= {key: value for key, value in fields.items() if value is not None}
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if fields.get(key, "") is not None)


def write(folder: Path, **files: str) -> Path:
    """Writes files, by their names without `.yaml`."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
