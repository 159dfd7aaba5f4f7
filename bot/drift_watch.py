"""What the schedule says of drift: each once, updated as it changes, and told when it is gone.

Pure: what is known is a value that goes into the store and comes back, the clock is an argument.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from checks.drift.model import Difference, Drift, Severity
from checks.output.drift import changed, side

LOUD = frozenset({Severity.CRITICAL, Severity.WARNING})
"""Cosmetic drift is shown to whoever asks, and told to nobody."""


class News(StrEnum):
    """What has become of an episode."""

    APPEARED = "appeared"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Member:
    """One difference of an episode, in words. `ended` says how it went: gone, or accepted by whom."""

    field: str
    declared: str
    terraform: str
    live: str
    severity: str
    effect: str
    changed: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """Differences that were first seen together; one message. `ended_at` once all of them have ended."""

    id: str
    environment: str
    since: datetime
    members: tuple[Member, ...]
    ended_at: datetime | None = None

    @property
    def open(self) -> tuple[Member, ...]:
        """What is still there."""
        return tuple(each for each in self.members if not each.ended)


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """The episodes of one environment that are not over, and how many there were (which makes their ids)."""

    environment: str
    episodes: tuple[Episode, ...] = ()
    number: int = field(default=0)

    def after(self, drift: Drift, now: datetime) -> tuple["DriftWatch", tuple[tuple[News, Episode], ...]]:
        """What is known after one more look, and what is to be said of it; nothing where nothing changed."""
        if not drift.compared:
            return self, ()  # nothing could be compared: all is as it was
        present: dict[str, Difference] = {}
        for each in drift.open:  # worst first: one field is told once
            present.setdefault(each.field, each)
        accepted = {
            each.field: f"accepted by {each.accepted.by}" for each in drift.differences if each.accepted
        }
        untold = [each.field for each in drift.unknown]
        news: list[tuple[News, Episode]] = []
        kept: list[Episode] = []
        for episode in self.episodes:
            looked = _looked(episode, present, accepted, untold, now)
            if looked != episode:
                news.append((News.GONE if looked.ended_at else News.CHANGED, looked))
            if looked.ended_at is None:
                kept.append(looked)
        known = {member.field for episode in kept for member in episode.members}
        fresh = [each for name, each in present.items() if each.severity in LOUD and name not in known]
        number = self.number
        if fresh:
            number += 1
            members = tuple(map(_member, fresh))
            begun = Episode(f"drift/{self.environment}/{number}", self.environment, now, members)
            kept.append(begun)
            news.append((News.APPEARED, begun))
        return replace(self, episodes=tuple(kept), number=number), tuple(news)


def _looked(
    episode: Episode,
    present: Mapping[str, Difference],
    accepted: Mapping[str, str],
    untold: Iterable[str],
    now: datetime,
) -> Episode:
    """An episode after a look. What could not be told is as it was: unknown does not mean gone."""
    unclear = tuple(untold)
    members = []
    for member in episode.members:
        if (difference := present.get(member.field)) is not None:
            members.append(_member(difference))
        elif member.ended or _covered(member.field, unclear):
            members.append(member)
        else:
            members.append(replace(member, ended=accepted.get(member.field, "gone")))
    over = all(each.ended for each in members)
    return replace(episode, members=tuple(members), ended_at=now if over else None)


def _covered(name: str, untold: Iterable[str]) -> bool:
    """Whether a field is among those that could not be told, itself or with all of its kind.

    What a template has besides its serving revisions is not told where those are not.
    """
    names = (name, name.replace(".template.", "."))
    return any(each == unknown or each.startswith(f"{unknown}.") for each in names for unknown in untold)


def _member(difference: Difference) -> Member:
    return Member(
        field=difference.field,
        declared=side(difference.declared),
        terraform=side(difference.terraform),
        live=side(difference.live),
        severity=difference.severity.value,
        effect=difference.effect,
        changed=changed(difference),
    )


# as the store keeps it


def to_document(watch: DriftWatch) -> dict[str, Any]:
    """The watch as JSON."""
    return {
        "number": watch.number,
        "episodes": [
            {
                "id": each.id,
                "since": each.since.isoformat(),
                "members": [
                    {name: getattr(member, name) for name in Member.__slots__} for member in each.members
                ],
            }
            for each in watch.episodes
        ],
    }


def from_document(environment: str, document: Mapping[str, Any]) -> DriftWatch:
    """The watch of a document that `to_document` made; a new one for an empty document."""
    episodes = tuple(
        Episode(
            each["id"],
            environment,
            datetime.fromisoformat(each["since"]),
            tuple(Member(**member) for member in each["members"]),
        )
        for each in document.get("episodes", [])
    )
    return DriftWatch(environment, episodes, document.get("number", 0))
