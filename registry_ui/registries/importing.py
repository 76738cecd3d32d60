"""Logins from a pasted docker configuration: read, shown, and stored only once an admin has chosen among them.

Nothing is stored at the first step, because what is stored is shared with the team at once, and a person's configuration
usually holds private logins too. Between the two steps the secrets wait in the session, encrypted like the stored ones, bound
to this person, this team and this draft, for fifteen minutes.
"""

import json
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from django.db import transaction

from registry_ui.accounts.encryption import DecryptionFailed, decrypt, encrypt
from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record

from .choosing import registry_for
from .docker_config import IDENTITY_TOKEN_USER, Login, Skipped, parse_docker_config
from .models import Credential, Registry
from .providers import facts_of, provider_of

DRAFT_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Planned:
    """One login that may be imported: into which registry, and over which credential it would go."""

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


def plan_import(team: Team, logins: Sequence[Login]) -> list[Planned]:
    return [_planned(team, login) for login in logins]


def import_docker_config(*, team: Team, user: User | None, text: str) -> ImportResult:
    """Everything in the text at once, for the command line and for scripts.

    Raises:
        InvalidDockerConfig
    """
    config = parse_docker_config(text)
    result = import_logins(team=team, user=user, logins=config.logins)
    result.skipped = config.skipped
    return result


@transaction.atomic
def import_logins(*, team: Team, user: User | None, logins: Sequence[Login]) -> ImportResult:
    """Store the logins: each in its host's registry, which is added where there is none yet. All or nothing."""
    result = ImportResult()
    for planned in plan_import(team, logins):
        registry = planned.registry or registry_for(team, planned.login.host)
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
            _replace(planned.replaces, planned.login)
            result.replaced.append(planned.replaces)
            record(
                Action.CREDENTIAL_CHANGED,
                user=user,
                obj=planned.replaces,
                host=registry.host,
                new_secret=True,
            )
        else:
            added = _add(registry, user, planned.login)
            result.added.append(added)
            record(
                Action.CREDENTIAL_ADDED,
                user=user,
                obj=added,
                host=registry.host,
                push=added.can_push,
            )
    return result


def _planned(team: Team, login: Login) -> Planned:
    registry = registry_for(team, login.host)
    known = (
        registry.credentials.filter(username=login.username).select_related("registry").first()
        if registry
        else None
    )
    return Planned(login, registry, known)


def _add_registry(team: Team, user: User | None, host: str) -> Registry:
    provider = provider_of(host)
    facts = facts_of(provider)
    return Registry.objects.create(
        team=team,
        name=facts.title if facts.host else host[:100],
        provider=provider,
        host=host,
        created_by=user,
    )


def _add(registry: Registry, user: User | None, login: Login) -> Credential:
    wish = "identity token" if login.is_identity_token else login.username
    credential = Credential(
        team=registry.team,
        registry=registry,
        username=login.username,
        label=free_label(registry, wish),
        expires_at=registry.facts.expiry_of_new_secret(),
        created_by=user,
    )
    credential.set_secret(login.secret)
    credential.save(force_insert=True)
    return credential


def _replace(credential: Credential, login: Login) -> None:
    credential.set_secret(login.secret)
    credential.verified_at, credential.verify_error, credential.expires_at = (
        None,
        "",
        credential.registry.facts.expiry_of_new_secret(),
    )
    credential.save(
        update_fields=[
            "secret_ciphertext",
            "secret_changed_at",
            "verified_at",
            "verify_error",
            "expires_at",
        ]
    )


def free_label(registry: Registry, wish: str) -> str:
    """The wish, numbered where another credential of the registry has it already."""
    taken = set(registry.credentials.values_list("label", flat=True))
    label, number = wish[:100], 2
    while label in taken:
        label, number = f"{wish[:90]} {number}", number + 1
    return label


def seal_draft(*, user: User, team: Team, logins: Sequence[Login]) -> dict[str, str]:
    """What the session keeps until the admin has chosen."""
    draft = uuid.uuid4().hex
    content = json.dumps({"at": int(time.time()), "logins": [asdict(login) for login in logins]})
    return {"id": draft, "sealed": encrypt(content, _draft_row(user, team, draft))}


def open_draft(draft: object, *, user: User, team: Team) -> list[Login] | None:
    """The logins of a draft; None where there is none, it is too old, or another person's or team's."""
    if not isinstance(draft, dict):
        return None
    try:
        content = json.loads(
            decrypt(str(draft.get("sealed", "")), _draft_row(user, team, str(draft.get("id", ""))))
        )
    except DecryptionFailed:
        return None
    if time.time() - content["at"] > DRAFT_SECONDS:
        return None
    return [Login(**login) for login in content["logins"]]


def chosen_logins(logins: Sequence[Login], numbers: Collection[str]) -> list[Login]:
    return [login for number, login in enumerate(logins) if str(number) in numbers]


def _draft_row(user: User, team: Team, draft: str) -> str:
    return f"registries.import:{user.pk}:{team.pk}:{draft}"
