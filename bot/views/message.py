"""What a view function gives: a message or a view, each with its classic form."""

from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]
Blocks = list[Block]

NEWER = frozenset({"table", "data_visualization", "plan", "task_card", "markdown"})
"""Blocks that a workspace may not have yet; it then answers `invalid_blocks`."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message for Slack.

    `text` carries the whole result, since notifications, screen readers and search see nothing else. It is
    at most 4,000 characters, the most that `chat.update` takes. `fallback_blocks` says the same as `blocks`
    without any of `NEWER`.
    """

    text: str
    blocks: Blocks
    fallback_blocks: Blocks

    @property
    def newer(self) -> frozenset[str]:
        """The newer kinds of block that `blocks` uses; empty where no fallback is needed."""
        return frozenset(block["type"] for block in self.blocks) & NEWER


@dataclass(frozen=True, slots=True)
class View:
    """A modal or Home tab for `views.open`, `views.update` or `views.publish`, and its classic form."""

    view: dict[str, Any]
    fallback: dict[str, Any]
