"""Operations on registries."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import RestrictedError
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.providers.catalogue import BUILTIN, GENERAL, PROVIDERS

from .builtin_registry import builtin_registry_host
from .index_schedule import schedule_index
from .models import Health, Registry, Security
from .row_changes import as_form_error, log_change

# The fields that forms set; the others belong to the index and the health check.
REGISTRY_FIELDS = (
    "name",
    "host",
    "security",
    "ca_certificate",
    "token_hosts",
    "index_hours",
    "namespaces",
)
# The limits for mirrors. A missing value means no limit, or no change.
CAP_FIELDS = ("mirror_max_requests", "mirror_max_kib_per_second")


def create_default_registries(team: Team) -> None:
    """Add the registries that every team has: the default providers' and the built-in one."""
    for provider in PROVIDERS:
        if provider.is_default:
            Registry.objects.get_or_create(
                team=team,
                host=provider.host,
                defaults={"name": str(provider.title), "provider": provider.name},
            )
    add_builtin_registry(team)


def add_builtin_registry(team: Team) -> Registry:
    """Return the team's row of the built-in registry; add it, or update its host."""
    host = builtin_registry_host()
    values = {
        "name": str(BUILTIN.title),
        "provider": BUILTIN.name,
        "health": Health.HEALTHY,
        "security": _own_security(),
    }

    with transaction.atomic():
        rows = Registry.objects.filter(team=team)
        former = rows.builtin().exclude(host=host)
        if rows.filter(host=host).exists():
            # Somebody has added this address as an ordinary registry. A team has one row per host,
            # so that row becomes the built-in registry.
            former.update(provider=GENERAL.name)
            rows.external().filter(host=host).update(**values)
        else:
            former.update(host=host, security=_own_security())
        return Registry.objects.get_or_create(team=team, host=host, defaults=values)[0]


def _own_security() -> Security:
    return Security.VERIFY if settings.URL.startswith("https:") else Security.PLAIN_HTTP


@transaction.atomic
def add_registry(
    *, team: Team, user: User | None, provider: str, values: dict[str, Any]
) -> Registry:
    """Add a registry to the team and schedule its first indexing.

    Args:
        values: of `REGISTRY_FIELDS`, as a form has checked them.

    Raises:
        PermissionDenied: the person is no admin of the team.
        ValidationError: somebody else has just added the same host.
    """
    check_role(team, user, Role.ADMIN)
    columns = {
        **{name: values[name] for name in REGISTRY_FIELDS},
        **{name: values[name] for name in CAP_FIELDS if name in values},
    }
    registry = Registry(team=team, provider=provider, created_by=user, **columns)
    with as_form_error("host", _("The team has this registry already.")):
        registry.save(force_insert=True)
    schedule_index(registry)

    record(
        Action.REGISTRY_ADDED,
        user=user,
        obj=registry,
        host=registry.host,
        connection=registry.security,
    )
    log_change(user, "added the registry %s", registry.host)
    _log_plain_http(user, registry)
    return registry


@transaction.atomic
def change_registry(*, registry: Registry, user: User | None, values: dict[str, Any]) -> Registry:
    """Change the settings of a registry.

    Raises:
        PermissionDenied: the person is no admin of the team, or it is the built-in registry.
        ValidationError: the host would change while there are credentials for the current one; or
            the registry was removed.
    """
    check_role(registry.team, user, Role.ADMIN)
    locked = Registry.objects.select_for_update().filter(pk=registry.pk).first()
    if locked is None:
        raise ValidationError(_("The registry was removed meanwhile."))
    refuse_builtin_registry(locked)
    if values["host"] != locked.host and locked.credentials.exists():
        raise ValidationError({"host": bound_host_message()})

    was_encrypted, former_namespaces = locked.is_encrypted, locked.namespaces
    fields = [*REGISTRY_FIELDS, *(name for name in CAP_FIELDS if name in values)]
    changed = [name for name in fields if getattr(locked, name) != values[name]]
    for name in changed:
        setattr(locked, name, values[name])
    with as_form_error("host", _("The team has this registry already.")):
        locked.save(update_fields=changed)

    if locked.namespaces != former_namespaces:
        schedule_index(locked)

    record(
        Action.REGISTRY_CHANGED,
        user=user,
        obj=locked,
        host=locked.host,
        changed=changed,
        connection=locked.security,
    )
    log_change(user, "changed the registry %s", locked.host)
    # Logged at the change only, not at every later edit.
    if was_encrypted:
        _log_plain_http(user, locked)
    return locked


def refuse_builtin_registry(registry: Registry) -> None:
    """Refuse to edit the built-in registry, which the installation's settings define.

    Raises:
        PermissionDenied
    """
    if registry.is_builtin:
        raise PermissionDenied(
            _(
                "The built-in registry exists by itself: its address comes from the installation's "
                "settings, and it needs no login."
            )
        )


def bound_host_message() -> str:
    return _(
        "The host stays while there are credentials: a secret that was entered for one host is "
        "never sent to another."
    )


def remove_registry(*, registry: Registry, user: User | None) -> None:
    """Remove a registry with its credentials. Images and transfers keep its name as text.

    Raises:
        PermissionDenied: the person is no admin of the team, or it is the built-in registry.
        ValidationError: naming the mirrors that copy from it or to it.
    """
    check_role(registry.team, user, Role.ADMIN)
    refuse_builtin_registry(registry)

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
    # Mirrors refer to registries with RESTRICT.
    except RestrictedError as exc:
        names = ", ".join(sorted({f"“{mirror}”" for mirror in exc.restricted_objects}))
        raise ValidationError(
            _("%(name)s is in use: %(names)s. Change or remove what uses it first.")
            % {"name": registry.name, "names": names[:300]}
        ) from exc
    log_change(user, "removed the registry %s", registry.host)


def _log_plain_http(user: User | None, registry: Registry) -> None:
    if registry.security == Security.PLAIN_HTTP:
        log_change(user, "chose plain HTTP for %s: secrets travel in clear", registry.host)


def find_registry(team: Team, host: str) -> Registry | None:
    return Registry.objects.filter(team=team, host=host).first()
