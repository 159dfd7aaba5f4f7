"""`users.*` and `usergroups.*`."""

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import TEAM, Usergroup, created_at


async def users_info(call: Invocation) -> JSON:
    """`users.info`; outsiders come with `is_stranger` and their own team."""
    user = call.slack.workspace.users.get(str(call.need("user", "user_not_found")))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.document()}


async def users_list(call: Invocation) -> JSON:
    """`users.list`: members of this workspace."""
    users = [user for user in call.slack.workspace.users.values() if user.team_id == TEAM]
    return {"members": [user.document() for user in users], "response_metadata": {"next_cursor": ""}}


async def usergroups_list(call: Invocation) -> JSON:
    """`usergroups.list`."""
    with_users = call.flag("include_users")
    groups = [_group(group, with_users) for group in call.slack.workspace.usergroups.values()]
    return {"usergroups": groups}


def _group(group: Usergroup, with_users: bool) -> JSON:
    document: JSON = {
        "id": group.id,
        "team_id": TEAM,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": created_at(),
        "date_delete": 0,
        "user_count": len(group.users),
    }
    return document | ({"users": group.users} if with_users else {})


async def usergroups_users_list(call: Invocation) -> JSON:
    """`usergroups.users.list`."""
    group = call.slack.workspace.usergroups.get(str(call.need("usergroup")))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": group.users}


METHODS = (
    Method("users.info", users_info, ("users:read",), tier=4),
    Method("users.list", users_list, ("users:read",), tier=2),
    Method("usergroups.list", usergroups_list, ("usergroups:read",), tier=2),
    Method("usergroups.users.list", usergroups_users_list, ("usergroups:read",), tier=2),
)
