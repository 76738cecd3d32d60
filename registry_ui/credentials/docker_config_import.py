"""Import of logins from a pasted docker configuration, in two steps: paste, then choose.

The first step stores nothing, because a stored credential is visible to the team at once, and a
person's configuration usually has private logins too. Between the steps the logins are in the
session as a draft: encrypted like stored secrets, bound to the user, the team and the draft, and
valid for fifteen minutes.
"""

import json
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from django.db import transaction

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.encryption import DecryptionFailed, decrypt, encrypt
from registry_ui.accounts.models import Action, Team, User
from registry_ui.providers.catalogue import addable_provider_for_host
from registry_ui.registries.models import Registry
from registry_ui.registries.services import find_registry

from .docker_config import IDENTITY_TOKEN_USER, Login, Skipped, parse_docker_config
from .models import Credential

# Long enough to read the list, short for secrets in a session.
DRAFT_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """A login that can be imported, with its registry and the credential that it replaces."""

    login: Login
    registry: Registry | None
    replaces: Credential | None

    @property
    def is_identity_token(self) -> bool:
        return self.login.username == IDENTITY_TOKEN_USER


@dataclass(slots=True)
class ImportResult:
    added: list[Credential] = field(default_factory=list)
    replaced: list[Credential] = field(default_factory=list)
    new_registries: list[Registry] = field(default_factory=list)
    skipped: Sequence[Skipped] = ()

    @property
    def credentials(self) -> list[Credential]:
        return [*self.added, *self.replaced]


def plan_import(team: Team, logins: Sequence[Login]) -> list[PlannedImport]:
    return [_plan_login(team, login) for login in logins]


def import_docker_config(*, team: Team, user: User | None, text: str) -> ImportResult:
    """Import all logins of the text, for the command line and for scripts.

    Raises:
        InvalidDockerConfig
    """
    config = parse_docker_config(text)
    result = import_logins(team=team, user=user, logins=config.logins)
    result.skipped = config.skipped
    return result


@transaction.atomic
def import_logins(*, team: Team, user: User | None, logins: Sequence[Login]) -> ImportResult:
    """Store the logins, all or none. Adds the registries that the team does not have yet."""
    result = ImportResult()
    for planned in plan_import(team, logins):
        # An earlier login of the same import may have added the registry.
        registry = planned.registry or find_registry(team, planned.login.host)
        if registry is None:
            registry = _add_registry(team, user, planned.login.host)
            result.new_registries.append(registry)
            record(
                Action.REGISTRY_ADDED,
                user=user,
                obj=registry,
                host=registry.host,
                connection=registry.security,
            )

        if planned.replaces is not None:
            _replace_secret(planned.replaces, planned.login)
            result.replaced.append(planned.replaces)
            record(
                Action.CREDENTIAL_CHANGED,
                user=user,
                obj=planned.replaces,
                host=registry.host,
                new_secret=True,
            )
        else:
            added = _add_credential(registry, user, planned.login)
            result.added.append(added)
            record(
                Action.CREDENTIAL_ADDED,
                user=user,
                obj=added,
                host=registry.host,
                push=added.can_push,
            )
    return result


def _plan_login(team: Team, login: Login) -> PlannedImport:
    registry = find_registry(team, login.host)
    known = (
        registry.credentials.filter(username=login.username).select_related("registry").first()
        if registry
        else None
    )
    return PlannedImport(login, registry, known)


def _add_registry(team: Team, user: User | None, host: str) -> Registry:
    provider = addable_provider_for_host(host)
    return Registry.objects.create(
        team=team,
        name=provider.registry_name(host),
        provider=provider.name,
        host=host,
        created_by=user,
    )


def _add_credential(registry: Registry, user: User | None, login: Login) -> Credential:
    label = "identity token" if login.is_identity_token else login.username
    credential = Credential(
        team=registry.team,
        registry=registry,
        username=login.username,
        label=unused_label(registry, label),
        expires_at=registry.get_provider().new_secret_expiry(),
        created_by=user,
    )
    credential.set_secret(login.secret)
    credential.save(force_insert=True)
    return credential


def _replace_secret(credential: Credential, login: Login) -> None:
    credential.set_secret(login.secret)
    # The former secret's test and expiry do not apply to the new one.
    credential.verified_at = None
    credential.verify_error = None
    credential.expires_at = credential.registry.get_provider().new_secret_expiry()
    credential.save(
        update_fields=[
            "secret_ciphertext",
            "secret_changed_at",
            "verified_at",
            "verify_error",
            "expires_at",
        ]
    )


def unused_label(registry: Registry, label: str) -> str:
    """Return the label, with a number if another credential of the registry has it already."""
    existing = set(registry.credentials.values_list("label", flat=True))
    candidate, number = label[:100], 2
    while candidate in existing:
        # The column has 100 characters, the number included.
        candidate, number = f"{label[:90]} {number}", number + 1
    return candidate


def encrypt_draft(*, user: User, team: Team, logins: Sequence[Login]) -> dict[str, str]:
    """Return the encrypted draft that the session keeps until the admin has chosen."""
    draft = uuid.uuid4().hex
    content = json.dumps({"at": int(time.time()), "logins": [asdict(login) for login in logins]})
    return {"id": draft, "sealed": encrypt(content, _draft_row(user, team, draft))}


def decrypt_draft(draft: object, *, user: User, team: Team) -> list[Login] | None:
    """Return the logins of a draft; None if it is missing, too old, or another user's or team's."""
    if not isinstance(draft, dict):
        return None

    try:
        content = json.loads(
            decrypt(str(draft.get("sealed", "")), _draft_row(user, team, str(draft.get("id", ""))))
        )
    except DecryptionFailed:
        return None
    # The encryption has no expiry of its own, so the draft carries its time.
    if time.time() - content["at"] > DRAFT_SECONDS:
        return None
    return [Login(**login) for login in content["logins"]]


def chosen_logins(logins: Sequence[Login], numbers: Collection[str]) -> list[Login]:
    # By position: the page has no secrets that it could send back.
    return [login for number, login in enumerate(logins) if str(number) in numbers]


def _draft_row(user: User, team: Team, draft: str) -> str:
    # Associated data of the encryption: a draft copied to another session does not decrypt.
    return f"registries.import:{user.pk}:{team.pk}:{draft}"
