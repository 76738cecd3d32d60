import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from registry_ui.accounts.models import Membership, Role
from registry_ui.accounts.permissions import needs_role, require_admin, require_operator


class TeamObject:
    def __init__(self, team):
        self.team = team


@needs_role(Role.OPERATOR)
def create_object(request):
    """Create an object for the current team."""
    return HttpResponse("made")


def request_of(user, team):
    request = RequestFactory().post("/")
    request.user, request.team = user, team
    request.role = user.role_in(team) if team else None
    return request


def test_a_viewer_may_not_create_objects(team, victor):
    with pytest.raises(
        PermissionDenied, match=r"needs the role “Operator” in the team Harbour; yours is “Viewer”"
    ):
        create_object(request_of(victor, team))


def test_operators_and_admins_may_create_objects(team, alice, bob):
    assert create_object(request_of(bob, team)).content == b"made"
    assert create_object(request_of(alice, team)).content == b"made"


def test_a_person_without_a_team_gets_a_message(alice):
    with pytest.raises(PermissionDenied, match="in no team yet"):
        create_object(request_of(alice, None))


def test_the_decorated_view_keeps_its_name():
    assert create_object.__name__ == "create_object"
    assert create_object.__doc__


def test_the_role_counts_in_the_team_of_the_object(team, other_team, alice, bob, victor):
    require_admin(alice, TeamObject(team))
    require_operator(bob, TeamObject(team))
    for user, obj, require in [
        (victor, TeamObject(team), require_operator),
        (bob, TeamObject(team), require_admin),
        (alice, TeamObject(other_team), require_operator),
    ]:
        with pytest.raises(PermissionDenied):
            require(user, obj)


def test_rights_end_with_the_membership(team, alice):
    Membership.objects.filter(user=alice).delete()
    with pytest.raises(PermissionDenied):
        require_operator(alice, TeamObject(team))


def test_a_deactivated_account_has_no_rights(team, alice):
    alice.is_active = False
    with pytest.raises(PermissionDenied):
        require_operator(alice, TeamObject(team))


def test_a_deactivated_administrator_has_no_rights(team, alice):
    alice.is_superuser, alice.is_active = True, False
    with pytest.raises(PermissionDenied):
        require_operator(alice, TeamObject(team))
    assert alice.role_for_membership(Role.ADMIN) is None


def test_superusers_are_admins_of_every_team(other_team, alice):
    alice.is_superuser = True
    require_admin(alice, TeamObject(other_team))
