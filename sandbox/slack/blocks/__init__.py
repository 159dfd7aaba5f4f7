"""Block Kit validation: rejects what Slack would reject, with Slack's messages.

Limits are those of docs.slack.dev/reference/block-kit. Anything that Slack documents and this
validator does not know (video, file, workflow buttons) is refused: whybot has no use for it.
"""

import secrets
from typing import Any

from sandbox.slack.blocks.inspector import Inspector
from sandbox.slack.blocks.layout import CLASSIC
from sandbox.slack.blocks.newer import NEWER
from sandbox.slack.errors import JSON

MESSAGE, MODAL, HOME = "message", "modal", "home"
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
_EVERYWHERE = frozenset({"actions", "context", "divider", "header", "image", "input", "rich_text", "section"})
ON_SURFACE = {
    MESSAGE: _EVERYWHERE | {"markdown", "table", "plan", "task_card", "data_visualization"},
    MODAL: _EVERYWHERE,
    HOME: _EVERYWHERE | {"table", "data_visualization"},
}
TEXT_BUDGET = 13_350
BLOCK_COST = 50
"""`msg_blocks_too_long` has an unpublished limit on all text of a message together. Measurements
that people reported (slackapi/bolt-js issues 2509 and 2867) fit 13 350 characters with each block
costing about 50."""


def message_problems(blocks: Any, *, newer_blocks: bool = True) -> list[str]:
    """What Slack would say against a message's blocks; empty when it would take them."""
    return _problems(blocks, Inspector(MESSAGE, newer_blocks), "/blocks", MESSAGE_BLOCKS)


def too_long(blocks: list[JSON]) -> bool:
    """True where Slack would answer `msg_blocks_too_long`."""
    return sum(map(_text_length, blocks)) + BLOCK_COST * len(blocks) > TEXT_BUDGET


def view_problems(view: Any, *, newer_blocks: bool = True) -> list[str]:
    """What Slack would say against a view (docs.slack.dev/reference/views)."""
    if not isinstance(view, dict):
        return ["must provide an object [json-pointer:/view]"]
    surface = view.get("type")
    inspector = Inspector(str(surface), newer_blocks)
    if surface not in (MODAL, HOME):
        inspector.complain(f"unsupported type: {surface}", "/view/type")
        return inspector.problems
    common = {"callback_id", "private_metadata", "external_id"}
    if surface == MODAL:
        extra = {"close", "submit", "clear_on_close", "notify_on_close", "submit_disabled"}
        inspector.fields(view, "/view", common | extra, {"title", "blocks"})
    else:
        inspector.fields(view, "/view", common | {"title", "close", "submit"}, {"blocks"})
    inspector.string(view, "private_metadata", "/view", most=3000)
    inspector.string(view, "callback_id", "/view", most=255)
    inspector.string(view, "external_id", "/view", most=255)
    for name in ("title", "close", "submit"):
        inspector.text(view, name, "/view", most=24)
    _problems(view.get("blocks"), inspector, "/view/blocks", VIEW_BLOCKS)
    _needs_submit(inspector, view)
    return inspector.problems


def _needs_submit(inspector: Inspector, view: JSON) -> None:
    """A modal with an input block cannot do without a submit button."""
    blocks = view.get("blocks")
    inputs = isinstance(blocks, list) and any(
        isinstance(b, dict) and b.get("type") == "input" for b in blocks
    )
    if view["type"] == MODAL and inputs and view.get("submit") is None:
        inspector.complain("missing required field: submit", "/view")


def _problems(blocks: Any, inspector: Inspector, at: str, most: int) -> list[str]:
    if blocks is None:
        return inspector.problems
    if not isinstance(blocks, list):
        inspector.complain("must provide an array", at)
        return inspector.problems
    if len(blocks) > most:
        inspector.complain(f"no more than {most} items allowed", at)
    for index, block in enumerate(blocks):
        _block(inspector, block, f"{at}/{index}")
    return inspector.problems


def _block(inspector: Inspector, block: Any, at: str) -> None:
    if not isinstance(block, dict):
        inspector.complain("must provide an object", at)
        return
    kind = str(block.get("type"))
    known = CLASSIC | (NEWER if inspector.newer_blocks else {})
    if kind not in known or kind not in ON_SURFACE[inspector.surface]:
        inspector.complain(f"unsupported type: {kind}", f"{at}/type")
        return
    inspector.string(block, "block_id", at, most=255, least=1)
    if isinstance(block.get("block_id"), str):
        inspector.unique(block["block_id"], inspector.block_ids, "block_id", f"{at}/block_id")
    inspector.action_ids.clear()  # unique within the containing block only
    known[kind](inspector, block, at)


def _text_length(node: Any) -> int:
    if isinstance(node, dict):
        own = len(node["text"]) if isinstance(node.get("text"), str) else 0
        return own + sum(_text_length(value) for value in node.values() if isinstance(value, dict | list))
    if isinstance(node, list):
        return sum(map(_text_length, node))
    return 0


def with_ids(blocks: list[JSON]) -> list[JSON]:
    """Blocks as Slack stores them: missing `block_id`s and `action_id`s are made up."""
    return [_with_ids(block) for block in blocks]


def _with_ids(block: JSON) -> JSON:
    filled = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
    for name in ("accessory", "element"):
        if isinstance(filled.get(name), dict):
            filled[name] = _with_action_id(filled[name])
    if filled["type"] == "actions":
        filled["elements"] = [_with_action_id(element) for element in filled["elements"]]
    return filled


def _with_action_id(element: JSON) -> JSON:
    if element.get("type") == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}
