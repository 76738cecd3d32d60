from .audit import Action, ActorKind, AuditChainHead, AuditEvent, Outcome
from .links import Invitation, SetupToken
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

__all__ = [
    "Action",
    "Actor",
    "ActorKind",
    "ApiToken",
    "AuditChainHead",
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
    "User",
    "validate_time_zone",
]
