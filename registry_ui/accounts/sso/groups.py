"""The provider's groups become memberships at each sign-in. What people set by hand is never touched."""

import logging
from collections.abc import Iterable
from typing import Any

from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.db import transaction

from registry_ui.accounts import departures, trail
from registry_ui.accounts.models import Action, Membership, Role, Team, User

from . import the_provider
from .identity import groups_in

logger = logging.getLogger(__name__)


def after_sign_in(
    sender: Any, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """Receiver of allauth's `user_logged_in`."""
    if sociallogin is not None and settings.SINGLE_SIGN_ON is not None:
        bring_up_to_date(
            user, groups_in(sociallogin.account.extra_data, settings.SINGLE_SIGN_ON.groups_claim)
        )


@transaction.atomic
def bring_up_to_date(user: User, groups: frozenset[str]) -> None:
    """Add, change and end the memberships that groups give, and the right to administer the installation."""
    # All administrators are locked, so that two of them cannot go at once.
    administrators = list(
        User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    )
    person = User.objects.select_for_update().get(pk=user.pk)
    _bring_administration_up_to_date(
        person, groups, others=[each for each in administrators if each.pk != person.pk]
    )
    wanted = _roles(groups)
    for membership in Membership.objects.filter(user=person).select_related("team", "user"):
        role = wanted.pop(membership.team, None)
        if membership.is_from_sso:
            _change_or_end(membership, role)
    for team, role in wanted.items():
        membership = Membership.objects.create(team=team, user=person, role=role, is_from_sso=True)
        trail.record(
            Action.MEMBER_ADDED,
            user=person,
            obj=membership,
            name=person.username,
            role=role.value,
            by="single sign-on",
        )


def _roles(groups: Iterable[str]) -> dict[Team, Role]:
    """The highest role that the groups give in each team that there is."""
    found: dict[Team, Role] = {}
    for group in sorted(groups):
        for name, word in the_provider().group_roles.get(group, ()):
            team = Team.objects.filter(slug=name).first() or Team.objects.filter(name=name).first()
            if team is None:
                logger.warning(
                    "REGISTRY_UI_OIDC_GROUP_ROLES names the team “%s”, which is not there", name
                )
                continue
            role = Role(word)
            found[team] = role if team not in found or role.allows(found[team]) else found[team]
    return found


def _change_or_end(membership: Membership, role: Role | None) -> None:
    person, team = membership.user, membership.team
    if role is None:
        trail.record(
            Action.MEMBER_REMOVED,
            user=person,
            obj=membership,
            name=person.username,
            by="single sign-on",
        )
        membership.delete()
        departures.end_work(person, team, by=None)
    elif membership.role != role:
        was, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        trail.record(
            Action.MEMBER_CHANGED,
            user=person,
            obj=membership,
            name=person.username,
            role=role.value,
            was=was,
            by="single sign-on",
        )


def _bring_administration_up_to_date(
    person: User, groups: frozenset[str], *, others: list[User]
) -> None:
    wanted = bool(groups & the_provider().admin_groups)
    if wanted and not person.is_superuser:
        person.is_superuser = person.is_superuser_by_sso = True
    elif not wanted and person.is_superuser_by_sso and not others:
        logger.warning(
            "%s stays an administrator of this installation: there is no other", person.username
        )
        return
    elif not wanted and person.is_superuser_by_sso:
        person.is_superuser = person.is_superuser_by_sso = False
    else:
        return
    person.save(update_fields=["is_superuser", "is_superuser_by_sso"])
    trail.record(
        Action.PERSON_CHANGED,
        user=person,
        obj=person,
        administrator=person.is_superuser,
        by="single sign-on",
    )
