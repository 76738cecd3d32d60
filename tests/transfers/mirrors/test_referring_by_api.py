"""Referrers that the source tells by the distribution spec's API: the source is this program's own registry, asked over HTTP."""

import json
from types import SimpleNamespace

import pytest
import requests

from registry_ui.registries.models import Registry
from tests.parts.images import OCI_INDEX, build_image, digest_of, push
from tests.parts.web_server import WebServer
from tests.serving.calls import secret_of
from transfers.models import State

from ..conftest import add_credential
from .conftest import registry_row

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
    yield SimpleNamespace(host=f"localhost:{server.port}", url=server.url, session=lambda: session, password=session.auth[1], scheme="http")
    server.stop()


def test_what_the_api_lists_comes_along_and_is_found_by_clients_without_it(served, team, second_registry, make_mirror, run_mirror):
    name = f"{team.slug}/signed"
    image = build_image(layers=1, layer_size=600)
    push(served, image, name, "1.0")
    signature = build_image(layers=1, layer_size=60)
    push(served, signature, name, "scratch")
    document = json.dumps({**json.loads(signature.content), "subject": image.descriptor()}).encode()
    put = served.session().put(
        f"{served.url}/v2/{name}/manifests/{digest_of(document)}", data=document, headers={"Content-Type": signature.media_type}, timeout=30
    )
    assert put.headers["OCI-Subject"] == image.digest
    source = registry_row(team, served.host, "Ours, from outside")
    assert Registry.objects.filter(pk=source.pk).update(provider="private") == 1
    add_credential(source, "alice", served.password)
    mirror = make_mirror(name, source=served, selection={"tags": ["1.0"]}, referrers=True)

    run = run_mirror(mirror)

    assert run.state == State.SUCCEEDED, run.error
    assert second_registry.digest_of(name, "1.0") == image.digest
    assert second_registry.digest_of(name, digest_of(document)) == digest_of(document)
    tag = image.digest.replace(":", "-")
    listed = second_registry.session().get(f"{second_registry.url}/v2/{name}/manifests/{tag}", headers={"Accept": OCI_INDEX}, timeout=30)
    assert [entry["digest"] for entry in listed.json()["manifests"]] == [digest_of(document)]
