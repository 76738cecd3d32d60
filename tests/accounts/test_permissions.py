import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from registry_ui.accounts.models import Membership, Role, User
from registry_ui.accounts.permissions import (
    RoleTooLow,
    check_administrator,
    check_role,
    needs_role,
    require_admin,
    require_operator,
    role_on,
)


class TeamObject:
    def __init__(self, team):
        self.team = team
        self.team_id = team.pk


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


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_a_service_reads_the_person_again(team, alice, role):
    check_role(team, alice, role)
    stale = User.objects.get(pk=alice.pk)
    # As another request would do it: the object of this request keeps its values.
    User.objects.filter(pk=alice.pk).update(is_active=False)

    with pytest.raises(RoleTooLow, match="you are not a member of it"):
        check_role(team, stale, role)


def test_a_service_refuses_a_person_whose_account_was_removed(team, alice):
    stale = User.objects.get(pk=alice.pk)
    alice.delete()

    with pytest.raises(RoleTooLow):
        check_role(team, stale, Role.VIEWER)


def test_a_service_names_the_role_that_is_missing(team, bob):
    with pytest.raises(RoleTooLow, match="role “Admin” in the team Harbour; yours is “Operator”"):
        check_role(team, bob, Role.ADMIN)


def test_the_command_line_and_the_scheduler_may_do_everything(team):
    check_role(team, None, Role.ADMIN)
    check_administrator(None)


def test_administrators_of_the_installation_are_read_again(alice, ingrid):
    check_administrator(ingrid)
    with pytest.raises(PermissionDenied):
        check_administrator(alice)

    User.objects.filter(pk=ingrid.pk).update(is_superuser=False)
    with pytest.raises(PermissionDenied):
        check_administrator(ingrid)


def test_the_role_on_an_object_is_that_in_its_team(team, other_team, alice, bob):
    Membership.objects.create(team=other_team, user=bob, role=Role.VIEWER)
    request = request_of(bob, team)

    assert role_on(request, TeamObject(team)) == Role.OPERATOR
    assert role_on(request, TeamObject(other_team)) == Role.VIEWER
    assert role_on(request_of(alice, team), TeamObject(other_team)) is None
    assert role_on(request_of(bob, None), TeamObject(other_team)) == Role.VIEWER
