"""The form of a share: it offers no more than the credential allows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.credentials.forms.grant import RotateForm, ShareForm
from registry_ui.credentials.models import CredentialGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry(), repository_pattern="my-company/*")


def form_of(credential, other_team, **values):
    form = ShareForm({"team": other_team.pk, **values}, credential=credential)
    form.is_valid()
    return form


def test_terms_are_those_of_the_form(credential, other_team):
    form = form_of(credential, other_team, can_push="on", repository_pattern="my-company/app")

    assert form.terms() == {
        "can_push": True,
        "repository_pattern": "my-company/app",
        "expires_at": None,
    }


def test_a_pull_only_credential_cannot_be_shared_for_pushing(credential, other_team):
    credential.can_push = False

    form = form_of(credential, other_team, can_push="on")

    assert "can_push" not in form.fields
    assert form.terms()["can_push"] is False


def test_patterns_that_cannot_both_match_are_refused(credential, other_team):
    assert "repository_pattern" in form_of(credential, other_team, repository_pattern="x/*").errors


def test_a_past_date_is_refused(credential, other_team):
    past = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    assert "expires_at" in form_of(credential, other_team, expires_at=past).errors


def test_the_owner_and_teams_that_have_it_are_not_offered(credential, team, other_team):
    assert other_team in ShareForm(credential=credential).teams
    assert team not in ShareForm(credential=credential).teams
    CredentialGrant.objects.create(credential=credential, team=other_team)
    assert other_team not in ShareForm(credential=credential).teams


def test_a_rotation_asks_for_the_secret_alone(credential):
    form = RotateForm(credential=credential)

    assert {"secret", "expires_at"} <= set(form.fields)
    assert not {"username", "label", "repository_pattern", "can_push"} & set(form.fields)
    assert form.fields["secret"].required
