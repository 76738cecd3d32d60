import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.oci.errors import InvalidReference
from tests.parts.error_texts import says
from transfers import services
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.SUCCEEDED])
def test_only_a_failed_one_is_tried_again_and_only_by_an_admin(team, alice, bob, state):
    row = Transfer.objects.create(
        team=team,
        kind=Kind.DELETE,
        state=state,
        source="r.example.com/a:1",
        target="r.example.com/a:1",
    )
    with pytest.raises(PermissionDenied):
        services.retry(row, bob, enqueue=False)
    if state == State.FAILED:
        assert services.retry(row, alice, enqueue=False).kind == Kind.DELETE
    else:
        with pytest.raises(InvalidReference, check=says("Only a deletion that failed")):
            services.retry(row, alice, enqueue=False)
