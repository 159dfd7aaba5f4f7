"""A file of Terraform that cannot be read, in words."""

from checks.observations import Blind
from checks.reasons import Reason


class TerraformUnreadable(Exception):  # noqa: N818 - says what happened to a file; it is no error of whybot
    """A file is missing, malformed, of a newer version or of another kind. `blind.message` names it."""

    def __init__(self, blind: Blind | str) -> None:
        self.blind = Blind(Reason.FILE_UNREADABLE, blind) if isinstance(blind, str) else blind
        super().__init__(self.blind.message)
