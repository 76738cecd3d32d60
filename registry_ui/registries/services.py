"""What people and the command line do with registries and credentials. The rest of the project imports from here."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record

from .checking import check_login
from .choosing import (
    AmbiguousCredential,
    CredentialUnfit,
    candidates_for,
    credential_for,
    registry_for,
    why_unfit,
)
from .clients import egress_policy, endpoint_of, engine_login, open_client
from .connection import ConnectionReport, Stage, check_connection, check_overdue
from .granting import change_grant, revoke_grant, share_credential
from .importing import ImportResult, free_label, import_docker_config
from .indexing.scheduling import look_soon
from .lending import lost_share, name_for
from .models import Credential, Health, Registry, Security
from .providers import Provider, facts_of
from .this_server import this_host

__all__ = [
    "AmbiguousCredential",
    "ConnectionReport",
    "CredentialUnfit",
    "ImportResult",
    "Stage",
    "add_credential",
    "add_registry",
    "add_this_server",
    "candidates_for",
    "change_credential",
    "change_grant",
    "change_registry",
    "check_connection",
    "check_login",
    "check_overdue",
    "create_default_registries",
    "credential_for",
    "egress_policy",
    "endpoint_of",
    "engine_login",
    "import_docker_config",
    "lost_share",
    "name_for",
    "open_client",
    "refuse_this_server",
    "registry_for",
    "remove_credential",
    "remove_registry",
    "revoke_grant",
    "rotate_credential",
    "share_credential",
    "why_unfit",
]

logger = logging.getLogger(__name__)

REGISTRY_FIELDS = (
    "name",
    "host",
    "security",
    "ca_certificate",
    "token_hosts",
    "index_hours",
    "namespaces",
)
# What mirrors may take of it: left out, there is no cap, or it stays as it is.
CAP_FIELDS = ("most_requests", "most_kib_per_second")
CREDENTIAL_FIELDS = ("label", "username", "repository_pattern", "can_push", "expires_at")


def create_default_registries(team: Team) -> None:
    """Docker Hub, which every short name implies, and this server."""
    hub = facts_of(Provider.DOCKER_HUB)
    Registry.objects.get_or_create(
        team=team, host=hub.host, defaults={"name": hub.title, "provider": hub.provider}
    )
    add_this_server(team)


def add_this_server(team: Team) -> Registry:
    """The row that stands for this installation, at the host that it has now. What it was called before is brought along."""
    host, facts = this_host(), facts_of(Provider.THIS)
    values = {
        "name": facts.title,
        "provider": Provider.THIS,
        "health": Health.HEALTHY,
        "security": _own_security(),
    }
    with transaction.atomic():
        rows = Registry.objects.filter(team=team)
        former = rows.filter(provider=Provider.THIS).exclude(host=host)
        if rows.filter(host=host).exists():
            # Somebody has added this very address before.
            former.update(provider=Provider.PRIVATE)
            rows.filter(host=host).exclude(provider=Provider.THIS).update(**values)
        else:
            former.update(host=host, security=_own_security())
        return Registry.objects.get_or_create(team=team, host=host, defaults=values)[0]


def _own_security() -> Security:
    return Security.VERIFY if settings.URL.startswith("https:") else Security.PLAIN_HTTP


@transaction.atomic
def add_registry(
    *, team: Team, user: User | None, provider: str, values: dict[str, Any]
) -> Registry:
    """
    Args:
        values: of `REGISTRY_FIELDS`, as a form has checked them.

    Raises:
        ValidationError: somebody else has just added the same host.
    """
    given = {
        **{name: values[name] for name in REGISTRY_FIELDS},
        **{name: values[name] for name in CAP_FIELDS if name in values},
    }
    registry = Registry(team=team, provider=provider, created_by=user, **given)
    with _taken("host", _("The team has this registry already.")):
        registry.save(force_insert=True)
    look_soon(registry)
    record(
        Action.REGISTRY_ADDED,
        user=user,
        obj=registry,
        host=registry.host,
        connection=registry.security,
    )
    _log(user, "added the registry %s", registry.host)
    _log_plain_http(user, registry)
    return registry


@transaction.atomic
def change_registry(*, registry: Registry, user: User | None, values: dict[str, Any]) -> Registry:
    """
    Raises:
        ValidationError: the host would change under credentials that were entered for the present one; or it is gone.
    """
    kept = Registry.objects.select_for_update().filter(pk=registry.pk).first()
    if kept is None:
        raise ValidationError(_("The registry was removed meanwhile."))
    refuse_this_server(kept)
    if values["host"] != kept.host and kept.credentials.exists():
        raise ValidationError({"host": host_is_bound()})
    was_encrypted, was_listed = kept.is_encrypted, kept.namespaces
    fields = [*REGISTRY_FIELDS, *(name for name in CAP_FIELDS if name in values)]
    changed = [name for name in fields if getattr(kept, name) != values[name]]
    for name in changed:
        setattr(kept, name, values[name])
    with _taken("host", _("The team has this registry already.")):
        kept.save(update_fields=changed)
    if kept.namespaces != was_listed:
        look_soon(kept)
    record(
        Action.REGISTRY_CHANGED,
        user=user,
        obj=kept,
        host=kept.host,
        changed=changed,
        connection=kept.security,
    )
    _log(user, "changed the registry %s", kept.host)
    if was_encrypted:
        _log_plain_http(user, kept)
    return kept


def refuse_this_server(registry: Registry) -> None:
    """
    Raises:
        PermissionDenied: it is this server, which is as its settings say.
    """
    if registry.is_this_server:
        raise PermissionDenied(
            _(
                "This server is there by itself: its address comes from the installation's settings, and it needs no login."
            )
        )


def host_is_bound() -> str:
    return _(
        "The host stays while there are credentials: a secret that was entered for one host is never sent to another."
    )


def remove_registry(*, registry: Registry, user: User | None) -> None:
    """The registry and its credentials. Images and transfers keep its name as text.

    Raises:
        PermissionDenied: it is this server.
        ValidationError: naming the mirrors that copy from it or to it.
    """
    refuse_this_server(registry)
    try:
        with transaction.atomic():
            record(
                Action.REGISTRY_REMOVED,
                user=user,
                obj=registry,
                host=registry.host,
                credentials=registry.credentials.count(),
            )
            registry.delete()
    except RestrictedError as exc:
        names = ", ".join(sorted({f"“{each}”" for each in exc.restricted_objects}))
        raise ValidationError(
            _("%(name)s is in use: %(names)s. Change or remove what uses it first.")
            % {"name": registry.name, "names": names[:300]}
        ) from exc
    _log(user, "removed the registry %s", registry.host)


@transaction.atomic
def add_credential(
    *,
    registry: Registry,
    user: User | None,
    values: dict[str, Any],
    secret: str,
    is_verified: bool = False,
) -> Credential:
    """
    Args:
        values: of `CREDENTIAL_FIELDS`, as a form has checked them.
        is_verified: a real login with exactly these values has just succeeded.

    Raises:
        ValidationError: the registry has another host by now, or is gone.
    """
    kept = _locked_at_same_host(registry)
    values = {**values, "label": values["label"] or free_label(kept, values["username"])}
    credential = Credential(
        team=kept.team,
        registry=kept,
        created_by=user,
        **{name: values[name] for name in CREDENTIAL_FIELDS},
    )
    credential.set_secret(secret)
    with _taken("label", _("This registry has a credential with that label already.")):
        credential.save(force_insert=True)
    if is_verified:
        credential.mark_verified()
    look_soon(kept)
    record(
        Action.CREDENTIAL_ADDED, user=user, obj=credential, host=kept.host, push=credential.can_push
    )
    _log(user, "added a credential for %s", kept.host)
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
    """An empty secret keeps the stored one.

    Raises:
        ValidationError: the registry has another host by now, or one of the two is gone.
    """
    kept = Credential.objects.select_for_update().filter(pk=credential.pk).first()
    if kept is None:
        raise ValidationError(_("The credential was removed meanwhile."))
    kept.registry = _locked_at_same_host(credential.registry)
    is_same_login = not secret and values["username"] == kept.username
    differing = [name for name in CREDENTIAL_FIELDS if getattr(kept, name) != values[name]]
    for name in CREDENTIAL_FIELDS:
        setattr(kept, name, values[name])
    kept.label = kept.label or kept.username[:100]
    changed = [*CREDENTIAL_FIELDS]
    if secret:
        kept.set_secret(secret)
        changed += ["secret_ciphertext", "secret_changed_at"]
    if not is_same_login:
        kept.verified_at, kept.verify_error = None, ""
        changed += ["verified_at", "verify_error"]
    with _taken("label", _("This registry has a credential with that label already.")):
        kept.save(update_fields=changed)
    if is_verified:
        kept.mark_verified()
    record(
        Action.CREDENTIAL_CHANGED,
        user=user,
        obj=kept,
        host=kept.registry.host,
        changed=differing,
        new_secret=bool(secret),
    )
    _log(user, "changed a credential for %s", kept.registry.host)
    return kept


@transaction.atomic
def rotate_credential(
    *,
    credential: Credential,
    user: User | None,
    secret: str,
    expires_at: datetime | None,
    is_verified: bool,
) -> Credential:
    """A new secret in the old one's place. What runs goes on with the one that it began with; what waits begins with the new one.

    Args:
        is_verified: a real login with it has just succeeded.

    Raises:
        ValidationError: the registry has another host by now, or one of the two is gone.
    """
    kept = Credential.objects.select_for_update().filter(pk=credential.pk).first()
    if kept is None:
        raise ValidationError(_("The credential was removed meanwhile."))
    kept.registry = _locked_at_same_host(credential.registry)
    kept.set_secret(secret)
    kept.expires_at, kept.verified_at, kept.verify_error = expires_at, None, ""
    kept.save(
        update_fields=[
            "secret_ciphertext",
            "secret_changed_at",
            "expires_at",
            "verified_at",
            "verify_error",
        ]
    )
    if is_verified:
        kept.mark_verified()
    record(Action.CREDENTIAL_ROTATED, user=user, obj=kept, credential=kept, tested=is_verified)
    look_soon(kept.registry)
    _log(user, "entered a new secret for %s", kept.registry.host)
    return kept


@transaction.atomic
def remove_credential(*, credential: Credential, user: User | None) -> None:
    record(Action.CREDENTIAL_REMOVED, user=user, obj=credential, host=credential.registry.host)
    _log(user, "removed a credential for %s", credential.registry.host)
    credential.delete()


@contextlib.contextmanager
def _taken(field: str, message: str) -> Iterator[None]:
    """What a form has checked may be taken by the time it is written."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        raise ValidationError({field: message}) from exc


def _locked_at_same_host(registry: Registry) -> Registry:
    """The registry as it is now; its host is the one that the person saw."""
    kept = Registry.objects.select_for_update().filter(pk=registry.pk).first()
    if kept is None or kept.host != registry.host:
        raise ValidationError(
            _("The registry was changed meanwhile. Check its host and enter the secret again.")
        )
    return kept


def _log_plain_http(user: User | None, registry: Registry) -> None:
    if registry.security == Security.PLAIN_HTTP:
        _log(user, "chose plain HTTP for %s: secrets travel in clear", registry.host)


def _log(user: User | None, what: str, *arguments: str) -> None:
    logger.info("%s " + what, user.get_username() if user else "The command line", *arguments)
