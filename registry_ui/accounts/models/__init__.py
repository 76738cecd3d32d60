from .entry import Invitation, SetupToken
from .people import (
    Actor,
    Density,
    Landing,
    Membership,
    Role,
    Team,
    TeamOwnedQuerySet,
    TeamQuerySet,
    Theme,
    User,
    validate_time_zone,
)
from .tokens import ApiToken, Scope
from .trail import Action, ActorKind, AuditEvent, Outcome, TrailHead

__all__ = [
    "Action",
    "Actor",
    "ActorKind",
    "ApiToken",
    "AuditEvent",
    "Density",
    "Invitation",
    "Landing",
    "Membership",
    "Outcome",
    "Role",
    "Scope",
    "SetupToken",
    "Team",
    "TeamOwnedQuerySet",
    "TeamQuerySet",
    "Theme",
    "TrailHead",
    "User",
    "validate_time_zone",
]
