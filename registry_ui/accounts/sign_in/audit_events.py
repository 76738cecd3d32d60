"""Audit events of sign-in: receivers of Django's and allauth's signals.

No text that was typed into a form is recorded.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social_signals
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth import signals as auth_signals
from django.http import HttpRequest

from ..audit import log
from ..models import Action, Outcome, User


def connect() -> None:
    receivers = (
        (auth_signals.user_logged_in, _signed_in),
        (auth_signals.user_logged_out, _signed_out),
        (auth_signals.user_login_failed, _refused),
        (account_signals.password_changed, _password_changed),
        (account_signals.password_set, _password_changed),
        (account_signals.password_reset, _password_changed),
        (factor_signals.authenticator_added, _factor_added),
        (factor_signals.authenticator_reset, _factor_added),
        (factor_signals.authenticator_removed, _factor_removed),
        (factor_signals.authentication_failed, _factor_refused),
        (social_signals.social_account_added, _linked),
    )

    # With an id, so that a second call of `connect` adds nothing.
    for signal, receiver in receivers:
        signal.connect(receiver, dispatch_uid=f"accounts.recording.{receiver.__name__}")


def _signed_in(sender: Any, user: User, request: HttpRequest | None = None, **_: Any) -> None:
    methods = []
    if request is not None:
        methods = [_method(record) for record in get_authentication_records(request, user)]
    log.record(Action.SIGNED_IN, user=user, obj=user, methods=methods)


def _method(record: dict[str, Any]) -> str:
    names = {"socialaccount": "single sign-on", "mfa": str(record.get("type", ""))}
    return names.get(record["method"], str(record["method"]))


def _signed_out(sender: Any, user: User | None = None, **_: Any) -> None:
    if user is not None:
        log.record(Action.SIGNED_OUT, user=user, obj=user)


def _refused(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """Record a failed password, with the account where it exists.

    The typed name itself is not recorded: people also type their password into that field.
    """
    login = str(credentials.get("username") or credentials.get("email") or "")
    person = get_user_by_username(login) if login else None
    if person is None and credentials.get("email"):
        person = next(iter(filter_users_by_email(str(credentials["email"]), for_login=True)), None)

    log.record(Action.SIGN_IN_REFUSED, obj=person, outcome=Outcome.REFUSED, method="password")


def _factor_refused(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    log.record(
        Action.SIGN_IN_REFUSED, obj=user, outcome=Outcome.REFUSED, method=str(authenticator.type)
    )


def record_sso_refused(request: HttpRequest, reason: str) -> None:
    """Record a refused single sign-on; the caller knows the reason, allauth's signals do not."""
    person = request.user if isinstance(request.user, User) else None
    log.record(
        Action.SIGN_IN_REFUSED,
        obj=person,
        outcome=Outcome.REFUSED,
        method="single sign-on",
        reason=reason,
    )


def _password_changed(sender: Any, user: User, **_: Any) -> None:
    log.record(Action.PASSWORD_CHANGED, user=user, obj=user)


def _factor_added(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    log.record(Action.SECOND_FACTOR_ADDED, user=user, obj=user, factor=str(authenticator.type))


def _factor_removed(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    log.record(Action.SECOND_FACTOR_REMOVED, user=user, obj=user, factor=str(authenticator.type))


def _linked(sender: Any, sociallogin: SocialLogin, **_: Any) -> None:
    if isinstance(sociallogin.user, User):
        log.record(Action.IDENTITY_LINKED, user=sociallogin.user, obj=sociallogin.user)


def record_unlinked(user: User, identity: SocialAccount) -> None:
    log.record(Action.IDENTITY_UNLINKED, user=user, obj=user, provider=identity.provider)
