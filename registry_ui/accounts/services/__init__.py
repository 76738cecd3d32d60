"""What is done with people and teams. The rest of the project imports from here."""

from .preferences import change_preferences
from .setup import (
    SETUP_TOKEN_AGE,
    SetupRefused,
    create_first_administrator,
    is_valid_setup_token,
    issue_setup_token,
    setup_is_open,
)
from .teams import create_team

__all__ = [
    "SETUP_TOKEN_AGE",
    "SetupRefused",
    "change_preferences",
    "create_first_administrator",
    "create_team",
    "is_valid_setup_token",
    "issue_setup_token",
    "setup_is_open",
]
