"""The verbs on a mirror itself: make, change, remove."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, Team, User, validate_time_zone
from registry_ui.accounts.trail import record
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference
from registry_ui.registries.indexing.services import repository_name
from registry_ui.registries.models import Credential, Registry
from registry_ui.registries.services import credential_for

from ..models import Mirror
from ..services.rows import need_role
from .naming import Naming
from .patterns import LONGEST_PATTERN, is_glob
from .queueing import MIRROR_RUNS
from .schedule import LONGEST_JITTER, check_cron, next_run
from .selection import Selection

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
    "existing",
    "delete_extras",
    "delete_cap",
    "verify",
    "schedule",
    "time_zone",
    "jitter_seconds",
    "notify",
)
_MOST_REPOSITORIES = 1000


class MirrorInvalid(OciError, ValueError):
    """A rule that cannot be; `field` is the column at fault."""

    def __init__(self, field: str, message: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.field = field


def create_mirror(*, team: Team, user: User | None, values: dict[str, Any]) -> Mirror:
    """
    Args:
        values: some of `MIRROR_FIELDS`; the others have their defaults.

    Raises:
        MirrorInvalid: naming the column at fault.
        PermissionDenied
    """
    mirror = Mirror(
        team=team,
        created_by=user,
        **{name: values[name] for name in MIRROR_FIELDS if name in values},
    )
    need_role(team, user, wanted_role(mirror))
    check_mirror(mirror)
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
    """
    Raises:
        MirrorInvalid, PermissionDenied
    """
    need_role(mirror.team, user, wanted_role(mirror))
    planned = _timing(mirror)
    for name in MIRROR_FIELDS:
        if name in values:
            setattr(mirror, name, values[name])
    need_role(mirror.team, user, wanted_role(mirror))
    check_mirror(mirror)
    if _timing(mirror) != planned:
        mirror.next_run_at = next_run(mirror, after=timezone.now())
    _save(mirror)
    # What was found under the old rule says nothing of the new one.
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
    """The rule and its runs; what it has copied stays. A run that is at work is stopped.

    Raises:
        PermissionDenied
    """
    need_role(mirror.team, user, wanted_role(mirror))
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


def _timing(mirror: Mirror) -> tuple[str, str, int]:
    return mirror.schedule, mirror.time_zone, mirror.jitter_seconds


def wanted_role(mirror: Mirror) -> Role:
    """Whoever makes or changes a rule that deletes tags is an admin, as for a deletion by hand."""
    return Role.ADMIN if mirror.delete_extras else Role.OPERATOR


def check_mirror(mirror: Mirror) -> None:
    """Bring it to its kept form.

    Raises:
        MirrorInvalid
    """
    _check_ends(mirror)
    mirror.name = mirror.name.strip()
    if not mirror.name:
        raise MirrorInvalid("name", _("The mirror has no name."))
    mirror.repositories = _repositories(mirror.source_registry, mirror.repositories)
    mirror.selection = _kept(mirror, "selection", Selection)
    mirror.naming = _kept(mirror, "naming", Naming)
    mirror.platforms = _platforms(mirror.platforms)
    _check_schedule(mirror)
    _check_names(mirror)
    mirror.needs_source_credential = mirror.source_credential is not None
    mirror.needs_target_credential = mirror.target_credential is not None


def _check_ends(mirror: Mirror) -> None:
    for name, registry in (
        ("source_registry", mirror.source_registry),
        ("target_registry", mirror.target_registry),
    ):
        if registry is not None and registry.team_id != mirror.team_id:
            raise MirrorInvalid(name, _("This registry is not one of the team's."))
    if mirror.target_registry is None and mirror.target_credential is not None:
        raise MirrorInvalid("target_credential", _("The local store needs no credential."))


def _repositories(registry: Registry, texts: Any) -> list[str]:
    if (
        not isinstance(texts, list)
        or not all(isinstance(text, str) for text in texts)
        or len(texts) > _MOST_REPOSITORIES
    ):
        raise MirrorInvalid(
            "repositories",
            _("The repositories are a list of at most %(most)d names.")
            % {"most": _MOST_REPOSITORIES},
        )
    names = [_repository(registry, text.strip()) for text in texts if text.strip()]
    if not names:
        raise MirrorInvalid(
            "repositories",
            _("No repository is named."),
            _("Write a name such as library/nginx, or a glob such as team/*."),
        )
    return list(dict.fromkeys(names))


def _repository(registry: Registry, text: str) -> str:
    if is_glob(text):
        if len(text) > LONGEST_PATTERN:
            raise MirrorInvalid("repositories", _("“%(text)s…” is too long.") % {"text": text[:40]})
        return text
    try:
        return repository_name(registry, text)
    except OciError as exc:
        raise MirrorInvalid("repositories", exc.message, exc.advice) from exc


def _kept(mirror: Mirror, field: str, kind: type[Selection] | type[Naming]) -> dict[str, Any]:
    try:
        return kind.parse(getattr(mirror, field) or {}).document()
    except OciError as exc:
        raise MirrorInvalid(field, exc.message, exc.advice) from exc


def _platforms(texts: Any) -> list[str]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MirrorInvalid(
            "platforms", _("The platforms are a list such as linux/amd64, linux/arm64.")
        )
    try:
        return list(dict.fromkeys(str(Platform.parse(text)) for text in texts if text.strip()))
    except OciError as exc:
        raise MirrorInvalid("platforms", exc.message, exc.advice) from exc


def _check_schedule(mirror: Mirror) -> None:
    try:
        mirror.schedule = check_cron(mirror.schedule) if mirror.schedule else ""
        validate_time_zone(mirror.time_zone)
    except OciError as exc:
        raise MirrorInvalid("schedule", exc.message, exc.advice) from exc
    except ValidationError as exc:
        raise MirrorInvalid("time_zone", exc.messages[0]) from exc
    if not 0 <= mirror.jitter_seconds <= LONGEST_JITTER:
        raise MirrorInvalid(
            "jitter_seconds",
            _("The jitter is at most %(hours)d hours.") % {"hours": LONGEST_JITTER // 3600},
        )


def _check_names(mirror: Mirror) -> None:
    """What can be said of the names before the registry is asked: that they differ, and that the credentials serve them."""
    literal = [name for name in mirror.repositories if not is_glob(name)]
    host = mirror.source_registry.host
    try:
        targets = Naming.parse(mirror.naming).targets_of(literal, host=host)
    except InvalidReference as exc:
        raise MirrorInvalid("naming", exc.message, exc.advice) from exc
    for source, target in targets.items():
        if mirror.target_registry_id == mirror.source_registry_id and source == target:
            raise MirrorInvalid(
                "naming",
                _("%(name)s would be copied to itself.") % {"name": source},
                _("Choose another name for the target, or another registry."),
            )
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
    """
    Raises:
        MirrorInvalid: the chosen credential belongs elsewhere, or cannot do this.
    """
    if credential is None:
        return
    try:
        # For globs nothing is known yet of the names; the run checks each of them.
        reference = Reference(registry.host, repository or credential.repository_pattern or "any")
        credential_for(team=mirror.team, reference=reference, push=push, chosen=credential)
    except OciError as exc:
        raise MirrorInvalid(field, exc.message, exc.advice) from exc


def _save(mirror: Mirror, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            mirror.save(force_insert=force_insert)
    except IntegrityError as exc:
        raise MirrorInvalid(
            "name", _("The team has a mirror of that name already."), _("Choose another name.")
        ) from exc
