from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.registries.models import Health
from tests.parts.error_texts import stored_error


@pytest.fixture
def page_for(client_for):
    return lambda person: client_for(person).get(reverse("web:overview")).content.decode()


def test_without_problems_there_is_no_section(
    page_for, alice, make_registry, make_credential
) -> None:
    make_credential(make_registry(), expires_at=timezone.now() + timedelta(days=60))
    assert "need a hand" not in page_for(alice)


def test_an_unreachable_registry_is_shown_with_the_cause(page_for, alice, make_registry) -> None:
    make_registry(name="Gone").mark_health(Health.FAILING, stored_error("Nothing listens there."))
    page = page_for(alice)
    assert "Gone" in page
    assert "Nothing listens there." in page


def test_failed_and_expiring_credentials_are_shown_with_an_action(
    page_for, alice, bob, make_registry, make_credential
) -> None:
    row = make_registry()
    make_credential(row, "refused", verify_error=stored_error("refused the login"))
    make_credential(row, "ended", expires_at=timezone.now() - timedelta(days=1))
    ending = make_credential(row, "ending", expires_at=timezone.now() + timedelta(days=3))
    page = page_for(alice)
    for word in ("refused", "Expired", "Expires soon"):
        assert word in page
    edit = reverse("registries:credential_rotate", args=[ending.pk])
    assert edit in page
    assert edit not in page_for(bob)


def test_other_teams_problems_are_not_shown(page_for, alice, other_team, make_registry) -> None:
    make_registry(name="Foreign", team=other_team).mark_health(Health.FAILING, "x")
    assert "Foreign" not in page_for(alice)
