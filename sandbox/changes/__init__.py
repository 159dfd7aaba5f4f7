"""Every kind of change of the configuration of Google Cloud, one family per file."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sandbox.changes.change import Change, ChangeFailedError
from sandbox.changes.deploy import Deploy, RemoveRevisions
from sandbox.changes.history import LogLines, PastRequests
from sandbox.changes.load import ChangeConnectorLoad, ChangeLoad
from sandbox.changes.network import AddFirewallRule, AddRoute, ChangeConnector, ChangePeering
from sandbox.changes.secrets import ChangeSecret
from sandbox.changes.stores import ChangeRedis, ChangeSql
from sandbox.changes.tests import AddTests
from sandbox.errors import UnknownNameError, WrongOptionError

__all__ = ["CHANGES", "Change", "ChangeFailedError", "read_change"]

CHANGES: tuple[type[Change], ...] = (
    Deploy,
    ChangeConnector,
    ChangePeering,
    AddRoute,
    AddFirewallRule,
    ChangeRedis,
    ChangeSql,
    ChangeSecret,
    ChangeLoad,
    ChangeConnectorLoad,
    RemoveRevisions,
    PastRequests,
    LogLines,
    AddTests,
)
BY_NAME: Mapping[str, type[Change]] = {kind.model_fields["change"].default: kind for kind in CHANGES}


def read_change(wish: Mapping[str, Any]) -> Change:
    """The change behind a wish; raises `UnknownNameError` for its name, `WrongOptionError` for a field."""
    name = str(wish.get("change", ""))
    if name not in BY_NAME:
        raise UnknownNameError("change", name, BY_NAME)
    try:
        return BY_NAME[name].model_validate(wish)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise WrongOptionError(f"change {name}, {where}: {first['msg']}") from error
