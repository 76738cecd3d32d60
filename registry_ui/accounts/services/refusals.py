"""Refusals of permitted requests. The message says why, and what to do instead."""


class Refused(Exception):
    """The root of this tree of exceptions."""


class LastAdmin(Refused):
    """A change that would leave a team, or the installation, without an active admin."""


class InvitationGone(Refused):
    """An invitation that is unknown, used, expired or revoked; the visitor learns only that."""
