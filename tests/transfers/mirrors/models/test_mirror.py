import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from registry_ui.credentials.services import remove_registry
from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.rows import mirror_row, pair_row, registry_row
from transfers.mirrors.models import LOCAL, Mirror

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_used_registry_is_not_removed(alice, make_mirror):
    mirror = make_mirror("tests/needed")
    with pytest.raises(ValidationError, match=mirror.name):
        remove_registry(registry=mirror.target_registry, user=alice)
    assert mirror.__class__.objects.filter(pk=mirror.pk).exists()


def test_a_team_is_removed_with_its_mirrors(team, make_mirror):
    mirror = make_mirror("tests/needed")
    team.delete()
    assert not mirror.__class__.objects.exists()


def test_a_mirror_is_found_by_the_credentials_of_both_ends(team):
    hub, company, other = (
        registry_row(team, name, f"{name}.example.com") for name in ("hub", "company", "other")
    )
    reader, writer = add_credential(hub, "reader", "x"), add_credential(company, "writer", "x")
    mirror = mirror_row(
        team, source=hub, target=company, source_credential=reader, target_credential=writer
    )
    mirror_row(team, "Unrelated", source=other, target=other)

    for credential in (reader, writer):
        assert list(Mirror.objects.using_credential(credential)) == [mirror]
    assert not Mirror.objects.using_credential(add_credential(other, "robot", "x")).exists()


def test_a_name_is_taken_once_in_a_team(team, other_team):
    mirror_row(team, "Nightly")
    mirror_row(other_team, "Nightly")

    with pytest.raises(IntegrityError), transaction.atomic():
        mirror_row(team, "Nightly")


def test_a_registry_of_a_mirror_cannot_be_deleted_and_a_credential_can(team):
    mirror = mirror_row(team)
    credential = add_credential(mirror.source_registry, "robot", "x")
    Mirror.objects.update(source_credential=credential, needs_source_credential=True)

    for registry in (mirror.source_registry, mirror.target_registry):
        with pytest.raises(RestrictedError):
            registry.delete()
    credential.delete()

    mirror.refresh_from_db()
    # So a later run does not continue without the login that was selected.
    assert (mirror.source_credential, mirror.needs_source_credential) == (None, True)


def test_without_a_target_registry_the_target_is_the_local_images(team):
    mirror = mirror_row(team)
    assert (mirror.is_local, mirror.target_host) == (False, "company.example.com")

    mirror.target_registry = None

    assert (mirror.is_local, mirror.target_host) == (True, LOCAL)


def test_an_unknown_time_zone_is_invalid(team):
    mirror = mirror_row(team, time_zone="Europe/Atlantis")
    with pytest.raises(ValidationError) as caught:
        mirror.full_clean()
    assert "time_zone" in caught.value.message_dict


@pytest.mark.parametrize("count", ["missing", "differing", "extra", "failed", "mismatched"])
def test_any_difference_puts_a_pair_out_of_sync(team, count):
    pair = pair_row(mirror_row(team), up_to_date=4)
    assert pair.is_in_sync

    setattr(pair, count, 2)

    assert not pair.is_in_sync
    assert pair.behind == (2 if count in ("missing", "differing") else 0)
    assert pair.counts()[count] == 2
