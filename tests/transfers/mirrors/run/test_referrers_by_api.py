"""Referrers of the distribution spec's API.

The source is the built-in registry, which has the API.
"""

import json
from types import SimpleNamespace

import pytest
import requests

from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.registries.models import Registry
from tests.parts.images import OCI_INDEX, BuiltManifest, build_image, digest_of, push
from tests.parts.web_server import WebServer
from tests.serving.client import secret_of
from transfers.models import State

from ...conftest import add_credential
from ..conftest import registry_row
from ..outcomes import outcome
from .test_referrers import refer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served(manage, settings, tmp_path, team, alice):
    """Start the web process as a registry that the mirror knows by another name."""
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
    """Push an image as `name:1.0`, and return the digest of its referrer."""
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


def test_referrers_of_the_api_are_copied_with_a_fallback_tag(
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


def test_the_builtin_registry_is_mirrored_with_its_referrers(
    served, team, own_registry, make_mirror, run_mirror
):
    name = f"{team.slug}/signed"
    image, signature = push_signed(served, name)
    builtin = registry_row(team, builtin_registry_host(), "Built-in registry")
    mirror = make_mirror(name, source=builtin, target=own_registry, selection={"match": r"1\..*"})

    run = run_mirror(mirror)

    assert run.error is None
    assert outcome(run) == {"1.0": "new done", signature: "new done"}
    assert own_registry.digest_of(name, "1.0") == image.digest
    assert own_registry.digest_of(name, signature) == signature
    assert set(outcome(run_mirror(mirror)).values()) == {"up_to_date done"}


def test_referrers_are_copied_to_the_builtin_registry(
    served, team, second_registry, image_factory, make_mirror, run_mirror
):
    image = image_factory(second_registry, second_registry.new_repository(), "1.0", layer_size=2000)
    signature = refer(second_registry, image, "signed")
    builtin = registry_row(team, builtin_registry_host(), "Built-in registry")
    mirror = make_mirror(
        image.repository,
        source=second_registry,
        target=builtin,
        naming={"kind": "prefix", "prefix": team.slug},
        selection={"tags": ["1.0"]},
    )

    run = run_mirror(mirror)

    assert run.error is None
    name = f"{team.slug}/{image.repository}"
    listed = served.session().get(f"{served.url}/v2/{name}/referrers/{image.digest}", timeout=30)
    assert [entry["digest"] for entry in listed.json()["manifests"]] == [signature]
    assert set(outcome(run_mirror(mirror)).values()) == {"up_to_date done"}
