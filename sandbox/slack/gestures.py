"""What a person does in Slack: types a command, presses a button, submits a modal, says something,
opens the Home tab.

Each gesture checks what Slack's own client would check, tells the bot, and shows the person what
Slack would show when the bot does not answer.
"""

from typing import Any

from sandbox.slack import payloads
from sandbox.slack.delivery import Ack
from sandbox.slack.errors import JSON, GestureRefused, SlackError
from sandbox.slack.installation import Installation
from sandbox.slack.modals import check_view
from sandbox.slack.views import INITIAL, elements, missing_inputs, resolved, state_of
from sandbox.slack.workspace import BOT_USER, SLACKBOT, TEAM, Channel, Message, User, View

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack's client shows in a modal when a submission is not acknowledged or the answer is wrong."""


class Gestures:
    """A person's hands on the local Slack."""

    def __init__(self, slack: Installation) -> None:
        self._slack = slack

    async def command(self, user_id: str, channel_id: str, command: str, text: str) -> Ack:
        """Runs a slash command."""
        slack = self._slack
        user, channel = self._user(user_id), self._channel(channel_id, user_id)
        command = command if command.startswith("/") else f"/{command}"
        # People of another workspace cannot use this workspace's commands, not even in a shared channel.
        if command not in slack.commands or user.team_id != TEAM:
            raise GestureRefused("invalid_command", f"{command} is not a valid command.")
        trigger = slack.modals.trigger(user.id)
        response_url = slack.response_url(channel.id, user.id)
        payload = payloads.slash_command(user, channel, command, text, trigger, response_url)
        ack = await slack.delivery.send("slash_commands", payload)
        if not ack.ok:
            self._slackbot(channel, user, f'{command} failed with the error "{ack.error}"')
        elif ack.payload:
            self._command_answer(channel, user, command, ack.payload)
        return ack

    def _command_answer(self, channel: Channel, user: User, command: str, body: Any) -> None:
        try:
            self._slack.response_urls.acknowledged(channel.id, user.id, body)
        except SlackError as error:
            self._slackbot(channel, user, f'{command} failed with the error "{error.code}"')

    def _slackbot(self, channel: Channel, user: User, text: str) -> None:
        workspace = self._slack.workspace
        workspace.post(Message(workspace.next_ts(), channel.id, SLACKBOT, text, ephemeral_to=user.id))

    async def press(
        self, user_id: str, channel_id: str, ts: str, action_id: str, block_id: str | None, value: JSON
    ) -> Ack:
        """Uses an element of a message: presses a button, picks from a menu."""
        slack = self._slack
        user, channel = self._user(user_id), self._channel(channel_id, user_id)
        message = channel.messages.get(ts)
        if message is None or message.ephemeral_to not in (None, user_id):
            raise GestureRefused("message_not_found", "There is no such message.")
        block, element = _element(message.blocks, action_id, block_id)
        value = resolved(element, value)
        action = _action(block, element, value, slack.workspace.next_ts())
        trigger = slack.modals.trigger(user.id)
        response_url = slack.response_url(channel.id, user.id, source=ts)
        entered = {block["block_id"]: {element["action_id"]: value}} if element["type"] in INITIAL else {}
        state = state_of(message.blocks, entered)
        payload = payloads.message_action(
            slack.workspace, user, message, action, trigger, response_url, state
        )
        return await slack.delivery.send("interactive", payload)

    async def press_in_view(
        self, user_id: str, view_id: str, action_id: str, block_id: str | None, value: JSON
    ) -> Ack:
        """Uses an element of a modal or of the Home tab."""
        slack = self._slack
        user, view = self._user(user_id), self._view(user_id, view_id)
        block, element = _element(view.body["blocks"], action_id, block_id)
        value = resolved(element, value)
        action = _action(block, element, value, slack.workspace.next_ts())
        if element["type"] in INITIAL:
            view.values.setdefault(block["block_id"], {})[element["action_id"]] = {
                "type": element["type"],
                **value,
            }
        trigger = slack.modals.trigger(user.id)
        payload = payloads.view_action(user, view, action, trigger, slack.modals.document(view))
        return await slack.delivery.send("interactive", payload)

    async def submit(self, user_id: str, view_id: str, values: JSON) -> dict[str, str]:
        """Submits a modal. Gives errors by `block_id`; with the key `` for a trouble of the whole;
        empty when taken."""
        slack = self._slack
        user, view = self._user(user_id), self._view(user_id, view_id)
        for block_id, actions in values.items():
            for action_id, value in actions.items():
                _, element = _element(view.body["blocks"], action_id, block_id)
                view.values.setdefault(block_id, {})[action_id] = resolved(element, value)
        missing = missing_inputs(view.body["blocks"], slack.modals.state(view))
        if missing:
            return missing
        trigger = slack.modals.trigger(user.id)
        payload = payloads.view_submission(user, trigger, slack.modals.document(view))
        ack = await slack.delivery.send("interactive", payload)
        if not ack.ok:
            return {"": TROUBLE}
        return self._respond(view, ack.payload if isinstance(ack.payload, dict) else {})

    def _respond(self, view: View, answer: JSON) -> dict[str, str]:
        """Does what `response_action` says (docs.slack.dev/surfaces/modals#response_actions)."""
        modals = self._slack.modals
        action = answer.get("response_action")
        if action == "errors":
            return {str(key): str(text) for key, text in answer["errors"].items()}
        if action == "clear":
            modals.clear(view.user)
            return {}
        if action in ("update", "push"):
            try:
                if check_view(answer.get("view"), newer_blocks=self._slack.newer_blocks):
                    return {"": TROUBLE}
                if action == "update":
                    modals.update(view, answer["view"])
                else:
                    modals.push(view.user, answer["view"])
            except SlackError:
                return {"": TROUBLE}
            return {}
        if view.id in self._slack.workspace.views:
            modals.pop(view)
        return {}

    async def close(self, user_id: str, view_id: str, *, everything: bool = False) -> None:
        """Closes a modal with Cancel; with `everything`, the whole stack, as the cross in the corner does."""
        modals = self._slack.modals
        user, view = self._user(user_id), self._view(user_id, view_id)
        cleared = everything or bool(view.body.get("clear_on_close"))
        closed = [(each, modals.document(each)) for each in (self._stack(user_id) if cleared else [view])]
        if cleared:
            modals.clear(user_id)
        else:
            modals.pop(view)
        for each, document in closed:
            if each.body.get("notify_on_close"):
                await self._slack.delivery.send(
                    "interactive", payloads.view_closed(user, document, is_cleared=cleared)
                )

    def _stack(self, user_id: str) -> list[View]:
        return list(reversed(self._slack.workspace.modals.get(user_id, [])))

    def say(self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None) -> Message:
        """Says something in a channel or thread."""
        slack = self._slack
        user = self._user(user_id)
        channel = (
            slack.workspace.direct_channel(user.id)
            if channel_id == BOT_USER
            else self._channel(channel_id, user_id)
        )
        if thread_ts and thread_ts not in channel.messages:
            raise GestureRefused("thread_not_found", "There is no such thread.")
        message = Message(slack.workspace.next_ts(), channel.id, user.id, text, thread_ts=thread_ts)
        slack.workspace.post(message)
        slack.announce(message)
        return message

    def react(self, user_id: str, channel_id: str, ts: str, name: str) -> None:
        """Adds a reaction, or takes it back."""
        self._user(user_id)
        message = self._channel(channel_id, user_id).messages.get(ts)
        if message is None:
            raise GestureRefused("message_not_found", "There is no such message.")
        if user_id in message.reactions.get(name, []):
            self._slack.unreact(message, name, user_id)
        else:
            self._slack.react(message, name, user_id)

    def open_home(self, user_id: str) -> None:
        """Opens the Home tab of the app."""
        slack = self._slack
        user = self._user(user_id)
        view = slack.workspace.homes.get(user.id)
        channel = slack.workspace.direct_channel(user.id)
        event: JSON = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": channel.id,
            "tab": "home",
            "event_ts": slack.workspace.next_ts(),
        }
        if view is not None:
            event["view"] = slack.modals.document(view)
        slack.publish_event(event)

    def join(self, user_id: str, channel_id: str) -> None:
        """Joins a channel."""
        channel = self._slack.workspace.channels.get(channel_id)
        if channel is None or channel.is_im:
            raise GestureRefused("channel_not_found", "There is no such channel.")
        self._slack.join(channel, self._user(user_id).id)

    def _user(self, user_id: str) -> User:
        user = self._slack.workspace.users.get(user_id)
        if user is None:
            raise GestureRefused("user_not_found", f"There is no user {user_id}.")
        return user

    def _channel(self, channel_id: str, user_id: str) -> Channel:
        channel = self._slack.workspace.channels.get(channel_id)
        if channel is None:
            raise GestureRefused("channel_not_found", f"There is no channel {channel_id}.")
        if user_id not in channel.members:
            raise GestureRefused("not_in_channel", f"{user_id} is not in #{channel.name}.")
        return channel

    def _view(self, user_id: str, view_id: str) -> View:
        view = self._slack.workspace.views.get(view_id)
        if view is None or view.user != user_id:
            raise GestureRefused("view_not_found", "There is no such view open.")
        return view


def _element(blocks: list[JSON], action_id: str, block_id: str | None) -> tuple[JSON, JSON]:
    """The element that an action names. Without a `block_id` the first of that name."""
    for block, element in elements(blocks):
        if element.get("action_id") == action_id and block_id in (None, block["block_id"]):
            return block, element
    raise GestureRefused("action_not_found", f"Nothing with action_id {action_id!r} is shown there.")


def _action(block: JSON, element: JSON, value: JSON, ts: str) -> JSON:
    """One entry of `actions`: what was pressed, and what was chosen."""
    action: JSON = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    for name in ("text", "value", "style", "placeholder"):
        if name in element and not (name == "value" and "value" in value):
            action[name] = element[name]
    return action | value
