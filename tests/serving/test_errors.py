import pytest

from registry_ui.accounts.models import Membership, Role, Scope
from tests.parts.images import digest_of
from tests.serving.client import Calls, basic, codes, secret_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


BLOB = b"of the harbour"


def test_another_teams_upload_is_unknown_in_ones_own_repository(admin, outsider):
    location = (
        admin("POST", f"/v2/{NAME}/blobs/uploads/")
        .headers["Location"]
        .replace(NAME, "lighthouse/app")
    )
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert codes(outsider(method, f"{location}?digest={digest_of(BLOB)}", BLOB)) == [
            "BLOB_UPLOAD_UNKNOWN"
        ]

    other_location = location.replace("lighthouse/app", "harbour/other")
    assert codes(admin("PATCH", other_location, BLOB)) == ["BLOB_UPLOAD_UNKNOWN"]


def test_a_token_for_one_team_is_valid_for_that_team_only(alice, team, other_team):
    Membership.objects.create(team=other_team, user=alice, role=Role.ADMIN)
    calls = Calls(basic("alice", secret_of(alice, Scope.ADMIN, other_team)))
    assert calls("POST", "/v2/lighthouse/x/blobs/uploads/").status_code == 202
    assert codes(calls("POST", f"/v2/{NAME}/blobs/uploads/")) == ["NAME_UNKNOWN"]
