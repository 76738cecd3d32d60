import pytest
from django.urls import reverse

from tests.parts.error_texts import stored_error
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers.models import State

pytestmark = pytest.mark.django_db


def test_a_failed_mirror_is_on_the_overview_with_its_retry(client_for, bob, victor, team):
    mirror = mirror_row(team)
    run = run_row(
        mirror,
        state=State.FAILED,
        error=stored_error("The registry refused."),
    )

    content = client_for(bob).get(reverse("web:overview")).content.decode()

    assert "The registry refused." in content
    assert reverse("mirrors:retry", args=[run.pk]) in content
    assert (
        reverse("mirrors:retry", args=[run.pk])
        not in client_for(victor).get(reverse("web:overview")).content.decode()
    )
