"""Operations on credentials. Other apps import them from `services`."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.permissions import check_role
from registry_ui.registries.index_schedule import schedule_index
from registry_ui.registries.models import Registry
from registry_ui.registries.row_changes import as_form_error, log_change

from .docker_config_import import unused_label
from .models import Credential

# The fields that forms set; `set_secret` alone writes the secret.
CREDENTIAL_FIELDS = ("label", "username", "repository_pattern", "can_push", "expires_at")


@transaction.atomic
def add_credential(
    *,
    registry: Registry,
    user: User | None,
    values: dict[str, Any],
    secret: str,
    is_verified: bool = False,
) -> Credential:
    """Add a credential to a registry and schedule indexing with it.

    Args:
        values: of `CREDENTIAL_FIELDS`, as a form has checked them.
        is_verified: a real login with exactly these values has just succeeded.

    Raises:
        PermissionDenied: the person is no admin of the registry's team.
        ValidationError: the registry's host was changed, or the registry was removed.
    """
    check_role(registry.team, user, Role.ADMIN)
    locked = _lock_at_same_host(registry)
    values = {**values, "label": values["label"] or unused_label(locked, values["username"])}
    credential = Credential(
        team=locked.team,
        registry=locked,
        created_by=user,
        **{name: values[name] for name in CREDENTIAL_FIELDS},
    )
    # The key exists before the row, so the secret can be bound to it.
    credential.set_secret(secret)
    # The form has looked for the label, but another request may have taken it since.
    with as_form_error("label", _("This registry has a credential with that label already.")):
        credential.save(force_insert=True)
    if is_verified:
        credential.mark_verified()
    # The credential may be allowed to read more repositories than those known so far.
    schedule_index(locked)

    record(
        Action.CREDENTIAL_ADDED,
        user=user,
        obj=credential,
        host=locked.host,
        push=credential.can_push,
    )
    log_change(user, "added a credential for %s", locked.host)
    return credential


@transaction.atomic
def change_credential(
    *,
    credential: Credential,
    user: User | None,
    values: dict[str, Any],
    secret: str = "",
    is_verified: bool = False,
) -> Credential:
    """Change a credential. An empty secret keeps the stored one.

    Raises:
        PermissionDenied: the person is no admin of the credential's team.
        ValidationError: the registry's host was changed, or one of the two was removed.
    """
    check_role(credential.team, user, Role.ADMIN)
    locked = Credential.objects.select_for_update().filter(pk=credential.pk).first()
    if locked is None:
        raise ValidationError(_("The credential was removed meanwhile."))
    locked.registry = _lock_at_same_host(credential.registry)
    is_same_login = not secret and values["username"] == locked.username
    # Compared first: the loop overwrites the row's values.
    differing = [name for name in CREDENTIAL_FIELDS if getattr(locked, name) != values[name]]
    for name in CREDENTIAL_FIELDS:
        setattr(locked, name, values[name])
    # The label may be left empty; it defaults to the username.
    locked.label = locked.label or locked.username[:100]
    changed = [*CREDENTIAL_FIELDS]
    if secret:
        locked.set_secret(secret)
        changed += ["secret_ciphertext", "secret_changed_at"]
    # The result of the former test says nothing about another login.
    if not is_same_login:
        locked.verified_at, locked.verify_error = None, None
        changed += ["verified_at", "verify_error"]
    with as_form_error("label", _("This registry has a credential with that label already.")):
        locked.save(update_fields=changed)
    if is_verified:
        locked.mark_verified()

    record(
        Action.CREDENTIAL_CHANGED,
        user=user,
        obj=locked,
        host=locked.registry.host,
        changed=differing,
        new_secret=bool(secret),
    )
    log_change(user, "changed a credential for %s", locked.registry.host)
    return locked


@transaction.atomic
def rotate_credential(
    *,
    credential: Credential,
    user: User | None,
    secret: str,
    expires_at: datetime | None,
    is_verified: bool,
) -> Credential:
    """Replace the secret of a credential. Running jobs go on with the former one.

    Args:
        is_verified: a real login with it has just succeeded.

    Raises:
        PermissionDenied: the person is no admin of the credential's team.
        ValidationError: the registry's host was changed, or one of the two was removed.
    """
    check_role(credential.team, user, Role.ADMIN)
    locked = Credential.objects.select_for_update().filter(pk=credential.pk).first()
    if locked is None:
        raise ValidationError(_("The credential was removed meanwhile."))
    locked.registry = _lock_at_same_host(credential.registry)

    locked.set_secret(secret)
    locked.expires_at, locked.verified_at, locked.verify_error = expires_at, None, None
    locked.save(
        update_fields=[
            "secret_ciphertext",
            "secret_changed_at",
            "expires_at",
            "verified_at",
            "verify_error",
        ]
    )
    if is_verified:
        locked.mark_verified()
    record(Action.CREDENTIAL_ROTATED, user=user, obj=locked, credential=locked, tested=is_verified)
    # The new secret may be allowed to read more repositories.
    schedule_index(locked.registry)
    log_change(user, "entered a new secret for %s", locked.registry.host)
    return locked


@transaction.atomic
def remove_credential(*, credential: Credential, user: User | None) -> None:
    """Remove a credential.

    Raises:
        PermissionDenied: the person is no admin of the credential's team.
    """
    check_role(credential.team, user, Role.ADMIN)
    # Recorded first: the event needs the row's key and label.
    record(Action.CREDENTIAL_REMOVED, user=user, obj=credential, host=credential.registry.host)
    log_change(user, "removed a credential for %s", credential.registry.host)
    credential.delete()


def _lock_at_same_host(registry: Registry) -> Registry:
    """Lock the registry's row; refuse if its host was changed since the user saw it."""
    # A secret that was typed for one host must never be sent to another.
    locked = Registry.objects.select_for_update().filter(pk=registry.pk).first()
    if locked is None or locked.host != registry.host:
        raise ValidationError(
            _("The registry was changed meanwhile. Check its host and enter the secret again.")
        )
    return locked
