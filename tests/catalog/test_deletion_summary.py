import pytest

from registry_ui.catalog.deletion_summary import summarize_registries

pytestmark = pytest.mark.django_db


def test_registries_credentials_and_shares_are_counted(
    team, other_team, make_registry, make_credential
):
    registry = make_registry()
    credential = make_credential(registry)
    credential.grants.create(team=other_team)
    revoked = credential.grants.create(team=team)
    revoked.revoked_at = revoked.created_at
    revoked.save()

    # Docker Hub and the built-in registry are there by themselves.
    assert summarize_registries(team) == [
        "3 registries, with their index",
        "1 credential and its secret",
        "1 share of a credential with another team",
    ]


def test_what_a_team_does_not_have_is_not_named(other_team):
    assert summarize_registries(other_team) == ["2 registries, with their index"]
