"""Referrers that the source tells by the distribution spec's API: the source is this program's own registry, asked over HTTP."""

import json
from types import SimpleNamespace

import pytest
import requests

from registry_ui.registries.models import Registry
from registry_ui.registries.this_server import this_host
from tests.parts.images import OCI_INDEX, BuiltManifest, build_image, digest_of, push
from tests.parts.web_server import WebServer
from tests.serving.calls import secret_of
from transfers.models import State

from ..conftest import add_credential
from .conftest import registry_row
from .outcomes import outcome
from .test_referring import refer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served(manage, settings, tmp_path, team, alice):
    """The web process, as a registry that the mirror knows by another name than the process itself: so nothing is short-cut."""
    server = WebServer(tmp_path)
    settings.URL = server.url
    server.start()
    session = requests.Session()
    session.trust_env = False
    session.auth = ("alice", secret_of(alice))
    yield SimpleNamespace(
        host=f"localhost:{server.port}",
        url=server.url,
        session=lambda: session,
        password=session.auth[1],
        scheme="http",
    )
    server.stop()


def push_signed(served, name: str) -> tuple[BuiltManifest, str]:
    """An image as `name:1.0`, and the digest of what refers to it."""
    image = build_image(layers=1, layer_size=600)
    push(served, image, name, "1.0")
    signature = build_image(layers=1, layer_size=60)
    push(served, signature, name, "scratch")
    document = json.dumps({**json.loads(signature.content), "subject": image.descriptor()}).encode()
    digest = digest_of(document)
    put = served.session().put(
        f"{served.url}/v2/{name}/manifests/{digest}",
        data=document,
        headers={"Content-Type": signature.media_type},
        timeout=30,
    )
    assert put.headers["OCI-Subject"] == image.digest
    return image, digest


def test_what_the_api_lists_comes_along_and_is_found_by_clients_without_it(
    served, team, second_registry, make_mirror, run_mirror
):
    name = f"{team.slug}/signed"
    image, signature = push_signed(served, name)
    source = registry_row(team, served.host, "Ours, from outside")
    assert Registry.objects.filter(pk=source.pk).update(provider="private") == 1
    add_credential(source, "alice", served.password)
    mirror = make_mirror(name, source=served, selection={"tags": ["1.0"]}, referrers=True)

    run = run_mirror(mirror)

    assert run.state == State.SUCCEEDED, run.error
    assert second_registry.digest_of(name, "1.0") == image.digest
    assert second_registry.digest_of(name, signature) == signature
    tag = image.digest.replace(":", "-")
    listed = second_registry.session().get(
        f"{second_registry.url}/v2/{name}/manifests/{tag}",
        headers={"Accept": OCI_INDEX},
        timeout=30,
    )
    assert [entry["digest"] for entry in listed.json()["manifests"]] == [signature]


def test_this_server_itself_is_mirrored_with_what_refers_to_its_images(
    served, team, own_registry, make_mirror, run_mirror
):
    name = f"{team.slug}/signed"
    image, signature = push_signed(served, name)
    here = registry_row(team, this_host(), "This server")
    mirror = make_mirror(name, source=here, target=own_registry, selection={"match": r"1\..*"})

    run = run_mirror(mirror)

    assert run.error is None
    assert outcome(run) == {"1.0": "new done", signature: "new done"}
    assert own_registry.digest_of(name, "1.0") == image.digest
    assert own_registry.digest_of(name, signature) == signature
    assert set(outcome(run_mirror(mirror)).values()) == {"same done"}


def test_what_refers_to_an_image_comes_to_this_server_too(
    served, team, second_registry, image_factory, make_mirror, run_mirror
):
    image = image_factory(second_registry, second_registry.new_repository(), "1.0", layer_size=2000)
    signature = refer(second_registry, image, "signed")
    here = registry_row(team, this_host(), "This server")
    mirror = make_mirror(
        image.repository,
        source=second_registry,
        target=here,
        naming={"kind": "prefix", "prefix": team.slug},
        selection={"tags": ["1.0"]},
    )

    run = run_mirror(mirror)

    assert run.error is None
    name = f"{team.slug}/{image.repository}"
    listed = served.session().get(f"{served.url}/v2/{name}/referrers/{image.digest}", timeout=30)
    assert [entry["digest"] for entry in listed.json()["manifests"]] == [signature]
    assert set(outcome(run_mirror(mirror)).values()) == {"same done"}
