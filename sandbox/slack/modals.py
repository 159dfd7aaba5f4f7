"""Modals and Home tabs: triggers, the stack of a user's modals, hashes."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import blocks as block_kit
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.payloads import view_document
from sandbox.slack.views import state_of
from sandbox.slack.workspace import View, Workspace

TRIGGER_SECONDS = 3.0
MOST_VIEWS = 3
MOST_VIEW_BYTES = 250_000


@dataclass(frozen=True)
class Trigger:
    """The right to open one modal, for three seconds after a user did something."""

    id: str
    user: str
    expires: float


def check_view(view: Any, *, newer_blocks: bool) -> list[str]:
    """What Slack says against a view; raises `view_too_large` for one of more than 250 kB."""
    problems = block_kit.view_problems(view, newer_blocks=newer_blocks)
    if not problems and len(json.dumps(view)) > MOST_VIEW_BYTES:
        raise SlackError("view_too_large")
    return problems


@dataclass
class Modals:
    """Opens, stacks, updates and closes views of a workspace."""

    workspace: Workspace
    clock: Callable[[], float] = time.monotonic
    trigger_seconds: float = TRIGGER_SECONDS
    _triggers: dict[str, Trigger] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def trigger(self, user: str) -> str:
        """A new `trigger_id` for what the user just did."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(trigger_id, user, self.clock() + self.trigger_seconds)
        return trigger_id

    def exchange(self, trigger_id: Any) -> Trigger:
        """Uses a trigger; each works once, and only in time."""
        if trigger_id in self._used:
            raise SlackError("exchanged_trigger_id")
        trigger = self._triggers.get(str(trigger_id))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if self.clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        self._used.add(trigger.id)
        return trigger

    def open(self, user: str, body: JSON) -> View:
        """A new stack with one view; an older stack of the user goes."""
        self._check_external_id(body)
        self.clear(user)
        view = self._new(user, body)
        self.workspace.modals[user] = [view]
        self._tell(view)
        return view

    def push(self, user: str, body: JSON) -> View:
        """One more view on top of the stack."""
        stack = self.workspace.modals.get(user) or []
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MOST_VIEWS:
            raise SlackError("push_limit_reached")
        self._check_external_id(body)
        view = self._new(user, body)
        view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._tell(view)
        return view

    def update(self, view: View, body: JSON) -> View:
        """New contents of an open view; what the user entered stays where the inputs stay."""
        view.body = self._body(body)
        view.hash = self._hash()
        self._tell(view)
        return view

    def publish(self, user: str, body: JSON) -> View:
        """The user's Home tab, as a whole."""
        current = self.workspace.homes.get(user)
        if current is not None:
            return self.update(current, body)
        view = self._new(user, body)
        self.workspace.homes[user] = view
        self._tell(view)
        return view

    def find(self, view_id: Any, external_id: Any = None) -> View:
        """An open view by either id; `not_found`, as Slack answers for a view that was closed."""
        for view in self.workspace.views.values():
            if view_id and view.id == view_id:
                return view
            if not view_id and external_id and view.body.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def pop(self, view: View) -> None:
        """Closes a view and everything above it."""
        stack = self.workspace.modals.get(view.user, [])
        while stack and stack[-1] is not view:
            self.workspace.views.pop(stack.pop().id, None)
        if stack:
            stack.pop()
        self.workspace.views.pop(view.id, None)
        self._tell(view)

    def clear(self, user: str) -> list[View]:
        """Closes the whole stack of a user; gives the closed views, top first."""
        stack = list(reversed(self.workspace.modals.pop(user, [])))
        for view in stack:
            self.workspace.views.pop(view.id, None)
        if stack:
            self._tell(stack[0])
        return stack

    def state(self, view: View) -> JSON:
        """`state.values` of a view."""
        return state_of(view.body["blocks"], view.values)

    def document(self, view: View) -> JSON:
        """The view as Slack gives it."""
        return view_document(view, self.state(view))

    def _new(self, user: str, body: JSON) -> View:
        view_id = f"V{secrets.token_hex(5).upper()}"
        view = View(view_id, user, self._body(body), self._hash(), root_id=view_id)
        self.workspace.views[view_id] = view
        return view

    def _check_external_id(self, body: JSON) -> None:
        external_id = body.get("external_id")
        if external_id and any(
            v.body.get("external_id") == external_id for v in self.workspace.views.values()
        ):
            raise SlackError("duplicate_external_id")

    @staticmethod
    def _body(body: JSON) -> JSON:
        return {**body, "blocks": block_kit.with_ids(body.get("blocks") or [])}

    @staticmethod
    def _hash() -> str:
        return f"{int(time.time())}.{secrets.token_hex(4)}"

    def _tell(self, view: View) -> None:
        self.workspace.tell("view", user=view.user)
