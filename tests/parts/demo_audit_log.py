"""Demo tokens, and audit events of every kind."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.accounts.audit.chain import seal_audit_log
from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.models import Action, ActorKind, ApiToken, AuditEvent, Outcome, Scope
from registry_ui.accounts.tokens import service
from tests.parts.error_texts import stored_error


def create_demo_tokens(team: Any, user: Any) -> ApiToken:
    """One robot, and tokens of the person in each of their states. The robot is answered."""
    soon, later = timezone.now() + timedelta(days=3), timezone.now() + timedelta(days=80)
    _own(
        user,
        "Laptop",
        Scope.ADMIN,
        None,
        later,
        last_used_at=timezone.now() - timedelta(hours=2),
        last_used_from="192.0.2.17",
    )
    _own(
        user,
        "ci of the shop",
        Scope.TRANSFER,
        team,
        soon,
        last_used_at=timezone.now() - timedelta(days=6),
        last_used_from="2001:db8::17",
    )
    _own(user, "old script", Scope.READ, None, later, expires_at=timezone.now() - timedelta(days=9))
    _own(user, "leaked", Scope.READ, None, later, revoked_at=timezone.now() - timedelta(days=2))
    robot, _secret = service.create_token(
        by=user,
        name="build server",
        scope=Scope.TRANSFER,
        team=team,
        expires_at=later,
        is_robot=True,
    )
    return robot


def _own(user: Any, name: str, scope: Scope, team: Any, until: Any, **values: Any) -> None:
    token, _secret = service.create_token(
        by=user, name=name, scope=scope, team=team, expires_at=until
    )
    ApiToken.objects.filter(pk=token.pk).update(**values)


def create_demo_events(
    team: Any, user: Any, registry: Any, credential: Any, transfers: dict[str, Any]
) -> None:
    """Create sealed events of today and of the days before."""
    with acting_as(Origin(ActorKind.PERSON, user=user, address="192.0.2.17")):
        record(Action.SIGNED_IN)
        record(
            Action.REGISTRY_ADDED, obj=registry, host=registry.host, connection=registry.security
        )
        record(Action.CREDENTIAL_ADDED, obj=credential, host=registry.host, push=True)
        record(
            Action.ACCESS_REFUSED,
            team=team,
            outcome=Outcome.REFUSED,
            name="accounts:administration",
            reason="This needs more rights.",
        )
    with acting_as(Origin(ActorKind.SYSTEM, user=user)):
        _transfer(
            Action.TRANSFER_SUCCEEDED,
            transfers["succeeded"],
            credential,
            Outcome.DONE,
            bytes=48_211_009,
        )
        _transfer(
            Action.TRANSFER_FAILED,
            transfers["failed"],
            credential,
            Outcome.FAILED,
            error=stored_error("The registry refused the login."),
        )
    with acting_as(
        Origin(
            ActorKind.TOKEN,
            user=user,
            address="2001:db8::17",
            token_name="ci of the shop (rui_1a2b…)",
        )
    ):
        _transfer(Action.TRANSFER_STARTED, transfers["queued"], credential, Outcome.DONE)
    yesterday = timezone.now() - timedelta(days=1)
    AuditEvent.objects.create(
        action=Action.INDEX_STARTED,
        actor_kind=ActorKind.COMMAND_LINE,
        team_key=team.pk,
        object_name="Old",
        at=yesterday,
    )
    seal_audit_log()


def _transfer(
    action: Action, transfer: Any, credential: Any, outcome: Outcome, **details: Any
) -> None:
    named = {"name": "shop/app:1.27.3", "kind": transfer.kind, "registry": "Company"}
    record(action, obj=transfer, credential=credential, outcome=outcome, **named, **details)
