"""`views.*`: modals opened with a trigger, their stack, and the Home tab."""

from typing import Any

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.modals import check_view
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import View


async def open_(call: Invocation) -> JSON:
    """`views.open`: the bottom of a new stack."""
    view = _modal(call)
    modals = call.slack.modals
    trigger = modals.exchange(call.need("trigger_id", "invalid_trigger_id"))
    return _answer(call, modals.open(trigger.user, view))


async def push(call: Invocation) -> JSON:
    """`views.push`: on top of the open stack, at most three high."""
    view = _modal(call)
    modals = call.slack.modals
    trigger = modals.exchange(call.need("trigger_id", "invalid_trigger_id"))
    return _answer(call, modals.push(trigger.user, view))


async def update(call: Invocation) -> JSON:
    """`views.update` by `view_id` or `external_id`, guarded by `hash` where one is given."""
    fresh = _read(call)
    modals = call.slack.modals
    view = modals.find(call.arguments.get("view_id"), call.arguments.get("external_id"))
    _check_hash(call, view)
    if fresh.get("type") != view.body["type"]:
        raise SlackError("invalid_arguments")
    return _answer(call, modals.update(view, fresh))


async def publish(call: Invocation) -> JSON:
    """`views.publish`: one user's Home tab."""
    fresh = _read(call)
    user = str(call.need("user_id"))
    if user not in call.slack.workspace.users:
        raise SlackError("user_not_found")
    if fresh.get("type") != "home":
        raise SlackError("invalid_arguments")
    current = call.slack.workspace.homes.get(user)
    if current is not None:
        _check_hash(call, current)
    return _answer(call, call.slack.modals.publish(user, fresh))


def _read(call: Invocation) -> JSON:
    view: Any = call.need("view")
    problems = check_view(view, newer_blocks=call.slack.newer_blocks)
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    return dict(view)


def _modal(call: Invocation) -> JSON:
    view = _read(call)
    if view["type"] != "modal":
        raise SlackError("invalid_arguments")
    return view


def _check_hash(call: Invocation, view: View) -> None:
    expected = call.arguments.get("hash")
    if expected and expected != view.hash:
        raise SlackError("hash_conflict")


def _answer(call: Invocation, view: View) -> JSON:
    return {"view": call.slack.modals.document(view)}


METHODS = (
    Method("views.open", open_, tier=4),
    Method("views.push", push, tier=4),
    Method("views.update", update, tier=4),
    Method("views.publish", publish, tier=4),
)
