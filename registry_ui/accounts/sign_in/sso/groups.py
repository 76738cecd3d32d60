"""Memberships from the provider's groups, synchronized at each sign-in.

Memberships and rights that a person has set stay as they are.
"""

import logging
from collections.abc import Iterable
from typing import Any

from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.db import transaction

from registry_ui.accounts import offboarding
from registry_ui.accounts.audit import log
from registry_ui.accounts.models import Action, Membership, Role, Team, User
from registry_ui.accounts.tokens.service import revoke_tokens_of

from . import require_provider
from .claims import groups_in

logger = logging.getLogger(__name__)


def sync_at_sign_in(
    sender: Any, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """Synchronize the memberships (receiver of allauth's `user_logged_in`)."""
    if sociallogin is not None and settings.SINGLE_SIGN_ON is not None:
        claim = settings.SINGLE_SIGN_ON.groups_claim
        sync_memberships(user, groups_in(sociallogin.account.extra_data, claim))


@transaction.atomic
def sync_memberships(user: User, groups: frozenset[str]) -> None:
    """Update the memberships and the administrator's right that the groups give."""
    # All administrators are locked, so that two concurrent sign-ins cannot remove the last two.
    administrators = list(
        User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    )
    person = User.objects.select_for_update().get(pk=user.pk)
    others = [other for other in administrators if other.pk != person.pk]
    _sync_administrator(person, groups, others=others)

    roles = _roles(groups)
    for membership in Membership.objects.filter(user=person).select_related("team", "user"):
        role = roles.pop(membership.team, None)
        if membership.is_from_sso:
            _change_or_delete(membership, role)

    # The teams that are left are those where the person has no membership.
    for team, role in roles.items():
        membership = Membership.objects.create(team=team, user=person, role=role, is_from_sso=True)
        log.record(
            Action.MEMBER_ADDED,
            user=person,
            obj=membership,
            name=person.username,
            role=role.value,
            by="single sign-on",
        )


def _roles(groups: Iterable[str]) -> dict[Team, Role]:
    """Return the highest role that the groups give in each existing team."""
    roles: dict[Team, Role] = {}
    # Sorted, so that the warnings below come in the same order at each sign-in.
    for group in sorted(groups):
        for name, value in require_provider().group_roles.get(group, ()):
            # By the slug first, because only the name can change.
            team = Team.objects.filter(slug=name).first() or Team.objects.filter(name=name).first()
            if team is None:
                logger.warning(
                    "REGISTRY_UI_OIDC_GROUP_ROLES names the team “%s”, which is not there", name
                )
                continue
            role = Role(value)
            if team not in roles or role.allows(roles[team]):
                roles[team] = role
    return roles


def _change_or_delete(membership: Membership, role: Role | None) -> None:
    person, team = membership.user, membership.team

    # The event is recorded before the deletion: afterwards the object has no key.
    if role is None:
        log.record(
            Action.MEMBER_REMOVED,
            user=person,
            obj=membership,
            name=person.username,
            by="single sign-on",
        )
        membership.delete()
        revoke_tokens_of(person, team)
        offboarding.cancel_jobs(person, team, by=None)
    elif membership.role != role:
        previous, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        log.record(
            Action.MEMBER_CHANGED,
            user=person,
            obj=membership,
            name=person.username,
            role=role.value,
            was=previous,
            by="single sign-on",
        )


def _sync_administrator(person: User, groups: frozenset[str], *, others: list[User]) -> None:
    is_wanted = bool(groups & require_provider().admin_groups)
    if is_wanted and not person.is_superuser:
        person.is_superuser = person.is_superuser_by_sso = True
    # Without another administrator, nobody could repair wrong groups.
    elif not is_wanted and person.is_superuser_by_sso and not others:
        logger.warning(
            "%s stays an administrator of this installation: there is no other", person.username
        )
        return
    elif not is_wanted and person.is_superuser_by_sso:
        person.is_superuser = person.is_superuser_by_sso = False
    else:
        return

    person.save(update_fields=["is_superuser", "is_superuser_by_sso"])
    log.record(
        Action.PERSON_CHANGED,
        user=person,
        obj=person,
        administrator=person.is_superuser,
        by="single sign-on",
    )
