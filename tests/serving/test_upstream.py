import pytest

from tests.serving.client import codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "host",
    ["other.example.com", "169.254.169.254", "127.0.0.1_1", "x", "[__1]_5000", "127.0.0.1_8000"],
)
def test_only_the_teams_registries_are_reached(reader, host):
    assert codes(reader("GET", f"/v2/harbour/proxy/{host}/app/manifests/1.0")) in (
        ["NAME_UNKNOWN"],
        ["NAME_INVALID"],
    )
