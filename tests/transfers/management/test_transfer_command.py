import uuid

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from tests.transfers.management.command_result import CommandResult
from tests.transfers.rows import DIGEST, copy_row, transfer_row
from transfers.management.transfer_command import (
    find_credential,
    local_target_digest,
)
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Nginx", "upper-case"),
        ("https://nginx", "is a URL"),
        ("nginx@sha256:abc", "is not a digest"),
        ("a b", "no spaces"),
    ],
)
def test_a_malformed_reference_makes_no_transfer(team, reference, expected):
    ran = CommandResult("pull", reference, "--now")

    assert ran.status == 1
    assert expected in ran.err
    assert not Transfer.objects.exists()


def test_with_several_teams_one_must_be_named(team, other_team):
    ran = CommandResult("pull", "nginx", "--now")
    assert ran.status == 1
    assert "harbour, lighthouse" in ran.err

    unknown = CommandResult("pull", "nginx", "--now", "--team", "nobody")
    assert unknown.status == 1
    assert "nobody" in unknown.err


def test_a_named_team_gets_the_image(team, other_team, registry, image_factory):
    image = image_factory(registry)
    assert (
        CommandResult(
            "pull", image.reference, "--now", "--plain-http", "--team", "lighthouse"
        ).status
        == 0
    )
    assert LocalImage.objects.get().team == other_team


def test_without_a_team_it_says_how_to_begin(db):
    ran = CommandResult("pull", "nginx", "--now")
    assert ran.status == 1
    assert "no team" in ran.err


def test_credentials_that_fit_equally_well_must_be_selected(
    team, htpasswd_registry, add_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    row = add_registry(team, htpasswd_registry, with_credential=False)
    for label in ("first", "second"):
        add_credential(row, htpasswd_registry.username, htpasswd_registry.password, label=label)

    ran = CommandResult("pull", image.reference, "--now")
    assert ran.status == 1
    assert "--credential 'first' --credential 'second'" in ran.err

    assert CommandResult("pull", image.reference, "--now", "--credential", "second").status == 0
    assert Transfer.objects.get().source_credential.label == "second"


def test_an_unknown_credential_names_those_that_there_are(team, htpasswd_registry, add_registry):
    add_registry(team, htpasswd_registry)
    ran = CommandResult("pull", f"{htpasswd_registry.host}/x:1", "--now", "--credential", "nope")
    assert ran.status == 1
    assert htpasswd_registry.username in ran.err
    assert htpasswd_registry.password not in ran.err + ran.out


def test_detach_prints_the_id_and_leaves_the_work_to_a_worker(team):
    ran = CommandResult("pull", "nginx:1.27", "--detach")

    assert ran.status == 0
    assert Transfer.objects.get(pk=uuid.UUID(ran.out.strip())).state == State.QUEUED


def test_a_credential_is_found_by_its_label_and_only_for_its_registry(team):
    row = Registry.objects.create(team=team, name="x", host="r.example.com")
    credential = add_credential(row, "robot", "x", label="ci")
    here, elsewhere = (Reference.parse(f"{host}.example.com/a:1") for host in ("r", "q"))

    assert find_credential(team, here, "ci") == credential
    assert find_credential(team, here, None) is None
    for reference, label in ((elsewhere, "ci"), (here, "CI"), (here, "robot")):
        with pytest.raises(OciError):
            find_credential(team, reference, label)


def test_the_digest_of_a_target_is_known_only_for_a_local_one(team, other_team):
    pull = transfer_row(team)
    assert local_target_digest(pull) == ""

    local_image(other_team, pull.target)
    assert local_target_digest(pull) == ""

    local_image(team, pull.target, digest=DIGEST)
    assert local_target_digest(pull) == DIGEST
    assert local_target_digest(copy_row(team, target=pull.target)) == ""
