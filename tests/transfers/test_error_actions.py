import pytest
from django.urls import reverse

from registry_ui.oci.errors import ConnectionFailed
from registry_ui.registries.models import Registry
from tests.parts.error_texts import stored_error
from tests.transfers.rows import copy_row, publish_row, transfer_row
from transfers.models import State

pytestmark = pytest.mark.django_db


def detail(client, row):
    return client.get(reverse("transfers:detail", args=[row.pk])).content.decode()


def test_a_failed_copy_names_the_endpoint_that_failed(client_for, team, bob):
    registry = Registry.objects.create(team=team, name="Here", host="here.example.com")
    target_registry = Registry.objects.create(team=team, name="There", host="there.example.com")
    endpoints = {
        "source_registry": registry,
        "target_registry": target_registry,
        "source": "here.example.com/a:1",
        "target": "there.example.com/a:1",
    }
    client = client_for(bob)

    def html(error, *steps):
        error = error.stored()
        names = [{"name": name, "state": state, "detail": ""} for name, state in steps]
        return detail(
            client, copy_row(team, bob, state=State.FAILED, error=error, steps=names, **endpoints)
        )

    at_source = html(ConnectionFailed("source_failed"), ("source", "failed"))
    assert "Check the connection to Here" in at_source
    assert "Check the connection to There" not in at_source
    named = html(ConnectionFailed("cut", location="there.example.com/a"), ("copy", "failed"))
    assert "Check the connection to There" in named
    assert "Check the connection to Here" not in named
    cause = ConnectionFailed("cut", host="there.example.com")
    caused = html(ConnectionFailed("unusable", cause=cause), ("copy", "failed"))
    assert "Check the connection to There" in caused
    assert "Check the connection to Here" not in caused
    both = html(ConnectionFailed("cut", host="re.example.com"), ("copy", "failed"))
    assert "Check the connection to There" in both
    assert "Check the connection to Here" in both


def test_a_copy_of_a_missing_platform_leads_back_to_its_form(client_for, team, bob):
    registry = Registry.objects.create(team=team, name="Here", host="here.example.com")
    error = stored_error("No.", "PlatformMissing")
    row = copy_row(
        team,
        bob,
        state=State.FAILED,
        error=error,
        source="here.example.com/a:1",
        source_registry=registry,
    )
    html = detail(client_for(bob), row)
    assert "Copy every platform" in html
    assert reverse("transfers:copy_tags") in html


def test_a_failure_shows_cause_advice_and_retry(client_for, team, bob):
    error = stored_error("The login was refused.", "Unauthorized")
    row = publish_row(team, bob, state=State.FAILED, error=error)
    html = detail(client_for(bob), row)
    for expected in (
        "The login was refused.",
        "Look into the engine",
        "re-sends only what is missing",
        "Add the registry registry.example.com",
    ):
        assert expected in html
    assert reverse("transfers:retry", args=[row.pk]) in html


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("PlatformMissing", "Pull every platform"),
        ("ManifestUnknown", "Correct the reference"),
        ("TlsFailed", "Set up docker.io as a registry"),
        ("StorageFull", "Make room"),
        ("ContentMismatch", "Retry"),
    ],
)
def test_each_cause_has_its_action(client_for, team, bob, kind, expected):
    row = transfer_row(team, bob, state=State.FAILED, error=stored_error("No.", kind))
    assert expected in detail(client_for(bob), row)
