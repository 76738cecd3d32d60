"""Services for people and teams. Other packages import them from here."""

from .invitations import accept, accept_as_new_person, invite, open_invitation, revoke_invitation
from .memberships import add_member, change_role, is_last_admin, remove_member
from .people import activate_person, deactivate_person, set_administrator
from .preferences import change_preferences
from .refusals import InvitationGone, LastAdmin, Refused
from .setup import (
    SETUP_TOKEN_AGE,
    SetupRefused,
    create_first_administrator,
    is_valid_setup_token,
    issue_setup_token,
    setup_is_open,
)
from .teams import create_team, remove_team, rename_team

__all__ = [
    "SETUP_TOKEN_AGE",
    "InvitationGone",
    "LastAdmin",
    "Refused",
    "SetupRefused",
    "accept",
    "accept_as_new_person",
    "activate_person",
    "add_member",
    "change_preferences",
    "change_role",
    "create_first_administrator",
    "create_team",
    "deactivate_person",
    "invite",
    "is_last_admin",
    "is_valid_setup_token",
    "issue_setup_token",
    "open_invitation",
    "remove_member",
    "remove_team",
    "rename_team",
    "revoke_invitation",
    "set_administrator",
    "setup_is_open",
]
