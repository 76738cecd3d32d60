"""What is asked for and may be asked for, and yet is not done. The sentence says why, and what to do instead."""


class Refused(Exception):
    """Root of them."""


class LastAdmin(Refused):
    """A team, or the installation, would be left without anybody who may administer it."""


class InvitationGone(Refused):
    """No open invitation: unknown, used, expired or revoked. Who holds the link learns only that."""
