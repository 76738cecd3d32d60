from .audit import Action, ActorKind, AuditChainHead, AuditEvent, Outcome
from .links import Invitation, SetupToken
from .people import (
    Actor,
    Density,
    Membership,
    Role,
    StartPage,
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
    "Membership",
    "Outcome",
    "Role",
    "Scope",
    "SetupToken",
    "StartPage",
    "Team",
    "TeamOwnedQuerySet",
    "TeamQuerySet",
    "Theme",
    "User",
    "validate_time_zone",
]
