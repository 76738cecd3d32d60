"""Pushes to a registry that refuses or damages the image, which leave the local image unchanged."""

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.web.errors import describe
from tests.parts.images import digest_of
from tests.parts.scripted_server import Reply
from transfers.models import State

from .conftest import check_every_blob_hashes_to_its_name
from .scripted_registry import check_error
from .scripts import HTML, REPOSITORY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def local(team, pull, registry, add_registry, image_factory):
    """Return a local image."""
    add_registry(team, registry)
    image = image_factory(registry)
    assert pull(image.reference).state == State.SUCCEEDED
    return image


PUSH_FAULTS = {
    "no upload begins": (("POST", ".*/uploads/", Reply(500)), "ServerFailed"),
    "an upload without a place": (("POST", ".*/uploads/", Reply(202)), "ResponseError"),
    "a web page": (("GET", "/v2/", HTML), "NotARegistry"),
    "no right to push": (("POST", ".*/uploads/", Reply(403)), "Denied"),
    "no such project": (("POST", ".*/uploads/", Reply(404)), "RepositoryUnknown"),
    "too large": (("PUT", "/upload/1.*", Reply(413, unread=True)), "ResponseError"),
    "it stores something else": (
        ("PUT", "/upload/1.*", Reply(201, headers={"Docker-Content-Digest": digest_of(b"other")})),
        "ContentMismatch",
    ),
    "no manifest is taken": (("PUT", ".*/manifests/.*", Reply(400)), "ResponseError"),
    "an immutable tag": (
        (
            "PUT",
            ".*/manifests/.*",
            Reply(412, body=b'{"errors":[{"code":"PRECONDITION","message":"tag is immutable"}]}'),
        ),
        "Denied",
    ),
}


@pytest.mark.parametrize("case", PUSH_FAULTS)
def test_a_push_that_fails_says_why_and_leaves_the_local_image_alone(
    alice, local, publish, faulty_registry, short_limits, client_for, images_directory, case, pull
):
    fault, kind = PUSH_FAULTS[case]
    accept_uploads(faulty_registry.server)
    faulty_registry.server.on(*fault)

    transfer = publish(local.reference, f"{faulty_registry.host}/{REPOSITORY}:2.0")

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, kind)
    assert faulty_registry.host in str(describe(transfer.error))
    check_error(transfer, client_for(alice))
    check_every_blob_hashes_to_its_name(images_directory)
    assert str(LocalImage.objects.get(repository=local.repository).digest) == local.digest
    assert pull(local.reference).state == State.SUCCEEDED


def accept_uploads(server):
    """Let the registry accept every upload and store nothing."""
    server.on("POST", ".*/uploads/", Reply(202, headers={"Location": "/upload/1"}))
    server.on("PUT", "/upload/1.*", Reply(201))
    server.on("DELETE", "/upload/1.*", Reply(204))
    server.on("PUT", ".*/manifests/.*", Reply(201))
