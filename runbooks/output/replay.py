"""A replay as the public document `whybot/replay/1`, and in words."""

from typing import Final, Literal

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from runbooks.kept import Kept
from runbooks.output.why import Moment, WhyDocument, document, moment
from runbooks.replay import Replay

SCHEMA: Final = "whybot/replay/1"
EXPLAINED: Final = {
    1: "exit code 1: the diagnosis is another one than was kept",
    2: "exit code 2: the bundle keeps no diagnosis to compare with",
}


class ReplayDocument(TypedDict):
    """A bundle, diagnosed again. `changes` are sentences, none where nothing changed.

    `compared` is false where the bundle keeps no diagnosis. `version` is that of the whybot that gathered the
    evidence, `gathered_at` when. A later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/replay/1"]
    environment: str
    digest: str
    gathered_at: Moment
    version: str
    compared: bool
    changes: list[str]
    why: WhyDocument


def replay_document(kept: Kept, replay: Replay) -> ReplayDocument:
    """The document; the same bundle and runbooks give the same."""
    return {
        "schema": SCHEMA,
        "environment": kept.environment,
        "digest": kept.digest,
        "gathered_at": moment(kept.bundle.at),
        "version": kept.bundle.version,
        "compared": replay.before is not None,
        "changes": list(replay.changes),
        "why": document(replay.diagnosis),
    }


def exit_code(replay: Replay) -> int:
    """0 the diagnosis is as it was kept, 1 it is another one, 2 none was kept."""
    if replay.before is None:
        return 2
    return 1 if replay.changes else 0


def sentences(kept: Kept, replay: Replay) -> list[str]:
    """What changed since the bundle was kept, a line each; the last explains an exit code that is not 0."""
    since = f"whybot {kept.bundle.version} gathered this at {kept.bundle.at:%Y-%m-%d %H:%M} UTC."
    if replay.before is None:
        told = [f"{since} It keeps no diagnosis to compare with."]
    elif replay.changes:
        told = [f"{since} What is different now:", *(f"  {change}" for change in replay.changes)]
    else:
        told = [f"{since} The diagnosis is the same."]
    explained = EXPLAINED.get(exit_code(replay))
    return [*told, explained] if explained else told
