"""Creation, change and removal of mirrors."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User, validate_time_zone
from registry_ui.accounts.permissions import check_role
from registry_ui.catalog.indexing.index_services import repository_name
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import select_credential
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from ..models import Mirror
from ..patterns import MAX_PATTERN_LENGTH, is_glob
from ..repository_naming import Naming
from ..run_queue import MIRROR_RUNS
from ..schedule import MAX_JITTER_SECONDS, check_cron, next_run
from ..selection import Selection

MIRROR_FIELDS = (
    "name",
    "source_registry",
    "source_credential",
    "target_registry",
    "target_credential",
    "repositories",
    "naming",
    "selection",
    "platforms",
    "referrers",
    "conflict_policy",
    "delete_extras",
    "delete_cap",
    "verify",
    "schedule",
    "time_zone",
    "jitter_seconds",
    "notification_policy",
)
_MAX_REPOSITORIES = 1000


class MirrorInvalid(OciError, ValueError):
    """An invalid mirror; `field` is the column at fault."""

    def __init__(self, field: str, code: str, /, **parameters: Any) -> None:
        super().__init__(code, **parameters)
        self.field = field


def create_mirror(*, team: Team, user: User | None, values: dict[str, Any]) -> Mirror:
    """Create a mirror.

    Args:
        values: some of `MIRROR_FIELDS`; the others have their defaults.

    Raises:
        MirrorInvalid: its `field` is the column at fault.
        PermissionDenied
    """
    mirror = Mirror(
        team=team,
        created_by=user,
        **{name: values[name] for name in MIRROR_FIELDS if name in values},
    )
    check_role(team, user, required_role(mirror))
    check_mirror(mirror)

    # The next time follows from the checked schedule.
    mirror.next_run_at = next_run(mirror, after=timezone.now())
    _save(mirror, force_insert=True)
    record(
        Action.MIRROR_CREATED,
        user=user,
        obj=mirror,
        source=mirror.source_registry.host,
        target=mirror.target_host,
    )

    return mirror


def change_mirror(*, mirror: Mirror, user: User | None, values: dict[str, Any]) -> Mirror:
    """Change a mirror.

    Args:
        values: some of `MIRROR_FIELDS`; the others stay.

    Raises:
        MirrorInvalid, PermissionDenied
    """
    # Both before and after: an operator may neither enable the deletion of tags nor change a mirror
    # that has it.
    check_role(mirror.team, user, required_role(mirror))

    # A new time is computed only if the schedule changed: saving must not skip a due run.
    previous_schedule = _schedule_fields(mirror)
    for name in MIRROR_FIELDS:
        if name in values:
            setattr(mirror, name, values[name])

    check_role(mirror.team, user, required_role(mirror))
    check_mirror(mirror)
    if _schedule_fields(mirror) != previous_schedule:
        mirror.next_run_at = next_run(mirror, after=timezone.now())

    _save(mirror)
    # The drift of the old selection says nothing about the new one.
    mirror.pairs.all().delete()
    record(
        Action.MIRROR_CHANGED,
        user=user,
        obj=mirror,
        source=mirror.source_registry.host,
        target=mirror.target_host,
    )

    return mirror


def remove_mirror(*, mirror: Mirror, user: User | None) -> None:
    """Remove a mirror and its runs; copied images stay. An active run is cancelled.

    Raises:
        PermissionDenied
    """
    check_role(mirror.team, user, required_role(mirror))

    # The worker would otherwise continue until its next write fails.
    for run in mirror.runs.active():
        MIRROR_RUNS.cancel(run)

    record(
        Action.MIRROR_REMOVED,
        user=user,
        obj=mirror,
        source=mirror.source_registry.host,
        target=mirror.target_host,
    )
    mirror.delete()


def _schedule_fields(mirror: Mirror) -> tuple[str, str, int]:
    return mirror.schedule, mirror.time_zone, mirror.jitter_seconds


def required_role(mirror: Mirror) -> Role:
    """Return the role to edit a mirror: admin where it deletes tags, as for a deletion."""
    return Role.ADMIN if mirror.delete_extras else Role.OPERATOR


def check_mirror(mirror: Mirror) -> None:
    """Normalize the columns of a mirror.

    Raises:
        MirrorInvalid
    """
    _check_registries(mirror)
    mirror.name = mirror.name.strip()
    if not mirror.name:
        raise MirrorInvalid("name", "mirror_without_name")

    mirror.repositories = _normalize_repositories(mirror.source_registry, mirror.repositories)
    mirror.selection = _normalize(mirror, "selection", Selection)
    mirror.naming = _normalize(mirror, "naming", Naming)
    mirror.platforms = _normalize_platforms(mirror.platforms)
    _check_schedule(mirror)
    _check_names(mirror)

    # A removed credential leaves NULL, which must not mean "none needed".
    mirror.needs_source_credential = mirror.source_credential is not None
    mirror.needs_target_credential = mirror.target_credential is not None


def _check_registries(mirror: Mirror) -> None:
    for name, registry in (
        ("source_registry", mirror.source_registry),
        ("target_registry", mirror.target_registry),
    ):
        if registry is not None and registry.team_id != mirror.team_id:
            raise MirrorInvalid(name, "mirror_registry_foreign")
    if mirror.target_registry is None and mirror.target_credential is not None:
        raise MirrorInvalid("target_credential", "mirror_local_credential")


def _normalize_repositories(registry: Registry, texts: Any) -> list[str]:
    if (
        not isinstance(texts, list)
        or not all(isinstance(text, str) for text in texts)
        or len(texts) > _MAX_REPOSITORIES
    ):
        raise MirrorInvalid("repositories", "mirror_repositories_invalid", most=_MAX_REPOSITORIES)

    # Blank lines of the form are ignored.
    names = [_normalize_repository(registry, text.strip()) for text in texts if text.strip()]
    if not names:
        raise MirrorInvalid("repositories", "mirror_without_repository")

    return list(dict.fromkeys(names))


def _normalize_repository(registry: Registry, text: str) -> str:
    if is_glob(text):
        if len(text) > MAX_PATTERN_LENGTH:
            raise MirrorInvalid("repositories", "mirror_repository_too_long", text=text[:40])
        return text
    try:
        return repository_name(registry, text)
    except OciError as exc:
        raise MirrorInvalid("repositories", exc.code, **exc.parameters) from exc


def _normalize(mirror: Mirror, field: str, kind: type[Selection] | type[Naming]) -> dict[str, Any]:
    try:
        return kind.parse(getattr(mirror, field) or {}).document()
    except OciError as exc:
        raise MirrorInvalid(field, exc.code, **exc.parameters) from exc


def _normalize_platforms(texts: Any) -> list[str]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MirrorInvalid("platforms", "mirror_platforms_invalid")
    try:
        return list(dict.fromkeys(str(Platform.parse(text)) for text in texts if text.strip()))
    except OciError as exc:
        raise MirrorInvalid("platforms", exc.code, **exc.parameters) from exc


def _check_schedule(mirror: Mirror) -> None:
    try:
        mirror.schedule = check_cron(mirror.schedule) if mirror.schedule else ""
        validate_time_zone(mirror.time_zone)
    except OciError as exc:
        raise MirrorInvalid("schedule", exc.code, **exc.parameters) from exc
    except ValidationError as exc:
        raise MirrorInvalid("time_zone", "time_zone_unknown", name=mirror.time_zone[:60]) from exc

    if not 0 <= mirror.jitter_seconds <= MAX_JITTER_SECONDS:
        raise MirrorInvalid(
            "jitter_seconds",
            _("The jitter is at most %(hours)d hours.") % {"hours": MAX_JITTER_SECONDS // 3600},
        )


def _check_names(mirror: Mirror) -> None:
    """Check names and credentials as far as possible without a request."""
    literal = [name for name in mirror.repositories if not is_glob(name)]
    host = mirror.source_registry.host
    try:
        targets = Naming.parse(mirror.naming).target_names(literal, host=host)
    except InvalidReference as exc:
        raise MirrorInvalid("naming", exc.code, **exc.parameters) from exc

    # Globs cannot be checked here; the run checks each repository again.
    for source, target in targets.items():
        if mirror.target_registry_id == mirror.source_registry_id and source == target:
            raise MirrorInvalid("naming", "mirror_copies_to_itself", name=source)

        check_credential(
            mirror,
            "source_credential",
            mirror.source_registry,
            mirror.source_credential,
            source,
            push=False,
        )

        if mirror.target_registry is not None:
            check_credential(
                mirror,
                "target_credential",
                mirror.target_registry,
                mirror.target_credential,
                target,
                push=True,
            )

    # No name is known yet for globs; the run checks each of them.
    if not literal:
        check_credential(
            mirror,
            "source_credential",
            mirror.source_registry,
            mirror.source_credential,
            "",
            push=False,
        )


def check_credential(
    mirror: Mirror,
    field: str,
    registry: Registry,
    credential: Credential | None,
    repository: str,
    *,
    push: bool,
) -> None:
    """Check that a selected credential covers a repository.

    Raises:
        MirrorInvalid: it is for another registry, or does not allow this.
    """
    if credential is None:
        return
    try:
        # A glob has no name yet, so the credential's own pattern stands for one.
        reference = Reference(registry.host, repository or credential.repository_pattern or "any")
        select_credential(team=mirror.team, reference=reference, push=push, selected=credential)
    except OciError as exc:
        raise MirrorInvalid(field, exc.code, **exc.parameters) from exc


def _save(mirror: Mirror, *, force_insert: bool = False) -> None:
    try:
        # A savepoint: on PostgreSQL a failed INSERT would break the outer transaction.
        with transaction.atomic():
            mirror.save(force_insert=force_insert)
    except IntegrityError as exc:
        raise MirrorInvalid("name", "mirror_name_taken") from exc
