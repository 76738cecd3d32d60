import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.credentials.services import CredentialUnusable
from registry_ui.oci.errors import InvalidDigest, InvalidReference
from registry_ui.oci.reference import Reference
from tests.transfers.conftest import add_credential
from transfers.models import Kind, Transfer
from transfers.services.delete import DeletionTarget, start_delete, start_deletes

pytestmark = pytest.mark.django_db

NAME = Reference.parse("lab.example/web/app:1.0")
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture(autouse=True)
def registry(make_registry):
    return make_registry(host="lab.example")


def test_a_deletion_keeps_what_the_person_confirmed(team, alice, registry):
    row = start_delete(
        team=team, user=alice, reference=NAME, digest=DIGEST, tags=["1.0", "1"], enqueue=False
    )

    assert (row.kind, row.target, row.target_registry) == (Kind.DELETE, str(NAME), registry)
    assert row.options == {"digest": DIGEST, "tags": ["1.0", "1"]}


def test_a_digest_names_itself_and_may_have_any_tags(team, alice):
    name = Reference.parse(f"lab.example/web/app@{DIGEST}")

    row = start_delete(team=team, user=alice, reference=name, enqueue=False)

    assert row.options == {"digest": DIGEST, "tags": None}


def test_an_operator_deletes_nothing(team, bob):
    with pytest.raises(PermissionDenied):
        start_delete(team=team, user=bob, reference=NAME, enqueue=False)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (DeletionTarget(NAME, digest="sha256:short"), InvalidDigest),
        (DeletionTarget(Reference.parse(f"{NAME}@{DIGEST}")), InvalidReference),
    ],
)
def test_a_bad_target_deletes_none_of_them(team, alice, target, error):
    targets = [DeletionTarget(NAME.with_tag("2")), target]

    with pytest.raises(error):
        start_deletes(team=team, user=alice, targets=targets, enqueue=False)
    assert not Transfer.objects.exists()


def test_a_deletion_needs_a_credential_that_may_push(team, alice, registry):
    reader = add_credential(registry, "reader", "x", can_push=False)
    with pytest.raises(CredentialUnusable):
        start_delete(team=team, user=alice, reference=NAME, credential=reader, enqueue=False)

    pusher = add_credential(registry, "pusher", "x")

    row = start_delete(team=team, user=alice, reference=NAME, enqueue=False)
    assert (row.target_credential, row.needs_target_credential) == (pusher, True)
    assert row.source_credential is None
